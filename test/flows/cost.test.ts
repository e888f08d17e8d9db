import { runDurableObjectAlarm, runInDurableObject } from 'cloudflare:test'
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import doc from '../../docs/cost.md?raw'
import { settings } from '../../src/config/settings.ts'
import { ownerOf } from '../../src/ledger/owner.ts'
import { nowMs } from '../../src/util/clock.ts'
import { sidOf } from '../../src/util/ids.ts'
import { countRows as countLedgerRows, type Rows } from '../ledger/rows.ts'
import { callLedger, DAY, stopClock } from '../ledger/support.ts'
import { type CallCounts, countCalls } from '../support/bindings.ts'
import { countRows as countD1Rows } from '../support/d1-rows.ts'
import { Browser, Deployment, testEnv } from '../support/deployment.ts'
import { LogLines } from '../support/log-lines.ts'
import { ASSUMED, FREE_A_DAY, MONTHLY, priceOf, type Usage } from '../support/prices.ts'
import {
  authorizationPath,
  LoginApp,
  logIn,
  parameter,
  redeem,
  refresh,
  registerClient,
  revoke,
  type TestClient,
  tokenRequest,
} from '../support/relying-party.ts'

/** The share of ordinary requests that get a log line, with the default settings. */
const LOGGED = settings.logRequests.parser.parse(settings.logRequests.preset ?? '') ?? 1

const lines = new LogLines()
const { d1, rows: d1Rows } = countD1Rows(testEnv().DB)
const { env, counts } = countCalls({ ...testEnv(), DB: d1 })
const deployment = new Deployment(env)
let client: TestClient
let ledgerRows: () => Rows

beforeEach(async () => {
  stopClock()
  ledgerRows = await countLedgerRows()
})
afterEach(() => {
  vi.useRealTimers()
  vi.restoreAllMocks()
})
// Keys are made, copies are warm and the directory's 64 ledgers have their tables, as where others log in all day.
beforeAll(async () => {
  client = await registerClient(deployment)
  await logIn(deployment, client, { login: { subject: 'another' } })
  await tokenRequest(deployment, client, { grant_type: 'client_credentials' })
  const entry = { sid: sidOf('another'), owner: 'other' }
  for (let bucket = 0; bucket < 64; bucket += 1)
    await callLedger(testEnv(), ownerOf('directory', String(bucket), 'none'), 'bindSession', entry)
})

/** Counts what an operation asks of the platform. */
async function used(operation: () => Promise<unknown>, alarms = () => 0): Promise<Usage> {
  const before: CallCounts & { readonly written: number } = { ...counts, written: d1Rows.written }
  const rowsBefore = ledgerRows().written
  lines.clear()
  await operation()
  const requests = lines.of('request').length
  return {
    requests,
    calls: counts.ledger - before.ledger + alarms(),
    ledgerRows: ledgerRows().written - rowsBefore,
    d1Rows: d1Rows.written - before.written,
    kv: counts.kv - before.kv,
    lines: lines.of('audit').length + requests * LOGGED,
  }
}

/**
 * Fires the alarms of a subject's ledger when they are due, until there are none. Returns how many, with the call that
 * each makes to the directory.
 */
async function outlive(subject: string): Promise<number> {
  const stub = testEnv().LEDGER.getByName(ownerOf('subject', subject, 'none'))
  for (let fired = 0; ; fired += 1) {
    const at = await runInDurableObject(stub, (_ledger, { storage }) => storage.getAlarm())
    if (at === null || fired > 9) return 2 * fired
    vi.setSystemTime(Math.max(at, nowMs()))
    await runDurableObjectAlarm(stub)
  }
}

/** The rows of the table in docs/cost.md, as they were counted. */
const table: string[] = []
const counted = new Map<string, Usage>()
const tell = (name: string, usage: Usage): number => {
  const { requests, calls, ledgerRows, d1Rows, lines } = usage
  const price = priceOf(usage)
  counted.set(name, usage)
  const cells = [name, requests, calls, ledgerRows, d1Rows, lines.toFixed(2), `$${price.toFixed(2)}`]
  table.push(`| ${cells.join(' | ')} |`)
  return price
}

const MONTH = { remember: true, remember_for: 30 * DAY }

