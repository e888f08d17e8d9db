import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { GrantsBook } from '../../src/store/grants-book.ts'
import type { GrantsBookEntry } from '../../src/store/types.ts'
import { seconds } from '../../src/util/clock.ts'
import { clientIdOf, grantIdOf } from '../../src/util/ids.ts'
import { testEnv } from '../support/bindings.ts'
import { withOutage } from '../support/outage.ts'

const env = testEnv()
const book = new GrantsBook(env.DB, true)

const entry = (id: string, expiresAt: number | null): GrantsBookEntry => ({
  id: grantIdOf(id),
  subject: 'alice',
  clientId: clientIdOf('app'),
  scope: ['openid', 'offline'],
  createdAt: seconds(1000),
  expiresAt: expiresAt === null ? null : seconds(expiresAt),
})

const revoke = (ids: readonly string[], at: number, on = book): Promise<void> =>
  on.revoke(ids.map(grantIdOf), seconds(at))

interface Row {
  readonly id: string
  readonly expires_at: number | null
  readonly revoked_at: number | null
}

async function rows(): Promise<readonly Row[]> {
  const { results } = await env.DB.prepare(
    'select id, expires_at, revoked_at from grants order by id',
  ).all<Row>()
  return results
}

beforeEach(async () => {
  await env.DB.exec('delete from grants')
})
afterEach(() => {
  vi.restoreAllMocks()
})

describe('the grants book', () => {
  it('writes one row per grant and renews its end', async () => {
    await book.record(entry('g', 2000))
    await revoke(['g'], 1500)
    await book.record(entry('g', 3000))
    expect(await rows()).toEqual([{ id: 'g', expires_at: 3000, revoked_at: 1500 }])
  })

  it('marks many grants, each with its first revocation, and gives endless ones an end', async () => {
    const ids = Array.from({ length: 200 }, (_, index) => `g${String(index).padStart(3, '0')}`)
    for (const id of ids) await book.record(entry(id, null))
    await revoke(ids.slice(0, 150), 1500)
    await revoke(ids, 1600)
    const found = await rows()
    expect(found.filter((row) => row.revoked_at === 1500)).toHaveLength(150)
    expect(found.filter((row) => row.revoked_at === 1600)).toHaveLength(50)
    expect(found.every((row) => row.expires_at !== null && row.expires_at > 1600)).toBe(true)
  })

  it('purges what ended, keeps the rest, and takes more than one batch', async () => {
    for (let index = 0; index < 7; index += 1) await book.record(entry(`old${index}`, 2000 + index))
    await book.record(entry('new', 3000))
    await book.record(entry('endless', null))
    expect(await book.purge(2006, 3)).toBe(7)
    expect((await rows()).map((row) => row.id)).toEqual(['endless', 'new'])
    expect(await book.purge(2006, 3)).toBe(0)
  })

  it('bounds one purge and goes on with the next', async () => {
    for (let index = 0; index < 25; index += 1) await book.record(entry(`g${index}`, 2000))
    expect(await book.purge(2000, 1)).toBe(20)
    expect(await book.purge(2000, 1)).toBe(5)
  })

  it('writes nothing when it is off', async () => {
    const off = new GrantsBook(env.DB, false)
    await off.record(entry('g', null))
    await revoke(['g'], 1, off)
    expect(await rows()).toEqual([])
  })

  it('gives up with one log line when D1 stays away, and throws nothing', async () => {
    const log = vi.spyOn(console, 'log').mockImplementation(() => undefined)
    const outage = withOutage(env)
    outage.down = true
    const away = new GrantsBook(outage.env.DB, true)
    await away.record(entry('g', null))
    await revoke(['g'], 1, away)
    expect(await away.purge(1, 1)).toBe(0)
    expect(log).toHaveBeenCalledTimes(3)
    expect(String(log.mock.calls[0])).not.toContain('alice')
  })
})
