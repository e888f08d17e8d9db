import { createHash } from 'node:crypto'
import { beforeEach, describe, expect, it } from 'vitest'
import { discovered } from '../../../src/http/endpoint.ts'
import { runtimeOf } from '../../../src/runtime.ts'
import { Browser, bodyOf, Deployment, ISSUER, testEnv } from '../../support/deployment.ts'
import { endpoints } from '../../support/endpoints.ts'
import {
  authorizationPath,
  authorizeAt,
  LoginApp,
  parameter,
  REDIRECT_URI,
  redeem,
  registerClient,
  type TestClient,
} from '../../support/relying-party.ts'
import { frameSaysUnchanged, STATE_COOKIE } from '../../support/session-frame.ts'

let deployment: Deployment
let client: TestClient
let browser: Browser

beforeEach(async () => {
  deployment = new Deployment()
  client = await registerClient(deployment)
  browser = new Browser(deployment)
})

const logIn = (subject: string, options = {}): Promise<URL> =>
  authorizeAt(deployment, client, { browser, login: { subject, remember: true }, ...options })

const isUnchanged = (answer: URL, origin = new URL(REDIRECT_URI).origin): boolean =>
  frameSaysUnchanged(browser, {
    clientId: client.id,
    origin,
    sessionState: parameter(answer, 'session_state'),
  })

/** The cookie that the frame reads. */
const stateCookie = (): string | undefined =>
  [...browser.cookies].find(([name]) => STATE_COOKIE.test(name))?.[1]

async function logOut(parameters: Readonly<Record<string, string>> = {}): Promise<void> {
  const at = await browser.next(`/oauth2/sessions/logout?${new URLSearchParams(parameters)}`)
  if (!at.searchParams.has('logout_challenge')) return
  await browser.visit(
    await new LoginApp(deployment).decide('logout', 'accept', parameter(at, 'logout_challenge')),
  )
}

describe('session_state', () => {
  it('of an answer holds for the session, and no longer after logout', async () => {
    const answer = await logIn('alice')
    expect(isUnchanged(answer)).toBe(true)
    expect(isUnchanged(answer, 'https://other.example')).toBe(false)
    await logOut()
    expect(stateCookie()).toBeUndefined()
    expect(isUnchanged(answer)).toBe(false)
  })

  it('does not hold when somebody else logs in', async () => {
    const before = await logIn('alice')
    const after = await logIn('bob', { request: { prompt: 'login' } })
    expect(parameter(after, 'code')).not.toBe('')
    expect(isUnchanged(before)).toBe(false)
    expect(isUnchanged(after)).toBe(true)
  })

  it('holds on when the same user is asked again and when the session is extended', async () => {
    const before = await logIn('alice')
    await logIn('alice', { login: { subject: 'alice', remember: true, extend_session_lifespan: true } })
    expect(isUnchanged(before)).toBe(true)
  })

  it('comes with errors too, so that a page can watch for somebody to log in', async () => {
    const refused = await browser.next(authorizationPath(client, { prompt: 'none' }))
    expect(parameter(refused, 'error')).toBe('login_required')
    expect(isUnchanged(refused)).toBe(true)
    await logIn('alice')
    expect(isUnchanged(refused)).toBe(false)
  })

  it('of a login that is not remembered ends with its session too', async () => {
    const answer = await logIn('alice', { login: { subject: 'alice' } })
    expect(isUnchanged(answer)).toBe(true)
    const tokens = await bodyOf(await redeem(deployment, client, parameter(answer, 'code')))
    await logOut({ id_token_hint: String(tokens['id_token']) })
    expect(isUnchanged(answer)).toBe(false)
  })

  it('does not hold for a session that another one in this browser replaced meanwhile', async () => {
    const app = new LoginApp(deployment)
    const atLogin = await browser.next(authorizationPath(client))
    const body = { subject: 'alice', remember: true }
    const accepted = await app.decide('login', 'accept', parameter(atLogin, 'login_challenge'), body)
    const atConsent = await browser.next(accepted)
    await logIn('bob', { request: { prompt: 'login' } })
    const consent = { grant_scope: ['openid'] }
    const verdict = await app.decide('consent', 'accept', parameter(atConsent, 'consent_challenge'), consent)
    const answer = await browser.next(verdict)
    expect(parameter(answer, 'code')).not.toBe('')
    expect(isUnchanged(answer)).toBe(false)
  })

  it.each([
    ['plain OAuth', { request: { scope: 'offline_access' } }, {}],
    [
      'an application without web origin',
      { request: { redirect_uri: 'com.example.app:/cb' } },
      { redirect_uris: ['com.example.app:/cb'] },
    ],
  ])('is not told to %s', async (_name, options, metadata) => {
    client = await registerClient(deployment, metadata)
    const answer = await logIn('alice', options)
    expect(parameter(answer, 'code')).not.toBe('')
    expect(answer.searchParams.has('session_state')).toBe(false)
  })
})

