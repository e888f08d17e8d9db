import { decodeJwt, SignJWT } from 'jose'
import { beforeAll, describe, expect, it } from 'vitest'
import { makeKey, type TestKey } from '../support/assertions.ts'
import { ADMIN_KEY, Browser, bodyOf, Deployment, locationOf, testEnv } from '../support/deployment.ts'
import { registerDeviceClient } from '../support/device.ts'
import {
  authorizationPath,
  authorizedForm,
  LoginApp,
  logIn,
  parameter,
  REDIRECT_URI,
  registerClient,
  type TestClient,
  tokenRequest,
} from '../support/relying-party.ts'
import { trust } from '../support/trust.ts'

const deployment = new Deployment(testEnv({ OIDC_DYNAMIC_CLIENT_REGISTRATION_ENABLED: 'true' }))
const FORM = 'application/x-www-form-urlencoded'
const ADMIN = { authorization: `Bearer ${ADMIN_KEY}` }
const app = new LoginApp(deployment)
let client: TestClient
let key: TestKey

beforeAll(async () => {
  key = await makeKey()
  client = await registerClient(deployment, { scope: 'openid offline_access reports.*' })
})

const names = (count: number): string => Array.from({ length: count }, (_, at) => `p${at}=`).join('&')

/** What a request is refused with, be it told in JSON or to the error page; empty where it is not. */
async function refusal(path: string, init: RequestInit = {}): Promise<string> {
  const response = await deployment.bear(path, init)
  if (response.status === 302) return locationOf(response).searchParams.get('error_description') ?? ''
  const body: unknown = await response.json().catch(() => ({}))
  return typeof body === 'object' && body !== null && 'error_description' in body
    ? String(body.error_description)
    : ''
}

const post = (path: string, body: string, type = FORM): Promise<string> =>
  refusal(path, { method: 'POST', body, headers: { ...ADMIN, 'content-type': type } })

const TOO_MANY = /more than 100 parameters/

describe('parameters are counted and measured before any work', () => {
  const forms = [
    '/oauth2/auth',
    '/oauth2/token',
    '/oauth2/revoke',
    '/oauth2/device/auth',
    '/oauth2/sessions/logout',
    '/admin/oauth2/introspect',
  ]

  it.each(forms)('%s: a hundred, be they empty or parts, and 64 KB', async (path) => {
    expect(await post(path, names(100))).not.toMatch(TOO_MANY)
    expect(await post(path, names(101))).toMatch(TOO_MANY)
    const part = '--b\r\nContent-Disposition: form-data; name="a"\r\n\r\n\r\n'
    expect(await post(path, `${part.repeat(101)}--b--\r\n`, 'multipart/form-data; boundary=b')).toMatch(
      TOO_MANY,
    )
    expect(await post(path, `a=${'x'.repeat(64 * 1024 - 2)}`)).not.toMatch(/too large/)
    expect(await post(path, `a=${'x'.repeat(64 * 1024 - 1)}`)).toMatch(/too large/)
  })

  const queries = ['/oauth2/auth', '/oauth2/device/verify', '/oauth2/sessions/logout', '/userinfo']

  it.each(queries)('%s: a query has a hundred, and 8 KB', async (path) => {
    expect(await refusal(`${path}?${names(100)}`)).not.toMatch(TOO_MANY)
    const many = await deployment.fetch(`${path}?${names(101)}`)
    const long = await deployment.fetch(`${path}?a=${'x'.repeat(8191)}`)
    for (const response of [many, long])
      expect(response.status === 400 || locationOf(response).pathname === '/oauth2/fallbacks/error').toBe(
        true,
      )
    expect(await refusal(`${path}?a=${'x'.repeat(8190)}`)).not.toMatch(/longer than/)
  })

  it('a query and a form count together', async () => {
    expect(await post(`/oauth2/sessions/logout?${names(60)}`, names(60))).toMatch(TOO_MANY)
    expect(await post(`/oauth2/auth?${names(60)}`, names(60))).toMatch(TOO_MANY)
  })
})

