import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { bookedUntil } from '../../src/store/book-ends.ts'
import { nowSeconds, seconds } from '../../src/util/clock.ts'
import { aroundD1, countCalls } from '../support/bindings.ts'
import { countRows } from '../support/d1-rows.ts'
import { bodyOf, Deployment, testEnv } from '../support/deployment.ts'
import { LogLines } from '../support/log-lines.ts'
import { withHanging, withOutage } from '../support/outage.ts'
import {
  authorizeAt,
  type FlowOptions,
  logIn,
  parameter,
  redeem,
  refresh,
  registerClient,
  revoke,
  type TestClient,
} from '../support/relying-party.ts'

const DAY = 86_400
// Lines of these requests stay out of the output.
const lines = new LogLines()
const { d1, rows: spent } = countRows(testEnv().DB)
const deployment = new Deployment({ ...testEnv(), DB: d1 })

/** Noon of the next day, so that hours later is the same day, and no alarm is due. */
beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date'], now: (Math.floor(Date.now() / (DAY * 1000)) + 1.5) * DAY * 1000 })
})
afterEach(() => {
  vi.useRealTimers()
  vi.restoreAllMocks()
})

const pass = (time: number): unknown => vi.setSystemTime(Date.now() + time * 1000)

interface Row {
  readonly client_id: string
  readonly scope: string
  readonly expires_at: number | null
  readonly ended_at: number | null
}

const rowsOf = async (subject: string, db = testEnv().DB): Promise<readonly Row[]> =>
  (
    await db
      .prepare('SELECT * FROM grants_book WHERE subject = ? ORDER BY client_id')
      .bind(subject)
      .all<Row>()
  ).results

/** The rows of D1 that an operation writes. */
async function written(operation: () => Promise<unknown>): Promise<number> {
  const before = spent.written
  await operation()
  return spent.written - before
}

const as = (subject: string, more: FlowOptions = {}): FlowOptions => ({
  ...more,
  login: { subject, ...more.login },
})
const always = (subject: string): FlowOptions => as(subject, { consent: { remember: true, remember_for: 0 } })
const login = (client: TestClient, options: FlowOptions) => logIn(deployment, client, options)

describe('a login writes in D1', () => {
  it('two rows for a new pair of subject and client, none for the same pair on the same day, one on the next', async () => {
    const client = await registerClient(deployment)
    const other = await registerClient(deployment)
    // The first login of all makes the signing keys, in D1.
    await login(client, as('first'))
    const again = () => login(client, as('ann'))
    expect(await written(again)).toBe(2)
    pass(3600)
    expect(await written(again)).toBe(0)
    expect(await written(() => login(other, as('ann')))).toBe(2)
    expect(await written(() => login(client, as('another')))).toBe(2)
    pass(DAY)
    expect(await written(again)).toBe(1)
    expect(await written(again)).toBe(0)
    expect(await rowsOf('ann')).toHaveLength(2)
  })

  it('one row when the scopes of a pair change', async () => {
    const client = await registerClient(deployment)
    await login(client, as('bob'))
    pass(60)
    const request = { scope: 'openid offline_access profile' }
    expect(await written(() => login(client, as('bob', { request })))).toBe(1)
    expect(await written(() => login(client, as('bob', { request })))).toBe(0)
    expect(await rowsOf('bob')).toMatchObject([{ scope: '["openid","offline_access","profile"]' }])
  })

  it('no more than that without asking D1 or a ledger once more', async () => {
    const counted = countCalls(testEnv())
    const own = new Deployment(counted.env)
    const client = await registerClient(own)
    await logIn(own, client, as('cyn'))
    counted.reset()
    await logIn(own, client, as('cyn'))
    const kept = { ...counted.counts }
    const off = countCalls(testEnv({ GRANTS_BOOK: 'off' }))
    const without = new Deployment(off.env)
    await logIn(without, client, as('cyn'))
    off.reset()
    await logIn(without, client, as('cyn'))
    expect(kept).toEqual(off.counts)
    expect(kept.d1).toBe(0)
  })

  it('nothing when the book is off', async () => {
    const off = new Deployment(testEnv({ GRANTS_BOOK: 'off' }))
    const client = await registerClient(off)
    const { access_token } = await logIn(off, client, as('off'))
    await revoke(off, client, access_token)
    expect(await rowsOf('off')).toEqual([])
  })
})

