import { createLocalJWKSet, jwtVerify } from 'jose'
import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { ADMIN_KEY, Browser, bodyOf, Deployment, ISSUER, locationOf, testEnv } from '../support/deployment.ts'
import {
  authorizationPath,
  LoginApp,
  logIn,
  parameter,
  registerClient,
  type TestClient,
} from '../support/relying-party.ts'

const BASE = `${ISSUER}/tenant1`

/** An installation whose issuer has a path. Paths without a host are below that path. */
class Tenant extends Deployment {
  override fetch(path: string, init?: RequestInit): Promise<Response> {
    return super.fetch(path.startsWith('/') ? `/tenant1${path}` : path, init)
  }
}

const tenant = new Tenant(
  testEnv({
    URLS_SELF_ISSUER: `${BASE}/`,
    OIDC_DYNAMIC_CLIENT_REGISTRATION_ENABLED: 'true',
    SERVE_PUBLIC_CORS_ENABLED: 'true',
    STRATEGIES_ACCESS_TOKEN: 'jwt',
  }),
)
let client: TestClient

beforeAll(async () => {
  client = await registerClient(tenant, {
    grant_types: ['authorization_code', 'refresh_token', 'urn:ietf:params:oauth:grant-type:device_code'],
    post_logout_redirect_uris: ['https://app.example/bye'],
  })
})

afterEach(() => {
  vi.useRealTimers()
})

const form = (fields: Readonly<Record<string, string>>): RequestInit => ({
  method: 'POST',
  body: new URLSearchParams(fields),
})

/** The addresses in a text that lead to this server; attributes of a page count too. */
const addressesIn = (text: string): readonly string[] =>
  [...text.matchAll(/(?<=href="|action="|^<|,<)\/[^">]*|https?:\/\/localhost:4444[^"\s]*/g)].map(
    ([found]) => found,
  )

const isBelow = (address: string): boolean =>
  /^(?:\/tenant1|http:\/\/localhost:4444\/tenant1)(?:\/|$)/.test(address)

describe('metadata of an issuer with a path (RFC 8414 section 3.1, Discovery section 4)', () => {
  it.each([
    `${BASE}/.well-known/openid-configuration`,
    `${BASE}/.well-known/oauth-authorization-server`,
    `${BASE}//.well-known/openid-configuration/`,
    `${ISSUER}/.well-known/openid-configuration/tenant1`,
    `${ISSUER}/.well-known/oauth-authorization-server/tenant1`,
    `${ISSUER}/.well-known/oauth-authorization-server/tenant1/`,
    `${ISSUER}/.well-known/openid-configuration`,
  ])('%s: the issuer, and addresses that all answer', async (address) => {
    const response = await tenant.fetch(address)
    const text = await response.text()
    expect([response.status, JSON.parse(text).issuer]).toEqual([200, `${BASE}/`])
    const found = addressesIn(text)
    expect(found.length).toBeGreaterThan(10)
    expect(found.filter((one) => !isBelow(one))).toEqual([])
    for (const one of found) {
      if (one === `${BASE}/`) continue
      const statuses = ['GET', 'POST'].map(async (method) => (await tenant.fetch(one, { method })).status)
      expect([one, (await Promise.all(statuses)).some((status) => status !== 404)]).toEqual([one, true])
    }
  })

  it.each([
    '/tenant2/.well-known/openid-configuration',
    '/tenant12/oauth2/auth',
    '/.well-known/openid-configuration/tenant1/more',
    '/.well-known/openid-configuration/tenant2',
    '/.well-known/jwks.json/tenant1',
    '/tenant1/tenant1/oauth2/auth',
  ])('%s leads nowhere', async (path) => {
    expect((await tenant.fetch(ISSUER + path)).status).toBe(404)
  })
})

