import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { bookedUntil, outlives } from '../../src/store/book-ends.ts'
import { type BookedEnds, type BookedEvent, GrantsBook } from '../../src/store/grants-book.ts'
import { type Seconds, seconds } from '../../src/util/clock.ts'
import { clientIdOf } from '../../src/util/ids.ts'
import { aroundD1, testEnv } from '../support/bindings.ts'
import { countRows } from '../support/d1-rows.ts'
import { withOutage } from '../support/outage.ts'

const env = testEnv()
const { d1, rows: spent } = countRows(env.DB)
const hash = async (subject: string): Promise<string> => `hash-of-${subject.length}`
const book = new GrantsBook(d1, true, hash)

const DAY = 86_400
const NOW = 1_800_000_000

const grant = (over: Partial<BookedEvent> = {}): BookedEvent => ({
  ...{ subject: 'alice', clientId: clientIdOf('app'), scope: ['openid', 'offline'] },
  ...{ grantedAt: seconds(NOW), expiresAt: seconds(NOW + 30 * DAY), ...ALONE },
  ...over,
})

const end = (at: number, clients: readonly string[] | null = null, on = book, where: Where = ALONE) =>
  on.end({ subject: 'alice', at: seconds(at), clients: clients?.map(clientIdOf) ?? null, ...where })

type Where = Pick<BookedEnds, 'jurisdiction' | 'jurisdictions'>
const ALONE: Where = { jurisdiction: 'none', jurisdictions: ['none'] }

/** The same with ledgers in two jurisdictions. */
const BOTH: BookedEvent['jurisdictions'] = ['eu', 'none']
const inUnion = (over: Partial<BookedEvent> = {}): BookedEvent =>
  grant({ jurisdiction: 'eu', jurisdictions: BOTH, ...over })
const outside = (over: Partial<BookedEvent> = {}): BookedEvent => grant({ jurisdictions: BOTH, ...over })
const endIn = (jurisdiction: 'none' | 'eu', at: number) =>
  end(at, null, book, { jurisdiction, jurisdictions: BOTH })

interface Row {
  readonly subject: string
  readonly client_id: string
  readonly granted_at: number
  readonly last_granted_at: number
  readonly expires_at: number | null
  readonly ended_at: number | null
  readonly last_writes: string
}

async function stored(): Promise<readonly Row[]> {
  const { results } = await env.DB.prepare('SELECT * FROM grants_book ORDER BY subject, client_id').all<Row>()
  return results
}

/** What one operation costs in rows of D1. */
async function cost(operation: () => Promise<unknown>): Promise<{ written: number; read: number }> {
  const before = { ...spent }
  await operation()
  return { written: spent.written - before.written, read: spent.read - before.read }
}

/** A D1 that takes the first write, and of which the answer fails once something else has happened. */
function losingOneAnswer(between: () => Promise<void>): D1Database {
  let isLost = false
  return aroundD1(env.DB, async (_method, call) => {
    const answer = await call()
    if (isLost) return answer
    isLost = true
    await between()
    throw new Error('the answer was lost')
  })
}

/** Puts many rows into the book, of subjects s00000000, s00000001, …; every nth of them has expired. */
const fill = (count: number, every: number, client = 'app') =>
  env.DB.prepare(
    `WITH RECURSIVE numbers(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM numbers WHERE n < ?1 - 1)
     INSERT INTO grants_book (subject, client_id, scope, granted_at, last_granted_at, expires_at)
     SELECT printf('s%08d', n), ?4, '[]', 1, 1, CASE WHEN n % ?2 = 0 THEN ?3 END FROM numbers`,
  )
    .bind(count, every, NOW, client)
    .run()

beforeEach(async () => {
  await env.DB.batch(
    ['grants_book', 'grants', 'upkeep'].map((table) => env.DB.prepare(`DELETE FROM ${table}`)),
  )
})
afterEach(() => {
  vi.restoreAllMocks()
})

