import { decodeJwt } from 'jose'
import { beforeEach, describe, expect, it } from 'vitest'
import { dropAnswers } from '../../support/bindings.ts'
import { Browser, bodyOf, Deployment, ISSUER, testEnv } from '../../support/deployment.ts'
import {
  authorizationPath,
  LoginApp,
  logIn,
  parameter,
  registerClient,
  type TestClient,
} from '../../support/relying-party.ts'

const LOGOUT = '/oauth2/sessions/logout'
const GOODBYE = 'https://app.example/goodbye'
const OWN_PAGE = `${ISSUER}/oauth2/fallbacks/logout/callback`
const ERROR_PAGE = '/oauth2/fallbacks/error'
const METHODS = ['GET', 'POST'] as const

const deployment = new Deployment()
const app = new LoginApp(deployment)
let client: TestClient
let browser: Browser
let idToken: string

beforeEach(async () => {
  client = await registerClient(deployment, { post_logout_redirect_uris: [GOODBYE, `${GOODBYE}?x=1`] })
  browser = new Browser(deployment)
  const login = { subject: crypto.randomUUID(), remember: true }
  idToken = (await logIn(deployment, client, { browser, login })).id_token
})

/** What a request may have; the values are those of this test's client. */
type Part = 'id_token_hint' | 'client_id' | 'post_logout_redirect_uri' | 'state'

const partOf = (part: Part): string =>
  ({ id_token_hint: idToken, client_id: client.id, post_logout_redirect_uri: GOODBYE, state: 's & 1' })[part]

function send(method: string, fields: Readonly<Record<string, string>>, by = browser): Promise<URL> {
  const body = new URLSearchParams(fields)
  return method === 'POST' ? by.next(LOGOUT, { method, body }) : by.next(`${LOGOUT}?${body}`)
}

const partsOf = (parts: readonly Part[]): Record<string, string> =>
  Object.fromEntries(parts.map((part) => [part, partOf(part)]))

/** Whether the browser still has its session. */
async function isLoggedIn(): Promise<boolean> {
  const at = await browser.next(authorizationPath(client, { prompt: 'none' }))
  return parameter(at, 'error') !== 'login_required'
}

const PARTS: readonly Part[] = ['id_token_hint', 'client_id', 'post_logout_redirect_uri', 'state']

/** Every combination of what may be sent. */
const COMBINATIONS = Array.from({ length: 2 ** PARTS.length }, (_, bits) =>
  PARTS.filter((__, at) => ((bits >> at) & 1) === 1),
)

