import { runInDurableObject } from 'cloudflare:test'
import fc from 'fast-check'
import { beforeEach, describe, expect, it } from 'vitest'
import { ownerOf } from '../../src/ledger/owner.ts'
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
    const ask = (ids: readonly string[], head: string | null = null) =>
      callLedger(env, owner, 'changeTags', { ids, head })
    for (const id of ['a', 'b']) await announce(owner, 'one', id)
    const { head, ...all } = await ask([])
    expect(all).toEqual({ epoch: '', told: 'all', tags: { a: null, b: null } })
    expect(await ask(['a'], head)).toEqual({ epoch: '', head, told: 'same', tags: {} })
    await settle(owner, 'one')
    expect(await ask([], head)).toMatchObject({ told: 'all', tags: { a: 'one', b: null } })
    await runInDurableObject(env.LEDGER.getByName(owner), (_ledger, { storage }) => {
      storage.sql.exec(
        `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000)
         INSERT INTO changes (id, tag, until_ms, attempt) SELECT 'n' || i, 'tag', 0, 'a' FROM n`,
      )
    })
    const few = await ask(['a', 'n7', 'unknown'])
    expect([few.told, few.tags]).toEqual(['some', { a: 'one', n7: 'tag' }])
    advance(120)
    const over = await ask(['b'], few.head)
    expect([over.told, over.tags]).toEqual(['some', { b: 'one?' }])
    expect((await ask(['b'], over.head)).told).toBe('same')
  })

  it('are asked for without making anything, and outlive the alarm', async () => {
    const owner = feed()
    await tagOf(owner)
    const stub = env.LEDGER.getByName(owner)
    const state = () =>
      runInDurableObject(stub, async (ledger, { storage }) => {
        await ledger.alarm()
        const tables = storage.sql.exec("SELECT name FROM sqlite_master WHERE name = 'changes'").toArray()
        return { tables: tables.length, alarm: await storage.getAlarm() }
      })
    expect(await state()).toEqual({ tables: 0, alarm: null })
    await announce(owner, 'kept')
    await settle(owner, 'kept')
    advance(400 * 86_400)
    expect(await state()).toEqual({ tables: 1, alarm: null })
    expect(await tagOf(owner)).toBe('kept')
  })
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
