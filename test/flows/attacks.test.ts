import { decodeJwt } from 'jose'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { dropAnswers } from '../support/bindings.ts'
import { Browser, bodyOf, Deployment, testEnv } from '../support/deployment.ts'
import { withOutage } from '../support/outage.ts'
import {
  authorizationPath,
  authorizeAt,
  LoginApp,
  logIn,
  parameter,
  redeem,
  refresh,
  registerClient,
  type TestClient,
} from '../support/relying-party.ts'

const deployment = new Deployment()
const app = new LoginApp(deployment)

afterEach(() => {
  vi.useRealTimers()
})

async function challengeFor(browser: Browser, client: TestClient, request = {}): Promise<string> {
  return parameter(await browser.next(authorizationPath(client, request)), 'login_challenge')
}

describe('what was found by attacking (regressions)', () => {
  it('the jti of a JWT access token is no token', async () => {
    const client = await registerClient(deployment, { access_token_strategy: 'jwt' })
    const { access_token } = await logIn(deployment, client)
    const jti = decodeJwt(access_token).jti ?? ''
    for (const token of [jti, `ory_at_${jti}`]) {
      expect(await deployment.introspect(token)).toEqual({ active: false })
      const headers = { authorization: `Bearer ${token}` }
      expect((await deployment.fetch('/userinfo', { headers })).status).toBe(401)
    }
    expect(await deployment.introspect(access_token)).toMatchObject({ active: true })
  })

  it('a login accepted before all sessions were ended starts none: the user logs in again', async () => {
    const client = await registerClient(deployment)
    const browser = new Browser(deployment)
    const held = await app.decide('login', 'accept', await challengeFor(browser, client), { subject: 'held' })
    await deployment.admin('DELETE', '/admin/oauth2/auth/sessions/login?subject=held')
    const again = await browser.next(held)
    expect(parameter(again, 'login_challenge')).not.toBe('')
    expect(again.pathname).not.toContain('consent')
    const anew = await app.decide('login', 'accept', parameter(again, 'login_challenge'), { subject: 'held' })
    expect(parameter(await browser.next(anew), 'consent_challenge')).not.toBe('')
    const stillHeld = await browser.next(held)
    expect(parameter(stillHeld, 'consent_challenge')).toBe('')
  })

  it('after all sessions were ended one login is enough, in any browser', async () => {
    const client = await registerClient(deployment)
    const subject = crypto.randomUUID()
    await authorizeAt(deployment, client, { login: { subject, remember: true } })
    await deployment.admin('DELETE', `/admin/oauth2/auth/sessions/login?subject=${subject}`)
    for (const challenged of ['before', 'after']) {
      const browser = new Browser(deployment)
      const challenge = await challengeFor(browser, client)
      if (challenged === 'before')
        await deployment.admin('DELETE', `/admin/oauth2/auth/sessions/login?subject=${subject}`)
      const accepted = await app.decide('login', 'accept', challenge, { subject })
      expect(parameter(await browser.next(accepted), 'consent_challenge'), challenged).not.toBe('')
    }
  })

  it('a user who proved who they are before all sessions were ended does so again', async () => {
    const client = await registerClient(deployment)
    const subject = crypto.randomUUID()
    const password = new Date().toISOString()
    await authorizeAt(deployment, client, { login: { subject } })
    await deployment.admin('DELETE', `/admin/oauth2/auth/sessions/login?subject=${subject}`)
    const browser = new Browser(deployment)
    const accept = async (authenticated_at: string) =>
      new URL(
        await app.decide('login', 'accept', await challengeFor(browser, client), {
          subject,
          authenticated_at,
        }),
      )
    const again = await accept(password)
    expect([again.pathname, parameter(again, 'prompt')]).toEqual(['/oauth2/auth', 'login'])
    const anew = await accept(new Date().toISOString())
    expect(parameter(await browser.next(anew.href), 'consent_challenge')).not.toBe('')
    for (const days of [1, 179, 181]) {
      vi.useFakeTimers({ toFake: ['Date'], now: Date.parse(password) + days * 86_400_000 })
      const later = await accept(password)
      expect([later.pathname, parameter(later, 'prompt')], `${days} days`).toEqual(['/oauth2/auth', 'login'])
    }
  })

  it('two logins of one challenge, from before and after all sessions were ended, leave no session that an id does not find', async () => {
    const client = await registerClient(deployment)
    const subject = crypto.randomUUID()
    await authorizeAt(deployment, client, { login: { subject, remember: true } })
    const browser = new Browser(deployment)
    const challenge = await challengeFor(browser, client)
    const before = await app.decide('login', 'accept', challenge, { subject, remember: true })
    await deployment.admin('DELETE', `/admin/oauth2/auth/sessions/login?subject=${subject}`)
    const after = await app.decide('login', 'accept', challenge, { subject, remember: true })
    expect((await browser.next(before)).pathname).not.toBe('/consent')
    expect(parameter(await browser.next(after), 'consent_challenge')).toBe('')
  })

  it('a challenge accepted for two subjects gives a session to the first only', async () => {
    const client = await registerClient(deployment)
    const browser = new Browser(deployment)
    const challenge = await challengeFor(browser, client)
    const first = await app.decide('login', 'accept', challenge, { subject: 'anna' })
    const second = await app.decide('login', 'accept', challenge, { subject: 'bert' })
    expect(parameter(await browser.next(first), 'consent_challenge')).not.toBe('')
    expect((await browser.next(second)).pathname).toBe('/oauth2/auth')
    expect(parameter(await browser.next(first), 'consent_challenge')).not.toBe('')
  })

  it('a re-created client inherits neither consents nor running flows', async () => {
    await registerClient(deployment, { client_id: 'heir', client_secret: 'first-secret' })
    const client = { id: 'heir', secret: 'first-secret' }
    const browser = new Browser(deployment)
    const remembered = { login: { subject: 'owner', remember: true }, consent: { remember: true } }
    await authorizeAt(deployment, client, { browser, ...remembered })
    const running = await app.decide('login', 'accept', await challengeFor(browser, client), {
      subject: 'owner',
    })
    await deployment.admin('DELETE', '/admin/clients/heir')
    const heir = await registerClient(deployment, { client_id: 'heir', client_secret: 'second-secret' })
    expect((await browser.next(running)).pathname).toBe('/oauth2/auth')
    const at = await browser.next(
      await app.decide('login', 'accept', await challengeFor(browser, heir), { subject: 'owner' }),
    )
    const consent = await bodyOf(await app.get('consent', parameter(at, 'consent_challenge')))
    expect(consent).toMatchObject({ skip: false, subject: 'owner' })
    const list = await deployment.admin('GET', '/admin/oauth2/auth/sessions/consent?subject=owner')
    expect(await list.json()).toEqual([])
  })

  it('keys that cannot be had cost nobody a code or a refresh token', async () => {
    const strict = { OAUTH2_GRANT_REFRESH_TOKEN_ROTATION_GRACE_PERIOD: '0s' }
    const plain = new Deployment(testEnv(strict))
    const client = await registerClient(plain)
    const tokens = await logIn(plain, client)
    const code = parameter(await authorizeAt(plain, client), 'code')
    const outage = withOutage(testEnv(strict))
    const cold = new Deployment(outage.env)
    await cold.introspect(tokens.access_token)
    await cold.fetch(authorizationPath(client))
    outage.down = true
    const refused = [await redeem(cold, client, code), await refresh(cold, client, tokens.refresh_token)]
    expect(refused.map(({ status }) => status)).toEqual([503, 503])
    expect((await redeem(plain, client, code)).status).toBe(200)
    expect((await refresh(plain, client, tokens.refresh_token)).status).toBe(200)
  })

  it('authorization requests have a bound, and write nothing before anybody logs in', async () => {
    const client = await registerClient(deployment)
    const long = await new Browser(deployment).next(
      authorizationPath(client, { ui_locales: 'x'.repeat(9000) }),
    )
    expect([long.pathname, parameter(long, 'error')]).toEqual(['/oauth2/fallbacks/error', 'invalid_request'])
    const lost = new Deployment(dropAnswers(testEnv(), { method: 'putBlob', times: 9, retryable: false }))
    const at = await new Browser(lost).next(authorizationPath(client, { login_hint: 'x'.repeat(7000) }))
    const request = await bodyOf(await app.get('login', parameter(at, 'login_challenge')))
    expect(request['oidc_context']).toEqual({ login_hint: 'x'.repeat(7000) })
  })

  it('context and session have a bound', async () => {
    const client = await registerClient(deployment)
    const challenge = await challengeFor(new Browser(deployment), client)
    const path = `/admin/oauth2/auth/requests/login/accept?login_challenge=${challenge}`
    const answer = await deployment.admin('PUT', path, { subject: 'x', context: 'y'.repeat(66_000) })
    expect(answer.status).toBe(400)
  })

  it('a flow too large for the URL expires like any other', async () => {
    vi.useFakeTimers({ toFake: ['Date'] })
    const client = await registerClient(deployment)
    const browser = new Browser(deployment)
    const login = { subject: 'large', context: 'z'.repeat(5000) }
    const afterLogin = await app.decide('login', 'accept', await challengeFor(browser, client), login)
    const at = await browser.next(afterLogin)
    vi.setSystemTime(Date.now() + 31 * 60_000)
    const gone = await app.get('consent', parameter(at, 'consent_challenge'))
    expect([gone.status, Object.keys(await bodyOf(gone))]).toEqual([410, ['redirect_to']])
    expect((await browser.next(afterLogin)).pathname).toBe('/oauth2/auth')
  })

  it('an expired logout begins again at our own address, however its own was spelt', async () => {
    vi.useFakeTimers({ toFake: ['Date'] })
    const client = await registerClient(deployment)
    const browser = new Browser(deployment)
    await authorizeAt(deployment, client, { browser, login: { remember: true } })
    const at = await browser.next('http://localhost:4444//oauth2/sessions/logout')
    vi.setSystemTime(Date.now() + 31 * 60_000)
    const gone = await bodyOf(await app.get('logout', parameter(at, 'logout_challenge')))
    expect(String(gone['redirect_to'])).toMatch(/^http:\/\/localhost:4444\/oauth2\/sessions\/logout/)
  })

  it('posted verifiers and empty parameters are nothing', async () => {
    const client = await registerClient(deployment)
    const [path = '', query = ''] = authorizationPath(client).split('?')
    const body = new URLSearchParams(`${query}&login_verifier=x.y&consent_verifier=x.y`)
    const browser = new Browser(deployment)
    const at = await browser.next(`${path}?client_id=&login_verifier=`, { method: 'POST', body })
    const request = await bodyOf(await app.get('login', parameter(at, 'login_challenge')))
    expect(String(request['request_url'])).not.toContain('verifier')
    const challenge = parameter(at, 'login_challenge')
    const next = await browser.next(await app.decide('login', 'accept', challenge, { subject: 'posted' }))
    expect(parameter(next, 'consent_challenge')).not.toBe('')
  })

  it('custom claims never pass for claims about the token', async () => {
    const names = ['azp', 'nonce', 'at_hash', 'c_hash', 'sid', 'jti', 'exp', 'iat', 'iss', 'aud', 'sub']
    const id_token = Object.fromEntries(names.map((name) => [name, 'evil']))
    const settings = { OAUTH2_ALLOWED_TOP_LEVEL_CLAIMS: 'scope', STRATEGIES_ACCESS_TOKEN: 'jwt' }
    const promoting = new Deployment(testEnv(settings))
    const client = await registerClient(promoting)
    const session = { id_token, access_token: { scope: 'admin' } }
    const tokens = await logIn(promoting, client, { consent: { session } })
    expect(Object.values(decodeJwt(tokens.id_token))).not.toContain('evil')
    expect(decodeJwt(tokens.id_token)).not.toHaveProperty('azp')
    expect(decodeJwt(tokens.access_token)['scope']).toBeUndefined()
  })
})