describe('a login below the path', () => {
  it('ends with tokens of that issuer, and out again', async () => {
    const browser = new Browser(tenant)
    const tokens = await logIn(tenant, client, { browser, login: { remember: true } })
    const jwks = createLocalJWKSet(await (await tenant.fetch('/.well-known/jwks.json')).json())
    for (const jwt of [tokens.id_token, tokens.access_token])
      expect((await jwtVerify(jwt, jwks)).payload.iss).toBe(`${BASE}/`)
    const headers = { authorization: `Bearer ${tokens.access_token}` }
    expect(await bodyOf(await tenant.fetch('/userinfo', { headers }))).toMatchObject({ sub: 'alice' })
    expect(await tenant.introspect(tokens.access_token)).toMatchObject({ active: true, iss: `${BASE}/` })
    const query = `id_token_hint=${tokens.id_token}&post_logout_redirect_uri=https://app.example/bye`
    const asked = await browser.next(`/oauth2/sessions/logout?${query}`)
    expect(isBelow(asked.href)).toBe(true)
    const app = new LoginApp(tenant)
    const back = await app.decide('logout', 'accept', parameter(asked, 'logout_challenge'))
    expect(isBelow(back)).toBe(true)
    expect((await browser.next(back)).href).toBe('https://app.example/bye')
  })

  it('leads over pages and forms that are all below it', async () => {
    const browser = new Browser(tenant)
    const { redirect_uris } = await bodyOf(
      await tenant.admin('POST', '/admin/clients', {
        client_id: 'demo',
        token_endpoint_auth_method: 'none',
        scope: 'openid offline_access offline profile email',
        redirect_uris: [`${BASE}/demo/callback`],
        grant_types: ['authorization_code', 'refresh_token'],
        response_types: ['code'],
      }),
    )
    expect(redirect_uris).toEqual([`${BASE}/demo/callback`])
    const page = async (address: string): Promise<string> => {
      const response = await browser.visit(address)
      const text = await response.text()
      expect([address, response.status, addressesIn(text).filter((one) => !isBelow(one))]).toEqual([
        address,
        200,
        [],
      ])
      return text
    }
    await page(`${BASE}/`)
    const start = await browser.next(`${BASE}/demo/start`, form({}))
    const login = await browser.next(start.href)
    await page(login.href)
    const credentials = { username: 'demo', password: 'demo', accept: 'true' }
    const consent = await browser.next((await browser.next(login.href, form(credentials))).href)
    await page(consent.href)
    const decided = await browser.next(consent.href, form({ accept: 'true', grant_scope: 'openid' }))
    const callback = await browser.next(decided.href)
    const result = await browser.next(callback.href)
    for (const { href } of [start, login, consent, decided, callback, result])
      expect([href, isBelow(href)]).toEqual([href, true])
    expect(await page(result.href)).toContain('verified')
    expect((await browser.next(`${BASE}/demo/logout`, form({}))).href).toContain(
      `${BASE}/oauth2/sessions/logout`,
    )
    await page(`${BASE}/oauth2/fallbacks/logout/callback`)
    await page(`${BASE}/oauth2/fallbacks/login`)
    await page(`${BASE}/oauth2/sessions/check`)
  })

  it('by a device', async () => {
    const answer = await tenant.form(
      '/oauth2/device/auth',
      { client_id: client.id },
      {
        authorization: `Basic ${btoa(`${client.id}:${client.secret}`)}`,
      },
    )
    const { verification_uri_complete: complete } = await bodyOf(answer)
    expect(isBelow(String(complete))).toBe(true)
    const at = await new Browser(tenant).next(String(complete))
    expect([isBelow(at.href), (await tenant.fetch(at.href)).status]).toEqual([true, 200])
  })

  it.each(['login', 'logout'] as const)('starts afresh below it: an expired %s', async (flow) => {
    vi.useFakeTimers({ toFake: ['Date'] })
    const browser = new Browser(tenant)
    await logIn(tenant, client, { browser, login: { remember: true } })
    const path = flow === 'login' ? authorizationPath(client, { prompt: 'login' }) : '/oauth2/sessions/logout'
    const challenge = parameter(await browser.next(path), `${flow}_challenge`)
    vi.setSystemTime(Date.now() + 3_600_000)
    const gone = await new LoginApp(tenant).get(flow, challenge)
    const { redirect_to: afresh } = await bodyOf(gone)
    expect([gone.status, isBelow(String(afresh))]).toEqual([410, true])
    expect((await browser.visit(String(afresh))).status).toBe(302)
  })
})

describe('administration below the path', () => {
  const admin = { authorization: `Bearer ${ADMIN_KEY}` }
  const status = async (address: string): Promise<number> =>
    (await tenant.fetch(address, { headers: admin })).status

  it.each(['/admin/clients', '/clients'])('%s: Location and Link lead on', async (path) => {
    const created = await tenant.admin('POST', path, { redirect_uris: [] })
    const location = locationOf(created).href
    expect([created.status, isBelow(location), await status(location)]).toEqual([201, true, 200])
    for (const query of ['page_size=1', 'limit=1']) {
      const link = (await tenant.admin('GET', `${path}?${query}`)).headers.get('link') ?? ''
      const found = addressesIn(link)
      expect(found.length).toBeGreaterThan(1)
      for (const one of found) expect([isBelow(one), await status(ISSUER + one)]).toEqual([true, 200])
    }
  })

  it('a key set and a trusted issuer are where Location says', async () => {
    const key = await tenant.admin('POST', '/admin/keys/some', { alg: 'ES256', use: 'sig' })
    expect(await status(locationOf(key).href)).toBe(200)
    const { keys } = await (await tenant.admin('GET', '/keys/some')).json<{ keys: [{ d: string }] }>()
    const [{ d: _, ...jwk }] = keys
    const trust = {
      issuer: 'https://idp.example',
      subject: 'a',
      scope: [],
      jwk,
      expires_at: '2999-01-01T00:00:00Z',
    }
    const trusted = await tenant.admin('POST', '/trust/grants/jwt-bearer/issuers', trust)
    expect([isBelow(locationOf(trusted).href), await status(locationOf(trusted).href)]).toEqual([true, 200])
  })

  it('a client manages its registration', async () => {
    const body = JSON.stringify({ redirect_uris: ['https://app.example/cb'] })
    const made = await bodyOf(await tenant.fetch('/oauth2/register', { method: 'POST', body }))
    const uri = String(made['registration_client_uri'])
    const headers = { authorization: `Bearer ${made['registration_access_token']}` }
    expect([isBelow(uri), (await tenant.fetch(uri, { headers })).status]).toEqual([true, 200])
  })

  it('is closed without a key, and CORS goes by the route', async () => {
    for (const path of ['/admin/clients', '//admin/clients', '/clients', '/keys/some'])
      expect([path, (await tenant.fetch(`${BASE}${path}`)).status]).toEqual([path, 401])
    const preflight = (path: string): Promise<Response> =>
      tenant.fetch(path, {
        method: 'OPTIONS',
        headers: { origin: 'https://spa.example', 'access-control-request-method': 'POST' },
      })
    expect((await preflight('/oauth2/token')).headers.get('access-control-allow-origin')).toBe('*')
    expect((await preflight('/admin/clients')).headers.get('access-control-allow-origin')).toBeNull()
  })
})
