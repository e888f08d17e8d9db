import { runDurableObjectAlarm } from 'cloudflare:test'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { ownerOf } from '../../src/ledger/owner.ts'
import { Browser, bodyOf, Deployment, ISSUER, testEnv } from '../support/deployment.ts'
import { LogLines } from '../support/log-lines.ts'
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
    const shown = new URL(String(request['request_url']), ISSUER)
    expect([shown.pathname, ...shown.searchParams.keys()]).toEqual([LOGOUT, ...body.keys()])
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

describe('the session of the identity provider (contract 2.2, 3.11)', () => {
  const log = new LogLines()
  /** Requests of Ladon to the provider, and what it answers. */
  let asked: Request[]
  let answer: () => Response | Promise<Response>
  let subject: string
  const ID = '5a2ad38a-3a5b-4b39-a0a3-2f3f1a8e4c11'
  const SESSIONS = 'https://kratos.example/base/admin/sessions/'

  beforeEach(() => {
    asked = []
    answer = () => new Response(null, { status: 204 })
    subject = `user-${crypto.randomUUID()}`
    vi.spyOn(globalThis, 'fetch').mockImplementation(async (input, init) => {
      asked.push(new Request(input, init))
      return answer()
    })
  })

  const login = (id: string, more: object = {}) => ({
    subject,
    remember: true,
    identity_provider_session_id: id,
    ...more,
  })

  /** A browser that the provider logged in, and the session there and here. */
  async function withProvider(at = deployment, id = ID) {
    const browser = new Browser(at)
    const { id_token } = await logIn(at, await registerClient(at), { browser, login: login(id) })
    const [, claims = ''] = id_token.split('.')
    return { browser, id_token, sid: String(JSON.parse(atob(claims))['sid']) }
  }

  /** Ends the session of a browser, without or with the application's hint. */
  async function logOut(browser: Browser, at = deployment, fields: Readonly<Record<string, string>> = {}) {
    const challenge = parameter(await browser.next(asking(fields)), 'logout_challenge')
    await browser.next(await new LoginApp(at).decide('logout', 'accept', challenge))
  }

  const alarm = (): Promise<boolean> => {
    const { LEDGER } = deployment.env
    return runDurableObjectAlarm(LEDGER.get(LEDGER.idFromName(ownerOf('subject', subject, 'none'))))
  }

  const endLogins = (query: string): Promise<Response> =>
    deployment.admin('DELETE', `/admin/oauth2/auth/sessions/login?${query}`)

  it.each<[string, number, (user: Awaited<ReturnType<typeof withProvider>>) => Promise<unknown>]>([
    [
      'by the application',
      1,
      ({ browser, id_token }) => logOut(browser, deployment, { id_token_hint: id_token }),
    ],
    ['by the user alone', 1, ({ browser }) => logOut(browser)],
    ['by an admin, one session', 1, ({ sid }) => endLogins(`sid=${sid}`)],
    ['by an admin, all sessions, which to Hydra is no logout', 0, () => endLogins(`subject=${subject}`)],
  ])('ends with ours, when that is ended %s: %i requests', async (_name, times, end) => {
    const user = await withProvider()
    await end(user)
    expect(asked.map(({ method, url }) => [method, url])).toEqual(
      Array(times).fill(['DELETE', SESSIONS + ID]),
    )
    for (const { headers } of asked) expect(headers.get('authorization')).toBe('Bearer provider-secret')
  })

  it.each<[string, () => Response | Promise<Response>, 'again' | 'final', object]>([
    ['204', () => new Response(null, { status: 204 }), 'final', {}],
    ['404, it is gone', () => new Response('{}', { status: 404 }), 'final', {}],
    ['410, it is gone', () => new Response('{}', { status: 410 }), 'final', {}],
    ['401', () => new Response('{}', { status: 401 }), 'final', { 'logout.refused': [{ status: 401 }] }],
    ['400', () => new Response('{}', { status: 400 }), 'final', { 'logout.refused': [{ status: 400 }] }],
    [
      '502',
      () => new Response(null, { status: 502 }),
      'again',
      { 'logout.refused': [{ status: 502 }, { status: 502 }] },
    ],
    ['nothing', () => Promise.reject(new TypeError('lost')), 'again', { 'logout.unsent': [{}, {}] }],
    [
      'a redirect',
      () => Response.redirect('https://kratos.example/', 302),
      'again',
      { 'logout.unsent': [{}, {}] },
    ],
  ])('that answers %s is settled or asked again by the alarm', async (_name, failing, when, lines) => {
    const { browser } = await withProvider()
    answer = failing
    await logOut(browser)
    expect(asked).toHaveLength(1)
    pass(61)
    await alarm()
    expect(asked).toHaveLength(when === 'again' ? 2 : 1)
    answer = () => new Response(null, { status: 204 })
    for (const later of [301, 90_000]) {
      pass(later)
      await alarm()
    }
    expect(asked.map(({ url }) => url)).toEqual(Array(when === 'again' ? 3 : 1).fill(SESSIONS + ID))
    for (const [kind, expected] of Object.entries(lines)) {
      expect(log.of(kind)).toMatchObject(
        expected.map((line: object) => ({ purpose: 'identity_provider', ...line })),
      )
    }
    expect(log.of('logout.refused').length + log.of('logout.unsent').length).toBe(
      Object.values(lines).flat().length,
    )
    expect(log.text()).toContain('session.ended')
    for (const secret of ['provider-secret', ID]) expect(log.text()).not.toContain(secret)
  })

  it('is asked over the binding where there is one, and not by the network', async () => {
    const bound: string[] = []
    const IDENTITY_PROVIDER = {
      fetch: async (url: string, init: RequestInit) => {
        bound.push(`${init.method} ${url}`)
        return new Response(null, { status: 204 })
      },
    }
    const at = new Deployment(
      testEnv({ IDENTITY_PROVIDER, URLS_IDENTITY_PROVIDER_URL: 'http://kratos.internal:4434' }),
    )
    const named = new Deployment(testEnv({ IDENTITY_PROVIDER, URLS_IDENTITY_PROVIDER_URL: '' }))
    for (const each of [at, named]) await logOut((await withProvider(each)).browser, each)
    expect(bound).toEqual([
      `DELETE http://kratos.internal:4434/admin/sessions/${ID}`,
      `DELETE http://identity-provider/admin/sessions/${ID}`,
    ])
    expect(asked).toEqual([])
  })

  it('is left alone where none is named or configured, and when a new login takes the place of ours', async () => {
    await logOut((await withProvider(deployment, '')).browser)
    const without = new Deployment(testEnv({ URLS_IDENTITY_PROVIDER_URL: '' }))
    await logOut((await withProvider(without)).browser, without)
    const { browser } = await withProvider()
    const again = { prompt: 'login' }
    await authorizeAt(deployment, await register(), { browser, request: again, login: { subject: 'other' } })
    expect(asked).toEqual([])
  })

  it('is the one of the latest login in the session, recognised or renewed', async () => {
    const { browser } = await withProvider()
    const at = (id: string, more = {}) =>
      authorizeAt(deployment, client, { browser, login: login(id), ...more })
    const client = await register()
    await at('recognised')
    await at('')
    await logOut(browser)
    const other = await withProvider()
    pass(5)
    await authorizeAt(deployment, client, {
      browser: other.browser,
      request: { prompt: 'login' },
      login: login('a/b ?#'),
    })
    await logOut(other.browser)
    expect(asked.map(({ url }) => url)).toEqual([`${SESSIONS}recognised`, `${SESSIONS}a%2Fb%20%3F%23`])
  })

  it.each([
    ['one dot', '.'],
    ['two dots', '..'],
    ['a line break', 'a\nb'],
    ['half a character', '\ud800'],
    ['256 characters', 'x'.repeat(256)],
  ])('has no name of %s', async (_name, id) => {
    const page = await new Browser(deployment).next(authorizationPath(await register()))
    const path = `/admin/oauth2/auth/requests/login/accept?login_challenge=${parameter(page, 'login_challenge')}`
    const refused = await deployment.admin('PUT', path, login(id))
    expect([refused.status, (await bodyOf(refused))['error_description']]).toEqual([
      400,
      expect.stringContaining('identity_provider_session_id'),
    ])
  })
})