describe('the grants book', () => {
  it('has one row for each subject and client: a new one costs two written rows, a known one costs one', async () => {
    expect(await cost(() => book.record(grant()))).toMatchObject({ written: 2 })
    const again = grant({
      grantedAt: seconds(NOW + DAY),
      scope: ['openid'],
      expiresAt: seconds(NOW + 31 * DAY),
    })
    expect(await cost(() => book.record(again))).toMatchObject({ written: 1 })
    expect(await cost(() => book.record(grant({ clientId: clientIdOf('other') })))).toMatchObject({
      written: 2,
    })
    expect(await stored()).toMatchObject([
      { client_id: 'app', scope: '["openid"]', granted_at: NOW, last_granted_at: NOW + DAY, ended_at: null },
      { client_id: 'other' },
    ])
  })

  it('is not set back by a grant that arrives late', async () => {
    await book.record(grant({ grantedAt: seconds(NOW + 10) }))
    await book.record(grant({ scope: [] }))
    expect(await stored()).toMatchObject([{ scope: '["openid","offline"]', last_granted_at: NOW + 10 }])
  })

  it('keeps the later end, unless the consent that was for ever no longer is', async () => {
    const ends = async () => (await stored())[0]?.expires_at
    const far = seconds(NOW + 900 * DAY)
    await book.record(grant({ expiresAt: far }))
    await book.record(grant())
    expect(await ends()).toBe(bookedUntil(grant({ expiresAt: far })))
    await book.record(grant({ expiresAt: null }))
    expect(await ends()).toBeNull()
    await book.record(grant())
    expect(await ends()).toBe(bookedUntil(grant()))
  })

  it('marks what ended, of one client or all, but not what stands or came since', async () => {
    for (const clientId of ['a', 'b', 'c'].map(clientIdOf))
      await book.record(grant({ clientId, expiresAt: null }))
    await book.record(grant({ clientId: clientIdOf('d'), grantedAt: seconds(NOW + 100) }))
    expect(await cost(() => end(NOW + 10, ['a', 'unknown']))).toMatchObject({ written: 1 })
    expect(await cost(() => end(NOW + 20, ['a', 'b', 'd']))).toMatchObject({ written: 1 })
    expect(await cost(() => end(NOW + 30, ['b']))).toMatchObject({ written: 0 })
    expect((await stored()).map((row) => [row.client_id, row.ended_at, row.expires_at])).toEqual([
      ['a', NOW + 10, NOW + 10 + 90 * DAY],
      ['b', NOW + 20, NOW + 20 + 90 * DAY],
      ['c', null, null],
      ['d', null, expect.any(Number)],
    ])
    expect(await cost(() => end(NOW + 40))).toMatchObject({ written: 1 })
    expect((await stored()).filter((row) => row.ended_at === null)).toMatchObject([{ client_id: 'd' }])
  })

  it('takes a row up again for what is granted or alive after its end, and not for what was before', async () => {
    const ended = async () => (await stored())[0]?.ended_at
    await book.record(grant())
    await end(NOW + 10)
    await book.record(grant({ grantedAt: seconds(NOW + 5) }))
    await book.renew(grant(), seconds(NOW + 5))
    expect(await ended()).toBe(NOW + 10)
    await book.renew(grant(), seconds(NOW + 15))
    expect(await ended()).toBeNull()
    await end(NOW + 20)
    await book.record(grant({ grantedAt: seconds(NOW + 25) }))
    expect(await ended()).toBeNull()
  })

  it('is renewed by tokens that live on, at no cost where it says so already, and heals a row that was lost', async () => {
    const later = grant({ expiresAt: seconds(NOW + 200 * DAY) })
    await book.record(grant())
    expect(await cost(() => book.renew(later, seconds(NOW + 170 * DAY)))).toMatchObject({ written: 1 })
    expect(await cost(() => book.renew(later, seconds(NOW + 170 * DAY)))).toMatchObject({ written: 0 })
    expect(await stored()).toMatchObject([{ expires_at: bookedUntil(later), last_granted_at: NOW }])
    await env.DB.exec('DELETE FROM grants_book')
    expect(await cost(() => book.renew(later, seconds(NOW + 170 * DAY)))).toMatchObject({ written: 2 })
  })

  it('is not marked by the ledger of one jurisdiction while that of another has something', async () => {
    await book.record(grant({ expiresAt: null }))
    await book.record(inUnion({ expiresAt: null, grantedAt: seconds(NOW + 1) }))
    expect(await cost(() => endIn('none', NOW + 10))).toMatchObject({ written: 1 })
    expect(await stored()).toMatchObject([{ ended_at: null, expires_at: null }])
    expect(await cost(() => endIn('none', NOW + 11))).toMatchObject({ written: 0 })
    expect(await cost(() => endIn('eu', NOW + 12))).toMatchObject({ written: 1 })
    expect(await stored()).toMatchObject([{ ended_at: NOW + 12, expires_at: null }])
  })

  it.each<[string, number, () => Promise<void>]>([
    ['an older grant', 10, () => book.record(inUnion({ scope: [], expiresAt: null }))],
    ['an older grant, after the end', 1, () => book.record(inUnion({ scope: [], expiresAt: null }))],
    ['an older sign of life, after the end', 1, () => book.renew(inUnion({ expiresAt: null }), seconds(NOW))],
  ])('is not marked where %s in another jurisdiction came late', async (_what, end, arrive) => {
    await book.record(outside({ grantedAt: seconds(NOW + 1) }))
    if (end === 1) await endIn('none', NOW + 5)
    await arrive()
    await endIn('none', NOW + 10)
    expect(await stored()).toMatchObject([
      { ended_at: null, expires_at: null, scope: '["openid","offline"]', last_granted_at: NOW + 1 },
    ])
    await endIn('eu', NOW + 11)
    expect(await stored()).toMatchObject([{ ended_at: NOW + 11 }])
  })

  it('is taken up again by a newer grant elsewhere that was before its end', async () => {
    await book.record(outside())
    await endIn('none', NOW + 5)
    await book.record(outside({ grantedAt: seconds(NOW + 4) }))
    expect(await stored()).toMatchObject([{ ended_at: NOW + 5, last_granted_at: NOW }])
    await book.record(inUnion({ grantedAt: seconds(NOW + 4), scope: ['openid'] }))
    expect(await stored()).toMatchObject([{ ended_at: null, last_granted_at: NOW + 4, scope: '["openid"]' }])
  })

  it('stays as long as without an end where a write of another jurisdiction may be lost', async () => {
    await book.record(outside({ expiresAt: seconds(NOW + 900 * DAY) }))
    const before = (await stored())[0]?.expires_at
    await endIn('none', NOW + 5)
    expect(await stored()).toMatchObject([{ ended_at: NOW + 5, expires_at: before }])
  })

  it('keeps a consent for ever that may be of another jurisdiction', async () => {
    await book.record(outside({ expiresAt: null }))
    await book.record(inUnion({ grantedAt: seconds(NOW + 5) }))
    expect(await stored()).toMatchObject([{ expires_at: null }])
  })

  it.each([
    ['granted', () => book.record(inUnion({ grantedAt: seconds(NOW + 20) }))],
    ['renewed', () => book.renew(inUnion(), seconds(NOW + 20))],
  ])('that is %s in another jurisdiction after its end is there alone', async (_how, again) => {
    await book.record(grant())
    await endIn('none', NOW + 10)
    await again()
    await endIn('none', NOW + 30)
    expect(await stored()).toMatchObject([{ ended_at: null }])
    await endIn('eu', NOW + 30)
    expect(await stored()).toMatchObject([{ ended_at: NOW + 30 }])
  })

  it('learns from tokens that live on in which jurisdiction', async () => {
    await book.record(grant())
    expect(await cost(() => book.renew(inUnion(), seconds(NOW)))).toMatchObject({ written: 1 })
    expect(await cost(() => book.renew(inUnion(), seconds(NOW)))).toMatchObject({ written: 0 })
    await endIn('none', NOW + 10)
    expect(await stored()).toMatchObject([{ ended_at: null }])
  })

  it('counts a jurisdiction that settings no longer name as over', async () => {
    await book.record(grant())
    await book.record(inUnion())
    await end(NOW, null, book, { jurisdiction: 'eu', jurisdictions: ['eu', 'us'] })
    expect(await stored()).toMatchObject([{ ended_at: NOW }])
  })

  it.each([
    ['wrote', 'jurisdictions = NULL, jurisdictions_at = NULL'],
    ['wrote a later grant to', 'last_granted_at = last_granted_at + 5'],
  ])('does not know where a row is that 0.3.0 %s', async (_did, change) => {
    await book.record(grant())
    await env.DB.exec(`UPDATE grants_book SET ${change}`)
    await book.record(grant({ grantedAt: seconds(NOW + 6) }))
    await endIn('none', NOW + 10)
    expect(await stored()).toMatchObject([{ ended_at: null }])
    await end(NOW + 10)
    expect(await stored()).toMatchObject([{ ended_at: NOW + 10 }])
  })

  it.each<readonly [string, (on: GrantsBook) => Promise<void>, () => Promise<void>, ended: number | null]>([
    [
      'a grant in one of two jurisdictions, over in both',
      (on) => on.record(inUnion({ grantedAt: seconds(NOW + 1) })),
      async () => {
        await endIn('eu', NOW + 2)
        await endIn('none', NOW + 3)
      },
      NOW + 3,
    ],
    [
      'a sign of life in one of two jurisdictions, over in both',
      (on) => on.renew(inUnion(), seconds(NOW + 1)),
      async () => {
        await endIn('eu', NOW + 2)
        await endIn('none', NOW + 3)
      },
      NOW + 3,
    ],
    [
      'a grant in one of two jurisdictions, over there and granted elsewhere in between',
      (on) => on.record(inUnion({ grantedAt: seconds(NOW + 1) })),
      async () => {
        await endIn('eu', NOW + 2)
        await book.record(outside({ grantedAt: seconds(NOW + 3) }))
        await endIn('none', NOW + 4)
      },
      NOW + 4,
    ],
    [
      'a grant that was over in the same second',
      (on) => on.record(grant({ grantedAt: seconds(NOW + 1) })),
      () => end(NOW + 1),
      NOW + 1,
    ],
    [
      'an end before a grant of the same second',
      (on) => end(NOW + 1, null, on),
      () => book.record(grant({ grantedAt: seconds(NOW + 1) })),
      null,
    ],
  ])('takes %s, once, though its answer was lost', async (_what, write, between, ended) => {
    await book.record(outside())
    await write(new GrantsBook(losingOneAnswer(between), true, hash))
    expect(await stored()).toMatchObject([{ ended_at: ended }])
  })

  it('keeps the marks of its last writes, a few bytes a row', async () => {
    for (let n = 0; n < 9; n += 1) await book.record(grant({ grantedAt: seconds(NOW + n) }))
    expect(await stored()).toMatchObject([{ last_writes: expect.stringMatching(/^.{32}$/) }])
  })

  it('erases a subject by its key', async () => {
    await fill(1000, 2)
    for (const clientId of ['a', 'b'].map(clientIdOf)) await book.record(grant({ clientId }))
    await env.DB.exec("INSERT INTO grants VALUES ('g', 'alice', 'app', '[]', 1, NULL, NULL)")
    const { read } = await cost(() => book.erase('alice', seconds(NOW)))
    expect(read).toBeLessThan(20)
    expect((await stored()).some(({ subject }) => subject === 'alice')).toBe(false)
    expect((await env.DB.prepare('SELECT 1 FROM grants').all()).results).toEqual([])
  })

  it('refuses what was decided before a subject was erased, and nothing of later or of others', async () => {
    await book.erase('alice', seconds(NOW + 5))
    await book.erase('alice', seconds(NOW))
    await book.record(grant({ grantedAt: seconds(NOW + 5) }))
    await book.renew(grant(), seconds(NOW + 5))
    expect(await stored()).toEqual([])
    await book.record(grant({ subject: 'somebody', grantedAt: seconds(NOW) }))
    await book.record(grant({ grantedAt: seconds(NOW + 6) }))
    await book.renew(grant({ clientId: clientIdOf('other') }), seconds(NOW + 6))
    expect((await stored()).map((row) => `${row.subject} ${row.client_id}`)).toEqual([
      'alice app',
      'alice other',
      'somebody app',
    ])
  })

  it('forgets a day later that a subject was erased', async () => {
    const marks = async () =>
      (await env.DB.prepare("SELECT 1 FROM upkeep WHERE name LIKE 'subject_erased:%'").all()).results
    await book.erase('alice', seconds(NOW))
    await book.purge(seconds(NOW + 60))
    expect(await marks()).toHaveLength(1)
    await book.purge(seconds(NOW + DAY))
    expect(await marks()).toEqual([])
  })

  it('writes nothing when it is off', async () => {
    const off = new GrantsBook(env.DB, false, hash)
    await off.record(grant())
    await off.renew(grant(), seconds(NOW))
    await book.record(grant())
    await end(NOW, null, off)
    expect([off.isKept, await stored()]).toMatchObject([false, [{ ended_at: null }]])
  })

  it('gives up with one log line when D1 stays away, and throws nothing', async () => {
    const log = vi.spyOn(console, 'log').mockImplementation(() => undefined)
    const outage = withOutage(env)
    outage.down = true
    const away = new GrantsBook(outage.env.DB, true, hash)
    await away.record(grant())
    await away.renew(grant(), seconds(NOW))
    await end(NOW, null, away)
    expect(log).toHaveBeenCalledTimes(3)
    expect(String(log.mock.calls)).not.toContain('alice')
  })
})

