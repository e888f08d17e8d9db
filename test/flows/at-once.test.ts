import { runDurableObjectAlarm, runInDurableObject } from 'cloudflare:test'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { ownerOf } from '../../src/ledger/owner.ts'
import { plantGrants } from '../ledger/rows.ts'
import { Browser, bodyOf, Deployment, testEnv } from '../support/deployment.ts'
import { LogLines } from '../support/log-lines.ts'
import {
  authorizationPath,
  LoginApp,
  logIn,
  parameter,
  refresh,
  registerClient,
} from '../support/relying-party.ts'

const MANY = 20_000
const env = testEnv({ OAUTH2_REVOKE_TOKENS_ON_LOGOUT: 'true' })
const deployment = new Deployment(env)
const app = new LoginApp(deployment)

// An alarm that is due would fire by itself; one of tomorrow waits for the test.
beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 86_400_000 })
})
afterEach(() => {
  vi.useRealTimers()
  vi.restoreAllMocks()
})

const logged = new LogLines()
/** Plants grants whose ids come before that of the real one, which no call looks at itself then; some in the book. */
async function plant(subject: string): Promise<void> {
  const stub = env.LEDGER.getByName(ownerOf('subject', subject, 'none'))
  await plantGrants({ stub }, MANY, { id: "printf('00000000-%012d', n)", remembered: '0' })
  await env.DB.prepare(
    `WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < 600)
     INSERT INTO grants_book (subject, client_id, scope, granted_at, last_granted_at)
     SELECT ?, printf('client-%d', n), '[]', 0, 0 FROM numbers`,
  )
    .bind(subject)
    .run()
}

const inBook = (subject: string): Promise<number | null> =>
  env.DB.prepare('SELECT count(*) AS open FROM grants_book WHERE subject = ? AND ended_at IS NULL')
    .bind(subject)
    .first<number>('open')

it.each([
  {
    what: 'consents',
    end: 'consent?subject=SUBJECT&all=true',
    event: 'consent.revoked',
    skips: [true, false],
    listed: 0,
    open: 1,
  },
  {
    what: 'sessions',
    end: 'login?subject=SUBJECT',
    event: 'token.revoked',
    skips: [false, true],
    listed: 1,
    // Which of so many grants still stand is not looked for: their rows go when they expire (docs/grants-book.md).
    open: 601,
  },
])(
  'the end of all $what of a subject with 20,000 grants is seen everywhere at once',
  async ({ what, end, event, ...then }) => {
    const subject = `monitor-${what}`
    const path = `/admin/oauth2/auth/sessions/${end}`.replace('SUBJECT', subject)
    const stub = env.LEDGER.getByName(ownerOf('subject', subject, 'none'))
    const remembered = { login: { subject, remember: true }, consent: { remember: true } }
    const client = await registerClient(deployment)
    const browser = new Browser(deployment)
    const tokens = await logIn(deployment, client, { browser, ...remembered })
    await plant(subject)
    expect((await deployment.introspect(tokens.access_token))['active']).toBe(true)
    logged.clear()
    for (let time = 0; time < 2; time += 1) expect((await deployment.admin('DELETE', path)).status).toBe(204)
    const [line] = logged.of('audit').filter((one) => one['event'] === event)
    expect(line).toMatchObject({ more: true, count: 100 })
    expect(line?.['grants']).toHaveLength(20)
    expect(
      Math.max(
        ...logged
          .text()
          .split('\n')
          .map((one) => one.length),
      ),
    ).toBeLessThan(2000)
    for (const token of [tokens.access_token, tokens.refresh_token])
      expect(await deployment.introspect(token)).toEqual({ active: false })
    const refused = await refresh(deployment, client, tokens.refresh_token)
    expect([refused.status, (await bodyOf(refused))['error']]).toEqual([400, 'invalid_grant'])
    const headers = { authorization: `Bearer ${tokens.access_token}` }
    expect((await deployment.fetch('/userinfo', { headers })).status).toBe(401)
    const list = await deployment.admin('GET', `/admin/oauth2/auth/sessions/consent?subject=${subject}`)
    expect(await list.json()).toHaveLength(then.listed)
    // What is given afterwards is alive, before and after the clean-up.
    const atLogin = await browser.next(authorizationPath(client))
    const login = await bodyOf(await app.get('login', parameter(atLogin, 'login_challenge')))
    const accepted = await app.decide('login', 'accept', String(login['challenge']), remembered.login)
    const atConsent = await browser.next(accepted)
    const consent = await bodyOf(await app.get('consent', parameter(atConsent, 'consent_challenge')))
    expect([login['skip'], consent['skip']]).toEqual(then.skips)
    const fresh = await logIn(deployment, client, { browser, ...remembered })
    expect((await deployment.introspect(fresh.access_token))['active']).toBe(true)
    const left = () =>
      runInDurableObject(stub, (_ledger, { storage }) =>
        storage.sql.exec<{ n: number }>('SELECT count(*) AS n FROM sweeps').one(),
      )
    while ((await left()).n > 0) await runDurableObjectAlarm(stub)
    expect((await deployment.introspect(fresh.access_token))['active']).toBe(true)
    expect((await refresh(deployment, client, fresh.refresh_token)).status).toBe(200)
    // The real one is among them: its second grant is alive.
    expect(await inBook(subject)).toBe(then.open)
  },
)