describe('a request object', () => {
  const encode = (json: unknown): string => btoa(JSON.stringify(json)).replaceAll('=', '')
  const ask = (members: Readonly<Record<string, unknown>>): Promise<URL> => {
    const plain = Object.fromEntries(new URLSearchParams(authorizationPath(client).split('?')[1]))
    const request = `${encode({ alg: 'none' })}.${encode({ client_id: client.id, ...members })}.`
    const body = new URLSearchParams({ ...plain, request })
    return new Browser(deployment).next('/oauth2/auth', { method: 'POST', body })
  }
  const members = (count: number): Record<string, number> =>
    Object.fromEntries(Array.from({ length: count }, (_, at) => [`m${at}`, at]))

  it('has a hundred members, and those that are parameters are taken', async () => {
    const at = await ask({ ...members(98), login_hint: 'alice' })
    const request = await app.get('login', parameter(at, 'login_challenge'))
    const { request_url: url, oidc_context: context } = await bodyOf(request)
    expect(context).toEqual({ login_hint: 'alice' })
    expect(new URL(String(url)).searchParams.has('m1')).toBe(false)
    expect(parameter(await ask(members(100)), 'error')).toBe('invalid_request_object')
  })

  it('asks for no more than a plain request may, if nobody signed it', async () => {
    expect(parameter(await ask({ login_hint: 'x'.repeat(9000) }), 'error')).toBe('invalid_request')
  })

  it('of 16 KB that its client signed leads through a login, by POST, with short redirects', async () => {
    const signer = await registerClient(deployment, { jwks: { keys: [key.publicJwk] } })
    const plain = Object.fromEntries(new URLSearchParams(authorizationPath(signer).split('?')[1]))
    const claims = { id_token: { note: { value: 'x'.repeat(11_400) } } }
    const request = await new SignJWT({ ...plain, claims })
      .setProtectedHeader({ alg: key.alg, kid: key.kid })
      .sign(key.privateKey)
    expect([request.length > 15 * 1024, request.length <= 16 * 1024]).toEqual([true, true])
    const browser = new Browser(deployment)
    const body = new URLSearchParams({ client_id: signer.id, request })
    const atLogin = await browser.next('/oauth2/auth', { method: 'POST', body })
    const login = await bodyOf(await app.get('login', parameter(atLogin, 'login_challenge')))
    expect(parameter(new URL(String(login['request_url'])), 'claims')).toBe(JSON.stringify(claims))
    const atConsent = await browser.next(
      await app.decide('login', 'accept', parameter(atLogin, 'login_challenge'), { subject: 'alice' }),
    )
    const atClient = await browser.next(
      await app.decide('consent', 'accept', parameter(atConsent, 'consent_challenge'), { grant_scope: [] }),
    )
    expect(parameter(atClient, 'code')).not.toBe('')
    for (const at of [atLogin, atConsent, atClient]) expect(at.href.length).toBeLessThan(2000)
  })
})

describe('a request that is too long', () => {
  const LONG = 'x'.repeat(9000)
  const send = (method: 'GET' | 'POST', changes: Readonly<Record<string, string>>): Promise<URL> => {
    const [path = '', query = ''] = authorizationPath(client, changes).split('?')
    const browser = new Browser(deployment)
    return method === 'GET'
      ? browser.next(`${path}?${query}`)
      : browser.next(path, { method, body: query, headers: { 'content-type': FORM } })
  }

  it.each<['GET' | 'POST', string, Readonly<Record<string, string>>]>([
    ['GET', 'login_hint', { login_hint: LONG }],
    ['POST', 'login_hint', { login_hint: LONG }],
    ['GET', 'id_token_hint', { id_token_hint: LONG }],
    ['POST', 'request', { request: 'x'.repeat(16 * 1024 + 1) }],
  ])('by %s, for its %s, is told to its client, with its state', async (method, _name, changes) => {
    const at = await send(method, changes)
    expect([at.origin + at.pathname, parameter(at, 'error')]).toEqual([REDIRECT_URI, 'invalid_request'])
    expect(parameter(at, 'state')).toBe('state-0123456789')
    expect(parameter(at, 'error_description')).toMatch(/longer than (8192|16384) characters/)
  })

  it.each<[string, Readonly<Record<string, string>>]>([
    ['an address of its client is not known', { login_hint: LONG, redirect_uri: 'https://evil.example/' }],
    ['its state is what is too long', { state: LONG }],
  ])('is told on the error page where %s', async (_what, changes) => {
    const at = await send('POST', changes)
    expect([at.pathname, parameter(at, 'error')]).toEqual(['/oauth2/fallbacks/error', 'invalid_request'])
  })
})