describe('the end of a row', () => {
  const subjects = Array.from({ length: 300 }, (_, n) => `subject-${n}`)

  it('is never before that of any token, however a family is refreshed', () => {
    const wrong: unknown[] = []
    for (const subject of subjects.slice(0, 10)) {
      for (const [ttl, every] of [
        [30, 1],
        [30, 29],
        [7, 3],
        [400, 100],
      ] as const) {
        let now = NOW
        let before = seconds(now + ttl * DAY)
        let row = bookedUntil({ subject, expiresAt: before }) ?? 0
        let writes = 0
        for (; now < NOW + 3 * 365 * DAY; now += every * DAY) {
          const expiresAt = seconds(now + ttl * DAY)
          if (outlives({ subject, expiresAt }, before)) {
            row = Math.max(row, bookedUntil({ subject, expiresAt }) ?? 0)
            writes += 1
          }
          before = expiresAt
          if (row < expiresAt || row > expiresAt + 93 * DAY) wrong.push([subject, ttl, every, now])
        }
        expect(writes).toBeLessThanOrEqual((3 * 365) / 90 + 1)
      }
    }
    expect(wrong).toEqual([])
  })

  it('is another for each subject, so that families of one day are not renewed on one day', () => {
    const days = new Map<number, number>()
    for (const subject of subjects) {
      const day = Math.floor((bookedUntil({ subject, expiresAt: seconds(NOW) }) ?? 0) / DAY)
      days.set(day, (days.get(day) ?? 0) + 1)
    }
    expect(Math.max(...days.values())).toBeLessThan(20)
  })

  it.each<readonly [Seconds | null, Seconds | null, boolean]>([
    [null, null, false],
    [null, seconds(NOW), false],
    [seconds(NOW), null, true],
    [seconds(NOW), seconds(NOW), false],
  ])('before %s, now %s: to be told %s', (before, expiresAt, told) => {
    expect(outlives({ subject: 'alice', expiresAt }, before)).toBe(told)
  })
})

