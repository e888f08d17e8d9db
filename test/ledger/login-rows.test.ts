import { runDurableObjectAlarm, runInDurableObject } from 'cloudflare:test'
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import doc from '../../docs/cost.md?raw'
import { ownerOf } from '../../src/ledger/owner.ts'
import { sidOf } from '../../src/util/ids.ts'
import { Browser, Deployment, testEnv } from '../support/deployment.ts'
import {
  authorizationPath,
  LoginApp,
  logIn as logInWith,
  parameter,
  redeem,
  registerClient,
  type TestClient,
} from '../support/relying-party.ts'
import { countRows, type Rows, spent } from './rows.ts'
import { callLedger, DAY, stopClock, tablesOf } from './support.ts'

const deployment = new Deployment(testEnv({ GRANTS_BOOK: 'off' }))
const app = new LoginApp(deployment)

beforeEach(stopClock)
afterEach(() => {
  vi.useRealTimers()
  vi.restoreAllMocks()
})

// The directory is there before a user comes: its 64 ledgers have their tables.
beforeAll(async () => {
  const entry = { sid: sidOf('another'), owner: 'other' }
  for (let bucket = 0; bucket < 64; bucket += 1)
    await callLedger(testEnv(), ownerOf('directory', String(bucket), 'none'), 'bindSession', entry)
})

/** What a login asks for. */
interface Asked {
  readonly name: string
  readonly login: { readonly remember: boolean; readonly remember_for?: number }
  readonly consent: { readonly remember?: boolean; readonly remember_for?: number }
  readonly refreshes: boolean
  readonly isTold: boolean
}

const MONTH = 30 * DAY
const session = { remember: true, remember_for: MONTH }
const consent = { remember: true, remember_for: MONTH }
const plain = { consent: {}, refreshes: true, isTold: false }

const LOGINS: readonly Asked[] = [
  { ...plain, name: 'refresh tokens', login: { remember: false } },
  { ...plain, name: 'a session and refresh tokens', login: session },
  { ...plain, name: 'a session', login: session, refreshes: false },
  { ...plain, name: 'neither', login: { remember: false }, refreshes: false },
  { name: 'all that can be asked for', login: session, consent, refreshes: true, isTold: true },
  { name: 'all but a session', login: { remember: false }, consent, refreshes: true, isTold: true },
  { name: 'all but refresh tokens', login: session, consent, refreshes: false, isTold: true },
]

const clientFor = ({ refreshes, isTold }: Asked): Promise<TestClient> =>
  registerClient(deployment, {
    grant_types: ['authorization_code', ...(refreshes ? ['refresh_token'] : [])],
    ...(isTold && { backchannel_logout_uri: 'https://app.example/told' }),
  })

/** The subject's ledger. */
const ledgerOf = (subject: string) => testEnv().LEDGER.getByName(ownerOf('subject', subject, 'none'))

/** Logs in as a user does who comes with a new browser. Says what each step wrote. */
async function logIn(
  client: TestClient,
  subject: string,
  asked: Asked,
  rows: () => Rows,
): Promise<Record<string, number>> {
  const browser = new Browser(deployment)
  const steps: Record<string, number> = {}
  const step = async <T>(name: string, run: () => Promise<T>): Promise<T> => {
    const results: T[] = []
    steps[name] = (await spent(rows, async () => results.push(await run()))).written
    const [result] = results
    if (result === undefined) throw new TypeError(name)
    return result
  }
  const scope = asked.refreshes ? 'openid offline_access' : 'openid'
  const page = await step('request', () => browser.next(authorizationPath(client, { scope })))
  const challenge = parameter(page, 'login_challenge')
  const accepted = await step('login accepted', () =>
    app.decide('login', 'accept', challenge, { subject, ...asked.login }),
  )
  const atConsent = await step('login verifier', () => browser.next(accepted))
  const agreed = await step('consent accepted', () =>
    app.decide('consent', 'accept', parameter(atConsent, 'consent_challenge'), {
      grant_scope: scope.split(' '),
      ...asked.consent,
    }),
  )
  const callback = await step('consent verifier', () => browser.next(agreed))
  const issued = await step('code', () => redeem(deployment, client, parameter(callback, 'code')))
  expect(issued.status).toBe(200)
  return steps
}

const alarmOf = (stub: ReturnType<typeof ledgerOf>): Promise<number | null> =>
  runInDurableObject(stub, (_ledger, { storage }) => storage.getAlarm())

const rowsOf = (stub: ReturnType<typeof ledgerOf>): Promise<unknown> =>
  runInDurableObject(
    stub,
    (_ledger, { storage }) => storage.sql.exec('SELECT count(*) FROM logins').one()['count(*)'],
  )