const STATE_COOKIE_LINE = /_state=/

/** The line that sets the cookie. */
const cookieOf = (response: Response): string | undefined =>
  response.headers.getSetCookie().find((line) => STATE_COOKIE_LINE.test(line))

describe('the cookie behind it', () => {
  it('is for scripts of this very host, and another one for each session', async () => {
    deployment = new Deployment(testEnv({ SERVE_COOKIES_DOMAIN: 'localhost' }))
    const values = []
    for (const subject of ['alice', 'alice']) {
      browser = new Browser(deployment)
      const atLogin = await browser.next(authorizationPath(client))
      const challenge = parameter(atLogin, 'login_challenge')
      const accepted = await new LoginApp(deployment).decide('login', 'accept', challenge, {
        subject,
        remember: true,
      })
      const line = cookieOf(await browser.visit(accepted))
      expect(line).toMatch(/^ory_hydra_session_dev_state=[\w-]{22}; Max-Age=\d+; Path=\/; SameSite=Lax$/)
      values.push(stateCookie())
    }
    expect(new Set(values).size).toBe(2)
  })

  it('lasts as long as the cookie of the session, also when that is extended', async () => {
    const maxAge = (response: Response, name: RegExp): string | undefined =>
      response.headers
        .getSetCookie()
        .find((line) => name.test(line))
        ?.match(/Max-Age=(\d+)/)?.[1]
    const values = []
    for (const seconds of [3600, 7200]) {
      const atLogin = await browser.next(authorizationPath(client))
      const challenge = parameter(atLogin, 'login_challenge')
      const accepted = await new LoginApp(deployment).decide('login', 'accept', challenge, {
        subject: 'alice',
        remember: true,
        remember_for: seconds,
        extend_session_lifespan: true,
      })
      const response = await browser.visit(accepted)
      expect(maxAge(response, /^ory_hydra_session_dev=/)).toBe(String(seconds))
      expect(maxAge(response, STATE_COOKIE_LINE)).toBe(String(seconds))
      values.push(stateCookie())
    }
    expect(new Set(values).size).toBe(1)
  })

  it('is not set, nor its state told, where session management is off', async () => {
    deployment = new Deployment(testEnv({ OIDC_SESSION_MANAGEMENT: 'false' }))
    browser = new Browser(deployment)
    const answer = await logIn('alice')
    expect(parameter(answer, 'code')).not.toBe('')
    expect(answer.searchParams.has('session_state')).toBe(false)
    expect(stateCookie()).toBeUndefined()
  })
})

describe('the page for the frame', () => {
  it('may be in anybody’s frame and runs one script, which its policy names', async () => {
    const response = await deployment.fetch('/oauth2/sessions/check')
    expect(response.status).toBe(200)
    expect(response.headers.get('x-frame-options')).toBeNull()
    const [, script = ''] = /<script>(.*)<\/script>/s.exec(await response.text()) ?? []
    const hash = createHash('sha256').update(script).digest('base64')
    expect(response.headers.get('content-security-policy')).toBe(
      `default-src 'none'; script-src 'sha256-${hash}'`,
    )
  })

  it.each([
    [{}, `${ISSUER}/oauth2/sessions/check`],
    [{ URLS_SELF_PUBLIC: 'https://public.example' }, 'https://public.example/oauth2/sessions/check'],
    [{ URLS_SELF_ISSUER: 'https://op.example' }, 'https://op.example/oauth2/sessions/check'],
    [{ URLS_SELF_ISSUER: 'https://op.example', SERVE_COOKIES_SAME_SITE_MODE: 'Lax' }, undefined],
    [{ OIDC_SESSION_MANAGEMENT: 'false' }, undefined],
  ])('is found by discovery where a frame is sent cookies: %j', async (settings, address) => {
    const { config } = runtimeOf(testEnv(settings))
    expect(discovered(endpoints, config)['check_session_iframe']).toBe(address)
  })
})