describe('the end of a row', () => {
  it('is none for a consent that is remembered for ever: one row, however often the app says so', async () => {
    const client = await registerClient(deployment)
    for (let time = 0; time < 5; time += 1) {
      await login(client, always('dan'))
      pass(DAY)
    }
    expect(await rowsOf('dan')).toMatchObject([{ expires_at: null }])
  })

  it('is that of consent or tokens, whichever is later, and of the lifespans of the client', async () => {
    const client = await registerClient(deployment)
    await login(client, as('eve', { consent: { remember: true, remember_for: 900 * DAY } }))
    const long = await registerClient(deployment, { refresh_token_grant_refresh_token_lifespan: '2400h' })
    await login(long, as('eva'))
    for (const [subject, days] of [
      ['eve', 900],
      ['eva', 100],
    ] as const) {
      const [row] = await rowsOf(subject)
      const least = nowSeconds() + days * DAY
      expect(row?.expires_at).toBeGreaterThanOrEqual(least)
      expect(row?.expires_at).toBeLessThan(least + 93 * DAY)
    }
  })

  it('is put off while a family is refreshed, by a row in three months', async () => {
    const client = await registerClient(deployment)
    const tokens = await login(client, as('fay'))
    let refreshToken = tokens.refresh_token
    const cost = await written(async () => {
      for (let week = 0; week < 52; week += 1) {
        pass(7 * DAY)
        const answer = await bodyOf(await refresh(deployment, client, refreshToken))
        refreshToken = String(answer['refresh_token'])
        const [row] = await rowsOf('fay')
        expect(row?.expires_at).toBeGreaterThan(nowSeconds() + 30 * DAY)
      }
    })
    expect(cost).toBeLessThanOrEqual(5)
    expect(cost).toBeGreaterThan(2)
  })

  it('is not told by a refresh where nothing is written down', async () => {
    const off = new Deployment({ ...testEnv({ GRANTS_BOOK: 'off' }), DB: d1 })
    const client = await registerClient(off)
    const tokens = await logIn(off, client, as('gus'))
    let refreshToken = tokens.refresh_token
    for (let month = 0; month < 5; month += 1) {
      pass(29 * DAY)
      refreshToken = String((await bodyOf(await refresh(off, client, refreshToken)))['refresh_token'])
    }
    expect(await rowsOf('gus')).toEqual([])
  })
})

