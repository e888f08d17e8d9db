import { runInDurableObject } from 'cloudflare:test'
import fc from 'fast-check'
import { beforeEach, describe, expect, it } from 'vitest'
import { ownerOf } from '../../src/ledger/owner.ts'
import { RecentChanges } from '../../src/ledger/recent-changes.ts'
import { testEnv } from '../support/bindings.ts'
import { advance, callLedger, newAttempt, stopClock } from './support.ts'

const env = testEnv()
const feed = () => ownerOf('feed', crypto.randomUUID())

beforeEach(stopClock)

type Feed = ReturnType<typeof feed>

const announce = async (owner: Feed, attempt: string, id = 'a'): Promise<boolean> =>
  (await callLedger(env, owner, 'announceChange', { attempt, id })).announced
const settle = async (owner: Feed, attempt: string, changed = true, id = 'a'): Promise<boolean> =>
  (await callLedger(env, owner, 'settleChange', { attempt, id, changed })).alone
const tagOf = async (owner: Feed, id = 'a'): Promise<string | null | undefined> =>
  (await callLedger(env, owner, 'changeTags', { ids: [id, 'other'], head: null })).tags[id]

const ask = (owner: Feed, ids: readonly string[], head: string | null = null) =>
  callLedger(env, owner, 'changeTags', { ids, head })
const change = async (owner: Feed, attempt: string, id: string): Promise<void> => {
  await announce(owner, attempt, id)
  await settle(owner, attempt, true, id)
}

/** Has more values change than are told at once, as clients do that change themselves. */
const strangersChange = (owner: Feed, many = 1000) =>
  runInDurableObject(env.LEDGER.getByName(owner), (_ledger, { storage }) => {
    storage.sql.exec(
      `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?)
       INSERT INTO changes (id, tag, until_ms, attempt, expires) SELECT 'n' || i, 'tag', 0, 'a', ? FROM n`,
      many,
      Math.floor(Date.now() / 1000) + 4 * DAY,
    )
  })

/** Ends the feed's object, which starts again from what is stored. */
const evict = async (owner: Feed): Promise<void> => {
  const stub = env.LEDGER.getByName(owner)
  await runInDurableObject(stub, (_ledger, state) => state.abort()).catch(() => undefined)
}

const DAY = 86_400

