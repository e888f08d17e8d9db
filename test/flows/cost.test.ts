import { runDurableObjectAlarm, runInDurableObject } from 'cloudflare:test'
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import doc from '../../docs/cost.md?raw'
import { settings } from '../../src/config/settings.ts'
import { type Owner, ownerOf } from '../../src/ledger/owner.ts'
import { nowMs, nowSeconds } from '../../src/util/clock.ts'
import { sidOf } from '../../src/util/ids.ts'
import { countRows as countLedgerRows, type Rows } from '../ledger/rows.ts'
import { callLedger, DAY, newAttempt, stopClock } from '../ledger/support.ts'
import { assertionFields, makeKey, signAssertion } from '../support/assertions.ts'
import { type CallCounts, countCalls } from '../support/bindings.ts'
import { countRows as countD1Rows, type D1Rows } from '../support/d1-rows.ts'
import { Browser, Deployment, testEnv } from '../support/deployment.ts'
import { poll, registerDeviceClient, startDevice, toLastHop } from '../support/device.ts'
import { LogLines } from '../support/log-lines.ts'
import {
  ASSUMED,
  CPU_MS,
  copiesAMonth,
  FREE_A_DAY,
  includedIn,
  MONTHLY,
  PRICES,
  priceOf,
  type Usage,
} from '../support/prices.ts'
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
  stopClock()
  client = await registerClient(deployment)
  await logIn(deployment, client, { login: { subject: 'another' } })
  await tokenRequest(deployment, client, { grant_type: 'client_credentials' })
  const entry = { sid: sidOf('another'), owner: 'other' }
  for (let bucket = 0; bucket < 64; bucket += 1)
    await callLedger(testEnv(), ownerOf('directory', String(bucket), 'none'), 'bindSession', entry)
  vi.useRealTimers()
})

/** Counts what an operation asks of the platform. */
async function used(
  operation: () => Promise<unknown>,
  { alarms = () => 0, cpuMs }: { readonly alarms?: () => number; readonly cpuMs?: number } = {},
): Promise<Usage> {
  const before: CallCounts & D1Rows = { ...counts, ...d1Rows }
  const rowsBefore = ledgerRows()
  lines.clear()
  await operation()
  const requests = lines.of('request').length
  const rows = ledgerRows()
  return {
    requests,
    calls: counts.ledger - before.ledger + alarms(),
    ledgerRows: rows.written - rowsBefore.written,
    rowsRead: rows.read - rowsBefore.read + d1Rows.read - before.read,
    d1Rows: d1Rows.written - before.written,
    kv: counts.kv - before.kv,
    lines: lines.of('audit').length + requests * LOGGED,
    cpuMs: cpuMs ?? requests * ASSUMED.cpuMs,
  }
}

/**
 * Fires the alarms of a ledger when they are due, until there are none. Returns how many, with the call that each makes to
 * the directory.
 */
async function outlive(owner: Owner): Promise<number> {
  const stub = testEnv().LEDGER.getByName(owner)
  for (let fired = 0; ; fired += 1) {
    const at = await runInDurableObject(stub, (_ledger, { storage }) => storage.getAlarm())
    if (at === null || fired > 9) return 2 * fired
    vi.setSystemTime(Math.max(at, nowMs()))
    await runDurableObjectAlarm(stub)
  }
}

/** Makes the tables of a client's shards and sets their alarms, as if it were busy. */
async function warmShards(clientId: string): Promise<void> {
  for (let shard = 0; shard < 64; shard += 1) {
    const input = { attempt: newAttempt(), id: 'other', expiresAt: nowSeconds() + 60 }
    await callLedger(testEnv(), ownerOf('client', `${clientId}\0${shard}`), 'consumeId', input)
  }
}

/** The rows of the table in docs/cost.md, as they were counted. */
const table: string[] = []
const counted = new Map<string, Usage>()
const tell = (name: string, usage: Usage): number => {
  const { requests, calls, ledgerRows, d1Rows, rowsRead, lines, cpuMs } = usage
  const price = priceOf(usage)
  counted.set(name, usage)
  const cells = [
    name,
    requests,
    calls,
    ledgerRows,
    d1Rows,
    rowsRead,
    lines.toFixed(2),
    cpuMs,
    `$${price.toFixed(2)}`,
  ]
  table.push(`| ${cells.join(' | ')} |`)
  return price
}

