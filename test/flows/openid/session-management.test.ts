import { createHash } from 'node:crypto'
import { beforeEach, describe, expect, it } from 'vitest'
import { Browser, bodyOf, Deployment, ISSUER } from '../../support/deployment.ts'
import {
  authorizationPath,
  authorizeAt,
  LoginApp,
  parameter,
  REDIRECT_URI,
  registerClient,
  type TestClient,
} from '../../support/relying-party.ts'

const COOKIE = 'ory_hydra_session_dev_state'

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

/** What the frame compares: the hash it makes of what it is told and of what the browser holds. */
function isUnchanged(answer: URL, origin = new URL(REDIRECT_URI).origin): boolean {
  const [hash, salt] = parameter(answer, 'session_state').split('.')
  const held = browser.cookies.get(COOKIE) ?? ''
  return hash === createHash('sha256').update(`${client.id} ${origin} ${held} ${salt}`).digest('hex')
}

async function logOut(): Promise<void> {
  const at = await browser.next('/oauth2/sessions/logout')
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
    expect(browser.cookies.has(COOKIE)).toBe(false)
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

describe('the cookie behind it', () => {
  it('is for scripts of this origin, tells nothing of the session, and is set only with it', async () => {
    await logIn('alice', { login: { subject: 'alice' } })
    expect(browser.cookies.has(COOKIE)).toBe(false)
    const atLogin = await browser.next(authorizationPath(client, {}))
    const challenge = parameter(atLogin, 'login_challenge')
    const app = new LoginApp(deployment)
    const body = { subject: 'alice', remember: true }
    const response = await browser.visit(await app.decide('login', 'accept', challenge, body))
    const line = response.headers.getSetCookie().find((cookie) => cookie.startsWith(`${COOKIE}=`))
    expect(line).toMatch(/^ory_hydra_session_dev_state=[\w-]{22}; Max-Age=\d+; Path=\/; SameSite=Lax$/)
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

  it('is found by discovery', async () => {
    const document = await bodyOf(await deployment.fetch('/.well-known/openid-configuration'))
    expect(document['check_session_iframe']).toBe(`${ISSUER}/oauth2/sessions/check`)
  })
})