describe('changes of values with copies', () => {
  it('are told by a new tag, and by none while they are open', async () => {
    const owner = feed()
    const nothing = { epoch: '', head: '.0', told: 'all', tags: {} }
    expect(await callLedger(env, owner, 'changeTags', { ids: ['a'], head: null })).toEqual(nothing)
    expect(await announce(owner, 'first')).toBe(true)
    expect(await tagOf(owner)).toBeNull()
    expect([await settle(owner, 'first'), await settle(owner, 'first')]).toEqual([true, true])
    expect(await tagOf(owner)).toBe('first')
    await announce(owner, 'refused')
    expect([await settle(owner, 'refused', false), await tagOf(owner)]).toEqual([true, 'first'])
  })

  it('at the same time leave a tag that no copy has', async () => {
    const owner = feed()
    for (const attempt of ['one', 'two']) await announce(owner, attempt)
    expect([await settle(owner, 'two'), await tagOf(owner)]).toEqual([false, null])
    expect([await settle(owner, 'one'), await tagOf(owner)]).toEqual([false, 'one+'])
    expect(await settle(owner, 'one')).toBe(false)
  })

  it('that nobody settles count as made when they can no longer happen', async () => {
    const owner = feed()
    await announce(owner, 'lost')
    advance(119)
    expect(await tagOf(owner)).toBeNull()
    advance(1)
    expect(await tagOf(owner)).toBe('lost?')
    expect([await settle(owner, 'lost'), await tagOf(owner)]).toEqual([false, 'lost?'])
  })

  it('that nobody settles end in time also while other values go on to change', async () => {
    const owner = feed()
    await announce(owner, 'lost')
    for (const attempt of ['b-1', 'b-2', 'b-3']) {
      await announce(owner, attempt, 'b')
      await settle(owner, attempt, true, 'b')
      expect(await tagOf(owner, 'b')).toBe(attempt)
      advance(115)
    }
    expect(await tagOf(owner)).toBe('lost?')
    // One that is still open when another is closed ends in its time too.
    await announce(owner, 'lost', 'c')
    advance(60)
    await announce(owner, 'later', 'd')
    advance(60)
    expect([await tagOf(owner, 'c'), await tagOf(owner, 'd')]).toEqual(['lost?', null])
    await announce(owner, 'open', 'e')
    advance(60)
    expect([await tagOf(owner, 'd'), await tagOf(owner, 'e')]).toEqual(['later?', null])
  })

  it('are refused when 64 of one value are open, and repeated without effect', async () => {
    const owner = feed()
    for (let open = 0; open < 64; open += 1) expect(await announce(owner, `open-${open}`)).toBe(true)
    expect([await announce(owner, 'more'), await announce(owner, 'open-3')]).toEqual([false, true])
    expect(await announce(owner, 'more', 'b')).toBe(true)
    advance(120)
    expect(await announce(owner, 'more')).toBe(true)
  })

  it('begin a new epoch when they were made by other means', async () => {
    const owner = feed()
    await callLedger(env, owner, 'renewEpoch', { attempt: 'restored' })
    expect(await callLedger(env, owner, 'changeTags', { ids: ['a', ''], head: null })).toEqual({
      epoch: 'restored',
      head: 'restored.1',
      told: 'all',
      tags: {},
    })
    expect(await callLedger(env, owner, 'announceChange', { attempt: 'x', id: 'a' })).toEqual({
      announced: true,
      epoch: 'restored',
    })
  })

  it('are told all at once while they are few, then those that are asked for; nothing if nothing happened', async () => {
    const owner = feed()
    for (const id of ['a', 'b']) await announce(owner, 'one', id)
    const { head, ...all } = await ask(owner, [])
    expect(all).toEqual({ epoch: '', told: 'all', tags: { a: null, b: null } })
    expect(await ask(owner, [], head)).toEqual({ epoch: '', head, told: 'same', tags: {} })
    await settle(owner, 'one')
    expect(await ask(owner, [])).toMatchObject({ told: 'all', tags: { a: 'one', b: null } })
    await strangersChange(owner)
    const few = await ask(owner, ['a', 'n7', 'unknown'])
    expect([few.told, few.tags]).toEqual(['some', { a: 'one', n7: 'tag' }])
    advance(120)
    const over = await ask(owner, ['b'])
    expect([over.told, over.tags]).toEqual(['some', { b: 'one?' }])
    expect((await ask(owner, [], over.head)).told).toBe('same')
  })

  it('are told to whoever asked before as what is new and what is asked, however many others there are', async () => {
    const owner = feed()
    await change(owner, 'one', 'a')
    await strangersChange(owner)
    const { head } = await ask(owner, ['a'])
    await change(owner, 'two', 'a')
    await announce(owner, 'open', 'c')
    expect(await ask(owner, ['n7', 'quiet'], head)).toMatchObject({
      told: 'since',
      tags: { a: 'two', c: null, n7: 'tag' },
    })
    // What nobody settles is news too, once it is over.
    const later = await ask(owner, [], head)
    advance(120)
    expect(await ask(owner, [], later.head)).toMatchObject({ told: 'since', tags: { c: 'open?' } })
  })

  it('are told anew to whoever asked before a restart of the feed, of a new epoch, or of another feed', async () => {
    const owner = feed()
    await change(owner, 'one', 'a')
    const { head } = await ask(owner, [])
    await evict(owner)
    expect((await ask(owner, [], head)).told).toBe('same')
    await change(owner, 'two', 'b')
    expect(await ask(owner, [], head)).toMatchObject({ told: 'since', tags: { b: 'two' } })
    await evict(owner)
    expect(await ask(owner, [], head)).toMatchObject({ told: 'all', tags: { a: 'one', b: 'two' } })
    for (const foreign of ['.99', 'other.1', '.-1', '.x', '']) {
      expect((await ask(owner, [], foreign)).told).toBe('all')
    }
    const before = await ask(owner, [])
    await callLedger(env, owner, 'renewEpoch', { attempt: 'restored' })
    expect(await ask(owner, [], before.head)).toMatchObject({ epoch: 'restored', told: 'all' })
  })

  it('more than 1,000 at once, or long ago, are not named one by one', async () => {
    const owner = feed()
    await change(owner, 'one', 'a')
    const { head } = await ask(owner, [])
    const run = (from: number, to: number) =>
      runInDurableObject(env.LEDGER.getByName(owner), (ledger) => {
        for (let at = from; at < to; at += 1) {
          const id = `n${at}`
          ledger.run('announceChange', { attempt: id, id }, 1)
          ledger.run('settleChange', { attempt: id, id, changed: true }, 1)
        }
      })
    await run(0, 1000)
    const thousand = await ask(owner, ['a'], head)
    expect([thousand.told, Object.keys(thousand.tags).length]).toEqual(['since', 1001])
    await run(1000, 1001)
    expect(await ask(owner, ['a'], head)).toMatchObject({ told: 'some', tags: { a: 'one' } })
    expect(await ask(owner, [], thousand.head)).toMatchObject({ told: 'since', tags: { n1000: 'n1000' } })
    await run(1001, 2100)
    expect((await ask(owner, ['a'], thousand.head)).told).toBe('some')
  })

  it('of one value over and over do not keep from anybody what else is new', async () => {
    const owner = feed()
    await change(owner, 'one', 'a')
    await strangersChange(owner)
    const { head } = await ask(owner, [])
    await change(owner, 'two', 'b')
    await runInDurableObject(env.LEDGER.getByName(owner), (ledger) => {
      for (let at = 0; at < 2500; at += 1) {
        ledger.run('announceChange', { attempt: `loud-${at}`, id: 'loud' }, 1)
        ledger.run('settleChange', { attempt: `loud-${at}`, id: 'loud', changed: true }, 1)
      }
    })
    expect(await ask(owner, [], head)).toMatchObject({ told: 'since', tags: { b: 'two', loud: 'loud-2499' } })
  })

  it('are asked for without making anything, and are forgotten after four days, in batches', async () => {
    const owner = feed()
    await tagOf(owner)
    const stub = env.LEDGER.getByName(owner)
    const state = () =>
      runInDurableObject(stub, async (_ledger, { storage }) => {
        const made = storage.sql.exec("SELECT 1 FROM sqlite_master WHERE name = 'changes'").toArray().length
        const sql =
          made > 0 ? storage.sql.exec<{ n: number }>('SELECT count(*) AS n FROM changes') : undefined
        const alarm = await storage.getAlarm()
        return { rows: sql?.one().n, alarm: alarm === null ? null : alarm - Date.now() }
      })
    const run = () => runInDurableObject(stub, (ledger) => ledger.alarm())
    await run()
    expect(await state()).toEqual({ rows: undefined, alarm: null })
    const hour = 3_600_000
    await change(owner, 'first', 'a')
    advance(2 * DAY)
    await change(owner, 'second', 'b')
    await announce(owner, 'lost', 'c')
    const { head } = await ask(owner, [])
    expect(await state()).toEqual({ rows: 4, alarm: 2 * DAY * 1000 + hour })
    advance(2 * DAY + 3600)
    await run()
    expect(await ask(owner, [])).toMatchObject({ told: 'all', tags: { b: 'second', c: 'lost?' } })
    expect(await state()).toEqual({ rows: 3, alarm: 2 * DAY * 1000 })
    // Forgetting is no news for whoever asked before.
    expect((await ask(owner, [], head)).tags).toEqual({ c: 'lost?' })
    await strangersChange(owner, 3000)
    advance(4 * DAY)
    await run()
    expect(await state()).toMatchObject({ alarm: 0 })
    await run()
    // The row of all values stays: a head is never used twice.
    expect(await state()).toEqual({ rows: 1, alarm: null })
    await change(owner, 'third', 'a')
    expect(Number((await ask(owner, [])).head.slice(1))).toBeGreaterThan(Number(head.slice(1)))
  })
})