describe('lists of the book', () => {
  const ask = (subject: string | null, client: string | null, limit = 100) =>
    book.list({ subject, clientId: client === null ? null : clientIdOf(client) }, null, limit)

  it.each([
    ['a client', null, 'rare', 5],
    ['a subject', 's00000007', null, 2],
    ['both', 's00000007', 'rare', 0],
  ])('of %s read no other rows', async (_what, subject, client, found) => {
    await fill(3000, 2)
    for (const name of ['a', 'b', 'c', 'd', 'e'])
      await book.record(grant({ subject: name, clientId: clientIdOf('rare') }))
    await book.record(grant({ subject: 's00000007', clientId: clientIdOf('other') }))
    const { read } = await cost(async () => expect(await ask(subject, client)).toHaveLength(found))
    expect(read).toBeLessThan(40)
  })

  it.each([
    ['of everything', null, null, 25],
    ['of a client', null, 'app', 20],
    ['of a subject', 's00000003', null, 6],
  ])('%s have each row once, a page at a time', async (_what, subject, client, total) => {
    await fill(20, 2)
    for (const name of ['a', 'b', 'c', 'd', 'e'])
      await book.record(grant({ subject: 's00000003', clientId: clientIdOf(`other-${name}`) }))
    const filter = { subject, clientId: client === null ? null : clientIdOf(client) }
    const found: string[] = []
    for (let place: Awaited<ReturnType<typeof ask>>[number] | undefined; ; ) {
      const page = await book.list(filter, place ?? null, 3)
      found.push(...page.map((row) => `${row.subject} ${row.clientId}`))
      place = page.at(-1)
      if (page.length < 3) break
    }
    expect([found.length, new Set(found).size]).toEqual([total, total])
    expect(found).toEqual(found.toSorted())
  })
})