/** A request before the login: what an isolate writes whoever comes, because time has passed, is no row of a login. */
async function warm(client: TestClient): Promise<void> {
  await new Browser(deployment).next(authorizationPath(client))
  // The feed closes what is two minutes old when it is asked. Behind a request that may come later than the request.
  await callLedger(testEnv(), ownerOf('feed', 'copies'), 'changeTags', { ids: [], head: null })
}

/** Lets time pass, and fires each alarm when it is due. Returns how often one fired. */
async function pass(subject: string, seconds: number): Promise<number> {
  const stub = ledgerOf(subject)
  const until = Date.now() + seconds * 1000
  for (let fired = 0; ; fired += 1) {
    const at = await alarmOf(stub)
    if (at === null || at > until) {
      vi.setSystemTime(until)
      return fired
    }
    vi.setSystemTime(Math.max(at, Date.now()))
    expect(await runDurableObjectAlarm(stub)).toBe(true)
  }
}

/** What each step of a login writes, over its life: of a new user, and of one whose ledger has other rows; and what. */
const STEPS: readonly (readonly [step: string, newUser: number, knownUser: number, rows: string])[] = [
  ['request', 0, 0, 'none: all of it is sealed into the challenge'],
  ['login accepted', 0, 0, 'none: an epoch is read'],
  [
    'login verifier',
    5,
    2,
    'the session; the entry in the directory; for a new user the table of the ledger, 2, and its alarm',
  ],
  ['consent accepted', 0, 0, 'none: all of it is sealed into the verifier'],
  [
    'consent verifier',
    1,
    1,
    'the grant: consent, code, and whether the client is told of the end of the session',
  ],
  ['code', 1, 1, 'the grant: the generation of its tokens'],
  [
    'clean-up',
    2,
    4,
    'the entry in the directory; then the ledger as a whole, or the session, the grant and an alarm at most',
  ],
]

const NEW_USER = Object.fromEntries(STEPS.map(([step, written]) => [step, written]))
const KNOWN_USER = Object.fromEntries(STEPS.map(([step, , written]) => [step, written]))

it('docs/cost.md lists the rows of a login, step by step', () => {
  const table = STEPS.map((cells) => `| ${cells.join(' | ')} |`).join('\n')
  expect(doc).toContain(`| step | new user | known user | rows |\n| --- | --- | --- | --- |\n${table}\n`)
})

it('a logout with a hint writes one row: the session', async () => {
  const client = await clientFor({ ...plain, name: '', login: session })
  const subject = crypto.randomUUID()
  const browser = new Browser(deployment)
  const { id_token } = await logInWith(deployment, client, { browser, login: { subject, ...session } })
  const rows = await countRows()
  const page = await browser.next(`/oauth2/sessions/logout?id_token_hint=${id_token}`)
  await browser.next(await app.decide('logout', 'accept', parameter(page, 'logout_challenge')))
  expect(rows().written).toBe(1)
})

describe('rows written by a whole login over its life (design section 9)', () => {
  it.each(LOGINS)('of a new user with $name: 9', async (asked) => {
    const client = await clientFor(asked)
    const subject = crypto.randomUUID()
    await warm(client)
    const rows = await countRows()
    const steps = await logIn(client, subject, asked, rows)
    const cleaned = await spent(rows, () => pass(subject, 4 * MONTH))
    expect({ ...steps, 'clean-up': cleaned.written }).toEqual(NEW_USER)
    expect(await tablesOf(ledgerOf(subject))).toEqual([])
    expect(rows().written).toBe(9)
  })

  it.each(LOGINS)('of a known user with $name: 8', async (asked) => {
    const client = await clientFor(asked)
    const subject = crypto.randomUUID()
    await warm(client)
    const rows = await countRows()
    // A session that outlives the others, in which the consent is remembered.
    const first = { login: { remember: true, remember_for: 80 * DAY }, consent: asked.consent }
    await logIn(client, subject, { ...asked, ...first }, rows)
    await pass(subject, DAY)
    let before = rows().written
    const times = 10
    for (let login = 0; login < times; login += 1) {
      before += (await spent(rows, () => warm(client))).written
      const steps = await logIn(client, subject, { ...asked, consent: {} }, rows)
      expect({ ...steps, 'clean-up': 4 }).toEqual(KNOWN_USER)
      await pass(subject, 3 * DAY)
      rows()
    }
    await pass(subject, 45 * DAY)
    expect(await rowsOf(ledgerOf(subject))).toBeLessThanOrEqual(2)
    // And the grant of the first session, which then notes itself whom it tells.
    expect(rows().written - before).toBeLessThanOrEqual(8 * times + (asked.isTold ? 2 : 1))
  })
})