describe('an ID token as long as the login app made it', () => {
  it('is a hint by POST, of which only what it says is kept', async () => {
    const browser = new Browser(deployment)
    const session = { id_token: { long: 'x'.repeat(20_000) } }
    const { id_token } = await logIn(deployment, client, {
      browser,
      login: { remember: true },
      consent: { session },
    })
    const short = await logIn(deployment, client, { browser, consent: { session: { id_token: { a: 1 } } } })
    const ask = (hint: string): Promise<URL> => {
      const query = authorizationPath(client, { id_token_hint: hint }).split('?')[1] ?? ''
      return browser.next('/oauth2/auth', { method: 'POST', body: query, headers: { 'content-type': FORM } })
    }
    const at = await ask(id_token)
    expect(at.href.length).toBeLessThan(2000)
    const request = await bodyOf(await app.get('login', parameter(at, 'login_challenge')))
    expect([request['skip'], request['subject']]).toEqual([true, 'alice'])
    // The text is dropped, and so are claims that are too long to carry along; what says who it was stays.
    const { long, ...told } = Reflect.get(Object(request['oidc_context']), 'id_token_hint_claims')
    expect([long, told.sub, told.aud]).toEqual([undefined, 'alice', [client.id]])
    const again = await browser.next(String(request['request_url']))
    expect(parameter(again, 'login_challenge')).not.toBe('')
    const atOnce = await ask(short.id_token)
    expect(atOnce.href.length).toBeLessThan(2000)
    const brief = await bodyOf(await app.get('login', parameter(atOnce, 'login_challenge')))
    expect(Reflect.get(Object(brief['oidc_context']), 'id_token_hint_claims')).toEqual(
      decodeJwt(short.id_token),
    )
    const next = await browser.next(
      await app.decide('login', 'accept', parameter(at, 'login_challenge'), { subject: 'alice' }),
    )
    expect(parameter(next, 'consent_challenge')).not.toBe('')
    expect(parameter(await ask(`${id_token}x`), 'error')).toBe('invalid_request')
  })
})