describe('the purge of the book', () => {
  const left = async () => (await stored()).length

  it('deletes what expired, and nothing else', async () => {
    await fill(10, 2)
    await book.record(grant())
    expect(await book.purge(seconds(NOW))).toBe(5)
    expect(await left()).toBe(6)
  })

  it('walks through the book once a day, in one query for each batch without expired rows', async () => {
    await fill(95, 1000)
    const { read } = await cost(() => book.purge(seconds(NOW), 10))
    expect(read).toBeGreaterThan(95)
    expect(await cost(() => book.purge(seconds(NOW + 60), 10))).toMatchObject({ written: 0, read: 2 })
    await fill(20, 1, 'later')
    expect(await book.purge(seconds(NOW + DAY), 10)).toBe(20)
  })

  it('goes on where it stopped, is through within a day of runs every 15 minutes, and spares the free plan', async () => {
    await fill(6000, 2)
    let runs = 0
    for (; (await left()) > 3000; runs += 1) {
      const started = spent.queries
      await book.purge(seconds(NOW + runs * 900), 20)
      expect(spent.queries - started).toBeLessThan(25)
    }
    expect(runs).toBeLessThan(96)
    expect((await stored()).every((row) => row.expires_at === null)).toBe(true)
  })

  it('keeps up with 500 logins a second: of a book so large, a run takes 450,000 rows in some hundred queries', async () => {
    const result = JSON.stringify({ day: '2020-01-01', after: null, seen: 500 * DAY, before: 0 })
    await env.DB.prepare("INSERT INTO upkeep VALUES ('grants_book', 1, 1, ?)").bind(result).run()
    const rows = 90_000
    await fill(rows, 1)
    const started = spent.queries
    expect(await book.purge(seconds(NOW))).toBe(rows)
    const steps = (spent.queries - started) / 2
    // A run may make 1,000 queries; the other tasks make some.
    expect(2 * steps * (450_000 / rows)).toBeLessThan(300)
  })

  it('makes no more queries in a run than an invocation may, and leaves the rest to the next', async () => {
    const result = JSON.stringify({ day: '2020-01-01', after: null, seen: 1e9, before: 0 })
    await env.DB.prepare("INSERT INTO upkeep VALUES ('grants_book', 1, 1, ?)").bind(result).run()
    await fill(5000, 1)
    const started = spent.queries
    expect(await book.purge(seconds(NOW), 10)).toBe(4000)
    expect(spent.queries - started).toBeLessThan(900)
    expect(await book.purge(seconds(NOW), 10)).toBe(1000)
  })

  it('begins anew where its note cannot be read, and tells of a database that is away', async () => {
    await fill(10, 1)
    await env.DB.exec(`INSERT INTO upkeep VALUES ('grants_book', 1, 1, '{"day":7}')`)
    expect(await book.purge(seconds(NOW))).toBe(10)
    const outage = withOutage(env)
    outage.down = true
    await expect(new GrantsBook(outage.env.DB, true, hash).purge(seconds(NOW))).rejects.toMatchObject({
      code: 'temporarily_unavailable',
    })
  })

  it('empties the table of the release before, too', async () => {
    await env.DB.exec(
      "INSERT INTO grants VALUES ('g', 'alice', 'app', '[]', 1, 5, NULL), ('h', 'alice', 'app', '[]', 1, NULL, NULL)",
    )
    expect(await book.purge(seconds(NOW))).toBe(1)
  })
})