it('remembers the last values that changed, and no more of them', () => {
  const recent = new RecentChanges()
  expect(recent.since(0)).toBeUndefined()
  for (let head = 1; head <= 9000; head += 1) recent.note({ head, id: head % 2 === 0 ? 'loud' : `n${head}` })
  expect(recent.since(0)).toBeUndefined()
  expect(recent.since(8000)?.size).toBe(501)
  expect(recent.since(8996)).toEqual(new Set(['n8997', 'n8999', 'loud']))
  expect(recent.since(9000)).toEqual(new Set())
  const oldest = Array.from({ length: 9000 }, (_, head) => head).find((head) => recent.since(head))
  expect(recent.since(oldest ?? 0)?.size).toBeGreaterThan(2000)
  expect(recent.since(oldest ?? 0)?.size).toBeLessThanOrEqual(4096)
})

type Step =
  | { readonly do: 'announce' }
  | { readonly do: 'settle'; readonly which: number; readonly changed: boolean }
  | { readonly do: 'wait'; readonly seconds: number }

it('never tells the same tag for two values, whatever is announced, settled or lost in whatever order', async () => {
  const step: fc.Arbitrary<Step> = fc.oneof(
    { weight: 3, arbitrary: fc.record({ do: fc.constant('announce' as const) }) },
    {
      weight: 4,
      arbitrary: fc.record({
        do: fc.constant('settle' as const),
        which: fc.nat(3),
        changed: fc.boolean(),
      }),
    },
    {
      weight: 1,
      arbitrary: fc.record({ do: fc.constant('wait' as const), seconds: fc.constantFrom(1, 119, 120) }),
    },
  )
  const run = fc.asyncProperty(fc.array(step, { maxLength: 20 }), async (steps) => {
    const owner = feed()
    // What a write does to the value happens some time between its announcement and its settlement, or its end.
    const under = new Map<string, number>()
    let value = 0
    const told = new Map<string, number>()
    for (const next of steps) {
      if (next.do === 'wait') advance(next.seconds)
      else if (next.do === 'announce') {
        const attempt = newAttempt()
        if (await announce(owner, attempt)) under.set(attempt, Date.now() + 120_000)
      } else {
        const attempt = [...under.keys()][next.which]
        if (attempt === undefined) continue
        const ends = under.get(attempt) ?? 0
        under.delete(attempt)
        if (next.changed && Date.now() < ends) value += 1
        await settle(owner, attempt, next.changed)
      }
      const tag = await tagOf(owner)
      // What can still happen may happen now.
      const open = [...under.values()].some((ends) => Date.now() < ends)
      if (open) expect(tag).toBeNull()
      if (typeof tag !== 'string') continue
      for (const [attempt] of under) {
        value += 1
        under.delete(attempt)
      }
      expect(told.get(tag) ?? value).toBe(value)
      told.set(tag, value)
    }
  })
  await fc.assert(run, { numRuns: 40 })
})
