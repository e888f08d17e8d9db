import { afterEach, describe, expect, it, vi } from 'vitest'
import { Browser, bodyOf, Deployment, ISSUER } from '../support/deployment.ts'
import {
  authorizationPath,
  authorizeAt,
  LoginApp,
  logIn,
  parameter,
  redeem,
  registerClient,
  revoke,
  type TestClient,
} from '../support/relying-party.ts'

const deployment = new Deployment()
const app = new LoginApp(deployment)
const LOGOUT = '/oauth2/sessions/logout'
const GOODBYE = 'https://app.example/bye'
const AFTER = `${ISSUER}/oauth2/fallbacks/logout/callback`
const ERROR_PAGE = `${ISSUER}/oauth2/fallbacks/error`

afterEach(() => {
  vi.useRealTimers()
})

const pass = (seconds: number): void => {
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + seconds * 1000 })
}

const register = (): Promise<TestClient> =>
  registerClient(deployment, { post_logout_redirect_uris: [GOODBYE] })

/** A browser with a session, and the ID token of its login. */
async function loggedIn(client: TestClient, login: object = {}) {
  const browser = new Browser(deployment)
  const { id_token } = await logIn(deployment, client, { browser, login: { remember: true, ...login } })
  return { browser, id_token }
}

const asking = (fields: Readonly<Record<string, string>>): string =>
  `${LOGOUT}?${new URLSearchParams(fields)}`
const shown = (url: URL): readonly string[] => [url.origin + url.pathname, parameter(url, 'error')]

describe('a logout (contract 3.11)', () => {
  it('is refused for an address that is not registered, and for a hint of a client that is gone', async () => {
    const client = await register()
    const { browser, id_token } = await loggedIn(client)
    const elsewhere = { id_token_hint: id_token, post_logout_redirect_uri: `${GOODBYE}/more` }
    expect(shown(await browser.next(asking(elsewhere)))).toEqual([ERROR_PAGE, 'invalid_request'])
    await deployment.admin('DELETE', `/admin/clients/${client.id}`)
    const hinted = asking({ id_token_hint: id_token })
    expect(shown(await browser.next(hinted))).toEqual([ERROR_PAGE, 'invalid_request'])
  })

  it.each([
    ['over', { remember: true }],
    ['not remembered', { remember: false }],
  ])('of a session that is %s goes straight on', async (_name, login) => {
    const client = await register()
    const subject = crypto.randomUUID()
    const { browser, id_token } = await loggedIn(client, { subject, ...login })
    if (login.remember)
      await deployment.admin('DELETE', `/admin/oauth2/auth/sessions/login?subject=${subject}`)
    const back = { id_token_hint: id_token, post_logout_redirect_uri: GOODBYE }
    expect((await browser.next(asking({ ...back, state: 's 1' }))).href).toBe(`${GOODBYE}?state=s+1`)
    expect((await browser.next(asking(back))).href).toBe(GOODBYE)
    expect((await browser.next(asking({ id_token_hint: id_token }))).href).toBe(AFTER)
  })

  it('takes its parameters by form, and a hint that has expired', async () => {
    const client = await register()
    const { browser, id_token } = await loggedIn(client)
    pass(7200)
    const body = new URLSearchParams({ id_token_hint: id_token, post_logout_redirect_uri: GOODBYE })
    const challenge = parameter(await browser.next(LOGOUT, { method: 'POST', body }), 'logout_challenge')
    const request = await bodyOf(await app.get('logout', challenge))
    expect(request).toMatchObject({ rp_initiated: true, client: { client_id: client.id } })
    expect(request['request_url']).toBe(`${LOGOUT}?${body}`)
    expect((await browser.next(await app.decide('logout', 'accept', challenge))).href).toBe(GOODBYE)
  })

  it('may be looked at again after it was accepted; late it begins afresh', async () => {
    const { browser } = await loggedIn(await register())
    const challenge = parameter(await browser.next(LOGOUT), 'logout_challenge')
    const last = await app.decide('logout', 'accept', challenge)
    expect((await app.get('logout', challenge)).status).toBe(200)
    pass(31 * 60)
    const late = await app.get('logout', challenge)
    expect([late.status, await bodyOf(late)]).toEqual([410, { redirect_to: `${ISSUER}${LOGOUT}` }])
    expect(shown(await browser.next(last))).toEqual([ERROR_PAGE, 'request_unauthorized'])
  })

  it('with a verifier that is none: Not Found on the error page', async () => {
    const at = await new Browser(deployment).next(asking({ logout_verifier: 'forged' }))
    expect(shown(at)).toEqual([ERROR_PAGE, 'Not Found'])
  })

  it('that the browser asked for ends nothing in another browser', async () => {
    const client = await register()
    const { browser } = await loggedIn(client)
    const challenge = parameter(await browser.next(LOGOUT), 'logout_challenge')
    const last = await app.decide('logout', 'accept', challenge)
    expect((await new Browser(deployment).next(last)).href).toBe(AFTER)
    const page = await browser.next(authorizationPath(client))
    const login = await app.get('login', parameter(page, 'login_challenge'))
    expect(await bodyOf(login)).toMatchObject({ skip: true })
  })

  it('leaves the tokens', async () => {
    const client = await register()
    const browser = new Browser(deployment)
    const { access_token } = await logIn(deployment, client, { browser, login: { remember: true } })
    const challenge = parameter(await browser.next(LOGOUT), 'logout_challenge')
    await browser.next(await app.decide('logout', 'accept', challenge))
    expect(await deployment.introspect(access_token)).toMatchObject({ active: true })
  })
})

describe('what others cannot spoil (contract 8.2)', () => {
  it('a consent brought by another browser is refused, and still counts in its own', async () => {
    const client = await register()
    const browser = new Browser(deployment)
    const atLogin = await browser.next(authorizationPath(client))
    const login = parameter(atLogin, 'login_challenge')
    const atConsent = await browser.next(await app.decide('login', 'accept', login, { subject: 'alice' }))
    const consent = { grant_scope: ['openid'] }
    const last = await app.decide('consent', 'accept', parameter(atConsent, 'consent_challenge'), consent)
    const stolen = await new Browser(deployment).next(last)
    expect(parameter(stolen, 'error')).toBe('request_forbidden')
    const code = parameter(await browser.next(last), 'code')
    expect((await redeem(deployment, client, code)).status).toBe(200)
  })

  it('a token of another client, or none, is revoked with 200, and nothing happens', async () => {
    const client = await register()
    const other = await register()
    const { access_token, refresh_token } = await logIn(deployment, client)
    for (const token of [access_token, refresh_token, 'unknown']) {
      expect((await revoke(deployment, other, token)).status).toBe(200)
    }
    expect(await deployment.introspect(access_token)).toMatchObject({ active: true })
    expect(await deployment.introspect(refresh_token)).toMatchObject({ active: true })
  })
})

describe('prompt=none (contract 3.3)', () => {
  it('with a session older than max_age is login_required, and an expired hint is as good as a fresh one', async () => {
    const client = await register()
    const { browser, id_token } = await loggedIn(client)
    await authorizeAt(deployment, client, { browser, consent: { remember: true } })
    pass(7200)
    const none = { prompt: 'none', id_token_hint: id_token }
    const late = await browser.next(authorizationPath(client, { ...none, max_age: '3600' }))
    expect(parameter(late, 'error')).toBe('login_required')
    const callback = await authorizeAt(deployment, client, { browser, request: none })
    expect(parameter(callback, 'code')).toMatch(/^ory_ac_/)
  })
})