const subjectOwner = (subject: string): Owner => ownerOf('subject', subject, 'none')

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
        alarms = await outlive(subjectOwner('new'))
      },
      { alarms: () => alarms, cpuMs: CPU_MS.newLogin },
    )
    expect(tell('login of a new user', usage)).toBeLessThan(17)
    expect([usage.ledgerRows, usage.d1Rows]).toEqual([9, 2])
  })

  it('one of a known user is below $14, and a row in D1 more on another day', async () => {
    await login('known')
    const sameDay = await used(() => login('known'), { cpuMs: CPU_MS.knownLogin })
    vi.setSystemTime(nowMs() + DAY * 1000)
    // Copies are renewed by whoever comes first.
    await login('another')
    const nextDay = await used(() => login('known'), { cpuMs: CPU_MS.knownLogin })
    // What its clean-up asks is counted beside how it is done (ledger/login-rows.test.ts): an alarm and a call.
    const whole = (usage: Usage): Usage => ({ ...usage, ledgerRows: 8, calls: usage.calls + 2 })
    expect(tell('login of a known user, on another day', whole(nextDay))).toBeLessThan(14)
    expect(tell('login of a known user, on the same day', whole(sameDay))).toBeLessThan(14)
    expect([nextDay.d1Rows, sameDay.d1Rows]).toEqual([1, 0])
  })

  it('a refresh is below $2.00, introspection and userinfo below $0.75, client_credentials below $0.60', async () => {
    const tokens = await logIn(deployment, client, { login: { subject: 'life' } })
    const bearer = { authorization: `Bearer ${tokens.access_token}` }
    const own = { grant_type: 'client_credentials' }
    const cases = [
      ['introspection', 0.75, CPU_MS.introspection, () => deployment.introspect(tokens.access_token)],
      ['userinfo', 0.75, CPU_MS.userinfo, () => deployment.fetch('/userinfo', { headers: bearer })],
      ['refresh', 2, CPU_MS.refresh, () => refresh(deployment, client, tokens.refresh_token)],
      ['client_credentials', 0.6, CPU_MS.clientCredentials, () => tokenRequest(deployment, client, own)],
    ] as const
    for (const [name, below, cpuMs, operation] of cases)
      expect(tell(name, await used(operation, { cpuMs })), name).toBeLessThan(below)
    const revocation = await used(() => revoke(deployment, client, tokens.refresh_token))
    expect(tell('revocation of the last token', revocation)).toBeLessThan(5)
  })

  it('and what has no goal is counted: logout, device, private_key_jwt, the token of a client', async () => {
    const own = await registerClient(deployment, { post_logout_redirect_uris: ['https://app.example/bye'] })
    const app = new LoginApp(deployment)
    const browser = new Browser(deployment)
    const { id_token } = await logIn(deployment, own, {
      browser,
      login: { subject: 'leaving', remember: true },
    })
    tell(
      'logout with a hint',
      await used(async () => {
        const page = await browser.next(`/oauth2/sessions/logout?id_token_hint=${id_token}`)
        const challenge = parameter(page, 'logout_challenge')
        await app.get('logout', challenge)
        await browser.next(await app.decide('logout', 'accept', challenge))
      }),
    )
    const devices = await registerDeviceClient(deployment)
    let alarms = 0
    tell(
      'login of a new user by a device that polls once in vain',
      await used(
        async () => {
          const device = await startDevice(deployment, devices)
          expect((await poll(deployment, devices, device)).status).toBe(400)
          const atTv = new Browser(deployment)
          const asked = { browser: atTv, login: { subject: 'tv', ...MONTH } }
          await atTv.visit(await toLastHop(deployment, device, asked))
          vi.setSystemTime(nowMs() + 10_000)
          expect((await poll(deployment, devices, device)).status).toBe(200)
          alarms = await outlive(ownerOf('device', device.user_code, 'none'))
          alarms += await outlive(subjectOwner('tv'))
        },
        { alarms: () => alarms },
      ),
    )
    // The clean-up deletes many such rows at once: a row each, and an alarm for all.
    const withDeletion = (usage: Usage): Usage => ({ ...usage, ledgerRows: usage.ledgerRows + 1 })
    const key = await makeKey()
    const asserting = await registerClient(deployment, {
      token_endpoint_auth_method: 'private_key_jwt',
      token_endpoint_auth_signing_alg: 'ES256',
      jwks: { keys: [key.publicJwk] },
    })
    await warmShards(asserting.id)
    const assertion = await signAssertion(key, { iss: asserting.id, sub: asserting.id })
    const fields = { grant_type: 'client_credentials', ...assertionFields(assertion) }
    const asserted = await used(async () =>
      expect((await deployment.form('/oauth2/token', fields)).status).toBe(200),
    )
    tell('client_credentials by private_key_jwt', withDeletion(asserted))
    const issued = await tokenRequest(deployment, client, { grant_type: 'client_credentials' })
    const { access_token } = await issued.json<{ access_token: string }>()
    await warmShards(client.id)
    tell(
      'revocation of a token of a client',
      withDeletion(await used(() => revoke(deployment, client, access_token))),
    )
  })

  it('and docs/cost.md says so', () => {
    expect(
      doc
        .split('\n')
        .filter((line) => line.endsWith(' |') && line.split('|').length === 11 && line.includes('$')),
    ).toEqual(table)
  })

  const usageNamed = (name: string): Usage => {
    const usage = counted.get(name)
    if (usage === undefined) throw new TypeError(name)
    return usage
  }
  const priceNamed = (name: string): number => priceOf(usageNamed(name))

  /** What a million users ask for in a month: so many times each. */
  const monthOf = (...times: readonly (readonly [name: string, times: number])[]): Usage => {
    const none = { requests: 0, calls: 0, ledgerRows: 0, rowsRead: 0, d1Rows: 0, kv: 0, lines: 0, cpuMs: 0 }
    return times.reduce<Usage>((sum, [name, count]) => {
      const one = usageNamed(name)
      const add = (what: keyof Usage): number => sum[what] + count * one[what]
      return {
        requests: add('requests'),
        calls: add('calls'),
        ledgerRows: add('ledgerRows'),
        rowsRead: add('rowsRead'),
        d1Rows: add('d1Rows'),
        kv: add('kv'),
        lines: add('lines'),
        cpuMs: add('cpuMs'),
      }
    }, none)
  }

  it('10 million monthly users cost below $1,000 a month, below $600 where tokens are checked locally', () => {
    const millions = 10
    const local = priceNamed('login of a known user, on another day') + 20 * priceNamed('refresh')
    const storage = millions * 1e6 * (ASSUMED.userGb * MONTHLY.ledgerGb + ASSUMED.bookRowGb * MONTHLY.d1Gb)
    // The job reads every row of the grants book once a day.
    const book = 30 * millions * PRICES.rowRead
    const fixed = storage + book + MONTHLY.plan
    const month = (each: number, { feed, kv }: ReturnType<typeof copiesAMonth>) =>
      Math.round(millions * each + fixed + feed + kv)
    const checked = local + 100 * priceNamed('introspection')
    const [small, wide] = [copiesAMonth('30 x 10'), copiesAMonth('100 x 10')]
    expect(month(checked, small)).toBeLessThan(1000)
    expect(month(checked, wide)).toBeLessThan(1000)
    const rowFor = (places: number, copies: typeof wide) =>
      `| ${places} places, 10 each | $${copies.feed.toFixed()} | $${copies.kv.toFixed()} | $${month(checked, copies)} a month |`
    expect(doc).toContain(`${rowFor(30, small)}\n${rowFor(100, wide)}\n`)
    const booked = millions * (PRICES.rowWritten + 1e6 * ASSUMED.bookRowGb * MONTHLY.d1Gb) + book
    expect(doc).toContain(`the grants book come to $${booked.toFixed()},`)
    expect(month(local, wide)).toBeLessThan(600)
    expect(doc).toContain(`$${month(local, wide)} a month`)
    const login = ['login of a known user, on another day', millions] as const
    const refreshes = ['refresh', 20 * millions] as const
    const all = monthOf(login, refreshes, ['introspection', 100 * millions])
    const aSecond = (all.requests * 1e6) / (30 * 86_400)
    expect(doc).toContain(`some ${Math.floor(aSecond / 10) * 10} requests a second`)
    const billed = Math.round(month(checked, wide) - includedIn(all))
    expect(billed).toBeLessThan(1000)
    expect(doc).toContain(`a bill of $${billed}`)
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