/** A login as a login and consent app leads through it, which reads both requests. */
async function login(subject: string): Promise<void> {
  const browser = new Browser(deployment)
  const app = new LoginApp(deployment)
  const atLogin = parameter(await browser.next(authorizationPath(client)), 'login_challenge')
  await app.get('login', atLogin)
  const decided = await app.decide('login', 'accept', atLogin, { subject, ...MONTH })
  const atConsent = parameter(await browser.next(decided), 'consent_challenge')
  await app.get('consent', atConsent)
  const consent = { grant_scope: ['openid', 'offline_access'] }
  const callback = await browser.next(await app.decide('consent', 'accept', atConsent, consent))
  expect((await redeem(deployment, client, parameter(callback, 'code'))).status).toBe(200)
}

describe('what a million operations cost, at list price and with the default settings', () => {
  it('a login of a new user is below $17', async () => {
    let alarms = 0
    const usage = await used(
      async () => {
        await login('new')
        alarms = await outlive('new')
      },
      () => alarms,
    )
    expect(tell('login of a new user', usage)).toBeLessThan(17)
    expect([usage.ledgerRows, usage.d1Rows]).toEqual([9, 2])
  })

  it('one of a known user is below $14, and a row in D1 more on another day', async () => {
    await login('known')
    const sameDay = await used(() => login('known'))
    vi.setSystemTime(nowMs() + DAY * 1000)
    // Copies are renewed by whoever comes first.
    await login('another')
    const nextDay = await used(() => login('known'))
    // What its clean-up asks is counted beside how it is done (ledger/login-rows.test.ts): an alarm and a call.
    const whole = (usage: Usage): Usage => ({ ...usage, ledgerRows: 8, calls: usage.calls + 2 })
    expect(tell('login of a known user, on another day', whole(nextDay))).toBeLessThan(14.2)
    expect(tell('login of a known user, on the same day', whole(sameDay))).toBeLessThan(14)
    expect([nextDay.d1Rows, sameDay.d1Rows]).toEqual([1, 0])
  })

  it('a refresh is below $2.00, introspection and userinfo below $0.75, client_credentials below $0.60', async () => {
    const tokens = await logIn(deployment, client, { login: { subject: 'life' } })
    const bearer = { authorization: `Bearer ${tokens.access_token}` }
    const own = { grant_type: 'client_credentials' }
    const cases = [
      ['introspection', 0.75, () => deployment.introspect(tokens.access_token)],
      ['userinfo', 0.75, () => deployment.fetch('/userinfo', { headers: bearer })],
      ['refresh', 2, () => refresh(deployment, client, tokens.refresh_token)],
      ['client_credentials', 0.6, () => tokenRequest(deployment, client, own)],
    ] as const
    for (const [name, below, operation] of cases)
      expect(tell(name, await used(operation)), name).toBeLessThan(below)
    const revocation = await used(() => revoke(deployment, client, tokens.refresh_token))
    expect(tell('revocation of the last token', revocation)).toBeLessThan(5)
  })

  it('and docs/cost.md says so', () => {
    expect(
      doc.split('\n').filter((line) => line.startsWith('| ') && line.endsWith(' |') && line.includes('$')),
    ).toEqual(table)
  })

  const priceNamed = (name: string): number => {
    const usage = counted.get(name)
    if (usage === undefined) throw new TypeError(name)
    return priceOf(usage)
  }

  it('10 million monthly users cost below $1,000, below $600 where tokens are checked locally', () => {
    const millions = 10
    const local = priceNamed('login of a known user, on another day') + 20 * priceNamed('refresh')
    const storage = millions * 1e6 * ASSUMED.userGb * MONTHLY.ledgerGb
    const month = (each: number) => Math.round(millions * each + storage + MONTHLY.plan)
    const whole = month(local + 100 * priceNamed('introspection'))
    expect(whole).toBeLessThan(1000)
    expect(month(local)).toBeLessThan(600)
    expect(doc).toContain(`$${whole} a month`)
    expect(doc).toContain(`$${month(local)} a month`)
  })

  it('the free plan is enough for 9,000 logins a day', () => {
    const usage = counted.get('login of a new user')
    const logins = (['requests', 'calls', 'ledgerRows', 'd1Rows'] as const).map((what) =>
      Math.floor(FREE_A_DAY[what] / (usage?.[what] ?? Number.POSITIVE_INFINITY)),
    )
    expect(Math.min(...logins)).toBeGreaterThan(9000)
    expect(doc).toContain(`${Math.min(...logins).toLocaleString('en')} logins a day`)
  })
})