describe('a row ends before its time', () => {
  const ends = async (subject: string) => (await rowsOf(subject)).map((row) => row.ended_at !== null)
  const consents = (query: string) =>
    deployment.admin('DELETE', `/admin/oauth2/auth/sessions/consent?${query}`)

  it('when its last token is revoked, and not while another one or a remembered consent is alive', async () => {
    const client = await registerClient(deployment)
    const first = await login(client, as('hal'))
    const second = await login(client, as('hal'))
    await revoke(deployment, client, first.access_token)
    expect(await ends('hal')).toEqual([false])
    await revoke(deployment, client, second.refresh_token)
    expect(await ends('hal')).toEqual([true])
    const { access_token } = await login(client, always('hanna'))
    await revoke(deployment, client, access_token)
    expect(await ends('hanna')).toEqual([false])
    await consents(`subject=hanna&client=${client.id}`)
    const [row] = await rowsOf('hanna')
    expect(row).toMatchObject({ ended_at: nowSeconds(), expires_at: nowSeconds() + 90 * DAY })
  })

  it('when its consent is, of one client or all', async () => {
    const [one, two, three] = [
      await registerClient(deployment, { client_id: 'book-1' }),
      await registerClient(deployment, { client_id: 'book-2' }),
      await registerClient(deployment, { client_id: 'book-3' }),
    ]
    for (const client of [one, two, three]) await login(client, always('ida'))
    await consents(`subject=ida&client=${two.id}`)
    expect(await ends('ida')).toEqual([false, true, false])
    await consents('subject=ida&all=true')
    expect(await ends('ida')).toEqual([true, true, true])
    pass(60)
    await login(two, always('ida'))
    expect(await ends('ida')).toEqual([true, false, true])
  })

  it('when a code or refresh token is used again', async () => {
    const client = await registerClient(deployment)
    const code = parameter(await authorizeAt(deployment, client, as('joe')), 'code')
    await redeem(deployment, client, code)
    expect(await ends('joe')).toEqual([false])
    expect((await redeem(deployment, client, code)).status).toBe(400)
    expect(await ends('joe')).toEqual([true])
  })

  it('when tokens end with their session, of the clients to which nothing else is alive', async () => {
    const at = new Deployment(testEnv({ OAUTH2_REVOKE_TOKENS_ON_LOGOUT: 'true' }))
    const client = await registerClient(at, { client_id: 'book-4' })
    const kept = await registerClient(at, { client_id: 'book-5' })
    await logIn(at, client, as('kim'))
    await logIn(at, kept, always('kim'))
    await at.admin('DELETE', '/admin/oauth2/auth/sessions/login?subject=kim')
    expect(await ends('kim')).toEqual([true, false])
  })

  it('by what the ledger says in its answer, without another call', async () => {
    const counted = countCalls(testEnv())
    const at = new Deployment(counted.env)
    const client = await registerClient(at)
    const { access_token } = await logIn(at, client, as('kit'))
    counted.reset()
    await revoke(at, client, access_token)
    expect(await ends('kit')).toEqual([true])
    expect(counted.counts).toEqual({ d1: 1, kv: 0, ledger: 1 })
  })
})

describe('nothing waits for the book, and nothing fails with it', () => {
  const all = async (at: Deployment, client: TestClient, subject: string) => {
    const tokens = await logIn(at, client, as(subject))
    expect((await refresh(at, client, tokens.refresh_token)).status).toBe(200)
    expect((await revoke(at, client, tokens.access_token)).status).toBe(200)
  }

  it('while D1 is down', async () => {
    const outage = withOutage(testEnv())
    const at = new Deployment(outage.env)
    const client = await registerClient(at)
    await all(at, client, 'lea')
    outage.down = true
    await all(at, client, 'leo')
    expect(await rowsOf('leo')).toEqual([])
    expect(lines.of('grants_book.record')).toHaveLength(1)
  })

  it('while its own database hangs', async () => {
    const book = withHanging(testEnv())
    const at = new Deployment({ ...testEnv({ DEADLINE_STORAGE: '100ms' }), BOOK: book.env.DB })
    const client = await registerClient(at)
    book.d1 = true
    const responses = at.fetch('/health/alive')
    expect((await responses).status).toBe(200)
    await all(at, client, 'mia')
    expect(book.calls.d1).toBeGreaterThan(0)
  })
})

describe('a database of its own', () => {
  it('has the rows, and those that the other one still has are erased and purged, too', async () => {
    const asked: string[] = []
    const BOOK = aroundD1(testEnv().DB, (method, call) => {
      asked.push(method)
      return call()
    })
    const env = { ...testEnv(), BOOK }
    const at = new Deployment(env)
    const client = await registerClient(at)
    expect(asked).toEqual([])
    await logIn(at, client, as('ned'))
    expect(asked).toEqual(['run'])
    asked.length = 0
    expect((await at.admin('DELETE', '/admin/subjects/ned')).status).toBe(204)
    expect(asked.length).toBeGreaterThan(0)
    expect(await rowsOf('ned')).toEqual([])
  })
})

it('rows of a subject end at another time than those of others', () => {
  const end = seconds(2_000_000_000)
  expect(bookedUntil({ subject: 'one', expiresAt: end })).not.toBe(
    bookedUntil({ subject: 'two', expiresAt: end }),
  )
})