describe('scopes are scope tokens wherever they come in (RFC 6749 section 3.3)', () => {
  const bad = [
    'reports.x\tadmin',
    'reports.x\nadmin',
    'reports.x\u00a0admin',
    'reports.x"',
    'reports.x\\',
    'reports.x\0y',
  ]

  it.each(bad)('%j', async (scope) => {
    const device = await registerDeviceClient(deployment, { scope: 'reports.*' })
    const atClient = await new Browser(deployment).next(authorizationPath(client, { scope }))
    expect([atClient.origin + atClient.pathname, parameter(atClient, 'error')]).toEqual([
      REDIRECT_URI,
      'invalid_scope',
    ])
    for (const grant_type of ['client_credentials', 'authorization_code', 'refresh_token']) {
      const answer = await tokenRequest(deployment, client, { grant_type, scope })
      expect([grant_type, answer.status, (await bodyOf(answer))['error']]).toEqual([
        grant_type,
        400,
        'invalid_scope',
      ])
    }
    const asked = await authorizedForm(deployment, '/oauth2/device/auth', device, {
      client_id: device.id,
      scope,
    })
    expect((await bodyOf(asked))['error']).toBe('invalid_scope')
    const filter = await deployment.form('/admin/oauth2/introspect', { token: 'x', scope }, ADMIN)
    expect((await bodyOf(filter))['error']).toBe('invalid_scope')
    for (const path of ['/admin/clients', '/oauth2/register'])
      expect((await deployment.admin('POST', path, { redirect_uris: [REDIRECT_URI], scope })).status).toBe(
        400,
      )
    const trusted = await trust(deployment, key, `https://${crypto.randomUUID()}.example`, { scope: [scope] })
    expect(trusted.status).toBe(400)
    const browser = new Browser(deployment)
    const atLogin = await browser.next(authorizationPath(client))
    const login = parameter(atLogin, 'login_challenge')
    const atConsent = await browser.next(await app.decide('login', 'accept', login, { subject: 'alice' }))
    const path = `/admin/oauth2/auth/requests/consent/accept?consent_challenge=${parameter(atConsent, 'consent_challenge')}`
    const granted = await deployment.admin('PUT', path, { grant_scope: [scope] })
    expect([granted.status, (await bodyOf(granted))['error']]).toEqual([400, 'invalid_request'])
  })

  it.each(['OIDC_DYNAMIC_CLIENT_REGISTRATION_DEFAULT_SCOPE', 'WEBFINGER_OIDC_DISCOVERY_SUPPORTED_SCOPE'])(
    'the setting %s',
    async (name) => {
      const broken = new Deployment(testEnv({ [name]: 'reports.x\u00a0admin' }))
      expect((await broken.fetch('/.well-known/openid-configuration')).status).toBe(503)
    },
  )
})

describe('what a client registers is counted and measured first', () => {
  const uris = (count: number): string[] => Array.from({ length: count }, (_, at) => `a${at}://x`)
  const long = `https://${'a'.repeat(2048)}.example/`
  const cases: readonly [string, object][] = [
    ['too many redirect URIs', { redirect_uris: uris(1001) }],
    ['too many post-logout URIs', { redirect_uris: uris(1), post_logout_redirect_uris: uris(1001) }],
    ['a long redirect URI', { redirect_uris: [long] }],
    ...[
      'sector_identifier_uri',
      'jwks_uri',
      'backchannel_logout_uri',
      'frontchannel_logout_uri',
      'logo_uri',
    ].map((field): [string, object] => [`a long ${field}`, { [field]: long }]),
    ['a long localized name', { 'client_name#de': 'x'.repeat(2049) }],
    ['a long request URI', { request_uris: [long] }],
    ['too many scopes', { scope: 'a '.repeat(1001) }],
    ['long scopes', { scope: 'x'.repeat(32_769) }],
    [
      'too many scopes with a wildcard inside',
      { scope: Array.from({ length: 51 }, (_, at) => `a${at}.*.b`).join(' ') },
    ],
    ['too many keys', { jwks: { keys: Array.from({ length: 101 }, () => ({})) } }],
    ['too many members', Object.fromEntries(uris(201).map((name) => [name, 1]))],
  ]

  it.each(cases)('%s', async (_name, metadata) => {
    for (const path of ['/oauth2/register', '/admin/clients']) {
      const response = await deployment.admin('POST', path, metadata)
      expect(response.status).toBe(400)
      expect(String((await bodyOf(response))['error_description'])).toMatch(/more than|longer than/)
    }
  })

  it('as much as may be is taken', async () => {
    const scope = Array.from({ length: 1000 }, (_, at) => `s${at}`).join(' ')
    const metadata = { redirect_uris: uris(1000), post_logout_redirect_uris: uris(1000), scope }
    expect((await deployment.admin('POST', '/oauth2/register', metadata)).status).toBe(201)
  })

  it('a patch has a hundred operations', async () => {
    const patch = Array.from({ length: 101 }, (_, at) => ({
      op: 'replace',
      path: '/client_name',
      value: `${at}`,
    }))
    const path = `/admin/clients/${client.id}`
    expect((await deployment.admin('PATCH', path, patch)).status).toBe(400)
    expect((await deployment.admin('PATCH', path, patch.slice(1))).status).toBe(200)
  })
})