describe.each(METHODS)('a logout request by %s', (method) => {
  it.each(COMBINATIONS.map((parts) => [parts.join(' ') || 'nothing', parts] as const))(
    'with %s',
    async (_, parts) => {
      const has = (part: Part): boolean => parts.includes(part)
      const at = await send(method, partsOf(parts))
      if (has('post_logout_redirect_uri') && !has('id_token_hint') && !has('client_id')) {
        expect([at.pathname, parameter(at, 'error')]).toEqual([ERROR_PAGE, 'invalid_request'])
        expect(await isLoggedIn()).toBe(true)
        return
      }
      const challenge = parameter(at, 'logout_challenge')
      const { request_url, ...request } = await bodyOf(await app.get('logout', challenge))
      expect(request).toMatchObject({ sid: decodeJwt(idToken)['sid'], rp_initiated: has('id_token_hint') })
      const shown = new URL(String(request_url), ISSUER)
      const hint = has('id_token_hint') ? { id_token_hint: parameter(shown, 'id_token_hint') } : {}
      expect([shown.pathname, Object.fromEntries(shown.searchParams)]).toEqual([
        LOGOUT,
        { ...partsOf(parts), ...hint },
      ])
      expect(await isLoggedIn(), 'before the user agreed').toBe(true)
      const end = await browser.next(await app.decide('logout', 'accept', challenge))
      const target = has('post_logout_redirect_uri') ? GOODBYE : OWN_PAGE
      const returned = has('post_logout_redirect_uri') && has('state') ? '?state=s+%26+1' : ''
      expect(end.href).toBe(target + returned)
      expect(await isLoggedIn()).toBe(false)
    },
  )

  it.each<[string, (other: TestClient) => Record<string, string>]>([
    ['an address that is not registered', () => ({ post_logout_redirect_uri: 'https://evil.example/' })],
    ['an address with more in its query', () => ({ post_logout_redirect_uri: `${GOODBYE}?x=1&y=2` })],
    ['an address of another case', () => ({ post_logout_redirect_uri: 'https://app.example/Goodbye' })],
    ['another client than the hint names', ({ id }) => ({ client_id: id })],
    ['an unknown client', () => ({ client_id: 'nobody' })],
    ['a hint that is no token', () => ({ id_token_hint: 'x' })],
    ['a hint whose signature is off', () => ({ id_token_hint: idToken.replace(/.{9}$/, 'AAAAAAAAA') })],
  ])('is refused on the error page, and ends nothing: %s', async (_, change) => {
    const other = await registerClient(deployment, { post_logout_redirect_uris: [GOODBYE] })
    const at = await send(method, { ...partsOf(PARTS), ...change(other) })
    expect([at.pathname, parameter(at, 'error')]).toEqual([ERROR_PAGE, 'invalid_request'])
    expect(await isLoggedIn()).toBe(true)
  })

  it('shows the logout app no ID token, but a short form of it with which it starts again', async () => {
    const at = await send(method, partsOf(PARTS))
    expect(at.href.length).toBeLessThan(2000)
    const path = `/admin/oauth2/auth/requests/logout?logout_challenge=${parameter(at, 'logout_challenge')}`
    const { request_url: again } = await bodyOf(await deployment.admin('GET', path))
    expect(again).not.toContain(idToken)
    const next = await browser.next(String(again))
    const end = await browser.next(await app.decide('logout', 'accept', parameter(next, 'logout_challenge')))
    expect(end.href).toBe(`${GOODBYE}?state=s+%26+1`)
  })

  it.each([10, 2000, 7000])('makes no object for its state: %i characters', async (length) => {
    const state = 's & 1'.padEnd(length, 'x')
    const lost = dropAnswers(testEnv(), { method: 'putBlob', times: 9, retryable: false })
    const without = new Deployment(lost)
    const body = new URLSearchParams({ ...partsOf(['id_token_hint', 'post_logout_redirect_uri']), state })
    const at = await new Browser(without).next(LOGOUT, { method: 'POST', body })
    const challenge = parameter(at, 'logout_challenge')
    const logoutApp = new LoginApp(without)
    const shown = await bodyOf(await logoutApp.get('logout', challenge))
    expect(parameter(new URL(String(shown['request_url']), ISSUER), 'state')).toBe(state)
    const end = await new Browser(without).next(await logoutApp.decide('logout', 'accept', challenge))
    expect(parameter(end, 'state')).toBe(state)
  })

  it('joins state to the query that a registered address has', async () => {
    const fields = { ...partsOf(PARTS), post_logout_redirect_uri: `${GOODBYE}?x=1` }
    const challenge = parameter(await send(method, fields), 'logout_challenge')
    const end = await browser.next(await app.decide('logout', 'accept', challenge))
    expect(end.href).toBe(`${GOODBYE}?x=1&state=s+%26+1`)
  })

  it('that somebody else’s browser sends without a hint ends nothing', async () => {
    const at = await send(method, partsOf(['client_id', 'post_logout_redirect_uri']), new Browser(deployment))
    expect(at.href).toBe(GOODBYE)
    expect(await isLoggedIn()).toBe(true)
  })

  it('that the user says no to ends nothing', async () => {
    const challenge = parameter(await send(method, partsOf(PARTS)), 'logout_challenge')
    const path = `/admin/oauth2/auth/requests/logout/reject?logout_challenge=${challenge}`
    expect((await deployment.admin('PUT', path)).status).toBe(204)
    expect(await isLoggedIn()).toBe(true)
  })

  it('hands logout_hint and ui_locales to the logout app', async () => {
    const hints = { logout_hint: 'alice', ui_locales: 'de' }
    const challenge = parameter(await send(method, hints), 'logout_challenge')
    const request = await bodyOf(await app.get('logout', challenge))
    expect(request['request_url']).toBe(`${LOGOUT}?${new URLSearchParams(hints)}`)
  })
})

describe('a repeated parameter', () => {
  it('of a logout request is refused, in query and form alike', async () => {
    const body = new URLSearchParams({ state: 'b' })
    const at = await browser.next(`${LOGOUT}?state=a`, { method: 'POST', body })
    expect([at.pathname, parameter(at, 'error')]).toEqual([ERROR_PAGE, 'invalid_request'])
    const twice = await browser.next(`${LOGOUT}?logout_verifier=a&logout_verifier=b`)
    expect([twice.pathname, parameter(twice, 'error')]).toEqual([ERROR_PAGE, 'invalid_request'])
  })

  it.each(METHODS)('of a logout request by %s is told once if its values are equal', async (method) => {
    const text = 'logout_hint=a&ui=1&logout_hint=a&ui=2'
    const init = { method, body: new URLSearchParams(text) }
    const at = await (method === 'GET' ? browser.next(`${LOGOUT}?${text}`) : browser.next(LOGOUT, init))
    const request = await bodyOf(await app.get('logout', parameter(at, 'logout_challenge')))
    expect(request['request_url']).toBe(`${LOGOUT}?logout_hint=a&ui=1&ui=2`)
  })
})

describe('the text of an unset variable', () => {
  it.each(['undefined', 'null', '[object Object]', ''])('is no hint and no address: %s', async (text) => {
    const fields = { id_token_hint: text, post_logout_redirect_uri: text, state: text }
    const challenge = parameter(await send('GET', fields), 'logout_challenge')
    const { rp_initiated, request_url } = await bodyOf(await app.get('logout', challenge))
    expect(rp_initiated).toBe(false)
    expect(parameter(new URL(String(request_url), ISSUER), 'state')).toBe(text)
    expect((await browser.next(await app.decide('logout', 'accept', challenge))).href).toBe(OWN_PAGE)
  })
})
