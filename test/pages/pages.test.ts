import { decodeJwt } from 'jose'
import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { Browser, bodyOf, Deployment, ISSUER, locationOf, testEnv } from '../support/deployment.ts'
import {
  authorizationPath,
  LoginApp,
  parameter,
  redeem,
  registerClient,
  type TestClient,
} from '../support/relying-party.ts'

const deployment = new Deployment()
let client: TestClient

beforeAll(async () => {
  client = await registerClient(deployment, { client_name: 'Shop <b>' })
})

afterEach(() => {
  vi.useRealTimers()
})

const form = (fields: Readonly<Record<string, string>>, headers: HeadersInit = {}): RequestInit => ({
  method: 'POST',
  body: new URLSearchParams(fields),
  headers,
})

const CREDENTIALS = { username: 'demo', password: 'demo', accept: 'true' }

async function toLogin(browser: Browser): Promise<URL> {
  return browser.next(authorizationPath(client, { scope: 'openid email' }))
}

async function toConsent(browser: Browser, fields: Readonly<Record<string, string>> = {}): Promise<URL> {
  const login = await toLogin(browser)
  return browser.next((await browser.next(login.href, form({ ...CREDENTIALS, ...fields }))).href)
}

describe('pages of the demo', () => {
  const PATHS = [
    '/',
    '/ui/login',
    '/ui/consent',
    '/ui/logout',
    '/ui/device',
    '/ui/device/done',
    '/demo',
    '/demo/callback',
  ]
  const POSTS = [
    '/ui/login',
    '/ui/consent',
    '/ui/logout',
    '/ui/device',
    '/demo/start',
    '/demo/refresh',
    '/demo/logout',
  ]

  it('are there on a loopback issuer', async () => {
    expect((await deployment.fetch('/')).status).toBe(200)
  })

  it('lead to the host that their cookies are for', async () => {
    const response = await deployment.fetch('http://127.0.0.1:4444/')
    expect([response.status, response.headers.get('location')]).toEqual([302, 'http://localhost:4444/'])
  })

  it.each([
    ['the issuer is not a loopback address', { URLS_SELF_ISSUER: 'https://op.example' }],
    ['they are switched off', { DEMO_PAGES: 'false' }],
  ])('are unknown paths where %s', async (_why, settings) => {
    const without = new Deployment(testEnv(settings))
    for (const path of PATHS) expect((await without.fetch(path)).status, path).toBe(404)
    for (const path of POSTS) expect((await without.fetch(path, form({}))).status, path).toBe(404)
  })

  it.each(['/', '/ui/login', '/oauth2/fallbacks/login'])('%s comes with a strict policy', async (path) => {
    const { headers } = await deployment.fetch(path)
    const policy = headers.get('content-security-policy') ?? ''
    expect(policy).toContain("default-src 'none'")
    expect(policy).toContain("frame-ancestors 'none'")
    expect(policy).not.toMatch(/unsafe|script-src|form-action/)
    expect(headers.get('content-type')).toMatch(/^text\/html/i)
    expect(headers.get('x-content-type-options')).toBe('nosniff')
    expect(headers.get('cache-control')).toBe('no-store')
  })

  it.each([
    [{ 'sec-fetch-site': 'cross-site' }, 403],
    [{ 'sec-fetch-site': 'same-site' }, 403],
    [{ origin: 'https://evil.example' }, 403],
    [{ origin: 'null' }, 403],
    [{ 'sec-fetch-site': 'same-origin', origin: ISSUER }, 303],
    [{ origin: ISSUER }, 303],
    [{}, 303],
  ])('take a form that comes with %j: %i', async (headers, status) => {
    expect((await deployment.fetch('/demo/start', form({}, headers))).status).toBe(status)
  })

  it.each([
    ['/ui/login', 400],
    ['/ui/login?login_challenge=forged.value', 404],
    ['/ui/consent?consent_challenge=forged.value', 404],
    ['/ui/logout?logout_challenge=forged.value', 404],
    ['/ui/device', 400],
    ['/ui/device?device_challenge=forged.value', 404],
    ['/demo/callback?code=x&state=y', 400],
  ])('%s says what is wrong, and where to start again: %i', async (path, status) => {
    const response = await deployment.fetch(path)
    expect(response.status).toBe(status)
    expect(await response.text()).toContain('Start again')
  })
})

describe('the login page', () => {
  it('shows the client and the login hint as text', async () => {
    const browser = new Browser(deployment)
    const login = await browser.next(authorizationPath(client, { login_hint: '"><script>' }))
    const page = await (await browser.visit(login.href)).text()
    expect(page).toContain('Shop &lt;b&gt;')
    expect(page).toContain('value="&quot;&gt;&lt;script&gt;"')
  })

  it.each([
    ['demo', 'wrong'],
    ['demo', ''],
    ['', 'demo'],
    ['Demo', 'demo'],
  ])('refuses %j with %j and asks again', async (username, password) => {
    const browser = new Browser(deployment)
    const login = await toLogin(browser)
    const response = await browser.visit(login.href, form({ username, password, accept: 'true' }))
    expect(response.status).toBe(422)
    expect(await response.text()).toContain('role="alert"')
  })

  it('tells the client that the user said no', async () => {
    const browser = new Browser(deployment)
    const login = await toLogin(browser)
    const back = await browser.next((await browser.next(login.href, form({ reject: 'true' }))).href)
    expect(back.origin).toBe('https://app.example')
    expect(parameter(back, 'error')).toBe('access_denied')
  })

  it('passes a remembered user on', async () => {
    const browser = new Browser(deployment)
    await toConsent(browser, { remember: 'true' })
    const login = await toLogin(browser)
    const onward = await browser.visit(login.href)
    expect(onward.status).toBe(303)
    expect(locationOf(onward).searchParams.has('login_verifier')).toBe(true)
  })

  it.each([
    ['the level a client asks for', ['gold', 'silver'], 'gold'],
    ['none where a client lists none', [], ''],
  ])('has the demo user reach %s', async (_what, levels, acr) => {
    const { id, secret } = await registerClient(deployment, { default_acr_values: levels })
    const browser = new Browser(deployment)
    const login = await browser.next(authorizationPath({ id, secret }))
    const consent = await browser.next((await browser.next(login.href, form(CREDENTIALS))).href)
    const challenge = parameter(consent, 'consent_challenge')
    expect(await bodyOf(await new LoginApp(deployment).get('consent', challenge))).toMatchObject({ acr })
  })

  it.each([
    ['opened', {}],
    ['sent', form(CREDENTIALS)],
    ['sent with a wrong password', form({ username: 'demo', password: 'x' })],
    ['cancelled', form({ reject: 'true' })],
  ])('leads to a fresh start when it is %s too late', async (_what, init) => {
    vi.useFakeTimers({ toFake: ['Date'] })
    const browser = new Browser(deployment)
    const login = await toLogin(browser)
    vi.setSystemTime(Date.now() + 31 * 60_000)
    const fresh = await browser.next(login.href, init)
    expect(fresh.pathname).toBe('/oauth2/auth')
    expect((await browser.next(fresh.href)).pathname).toBe('/ui/login')
  })
})

describe('the consent page', () => {
  it('grants what is ticked, of what was asked for', async () => {
    const browser = new Browser(deployment)
    const consent = await toConsent(browser)
    const ticked = new URLSearchParams([
      ['grant_scope', 'openid'],
      ['grant_scope', 'api.read'],
      ['accept', 'true'],
    ])
    const onward = await browser.next(consent.href, { method: 'POST', body: ticked })
    expect(parameter(await browser.next(onward.href), 'scope')).toBe('openid')
  })

  it('tells the client that the user said no', async () => {
    const browser = new Browser(deployment)
    const consent = await toConsent(browser)
    const back = await browser.next((await browser.next(consent.href, form({ reject: 'true' }))).href)
    expect(parameter(back, 'error')).toBe('access_denied')
  })

  it('does not ask again what is remembered', async () => {
    const browser = new Browser(deployment)
    const fields = { grant_scope: 'openid email', remember: 'true', accept: 'true' }
    const consent = await toConsent(browser, { remember: 'true' })
    const all = new URLSearchParams([
      ...Object.entries(fields).filter(([name]) => name !== 'grant_scope'),
      ['grant_scope', 'openid'],
      ['grant_scope', 'email'],
    ])
    await browser.next((await browser.next(consent.href, { method: 'POST', body: all })).href)
    const again = await browser.next((await browser.next((await toLogin(browser)).href)).href)
    const onward = await browser.visit(again.href)
    expect(onward.status).toBe(303)
    expect(parameter(await browser.next(locationOf(onward).href), 'scope')).toBe('openid email')
  })
})

describe('what a client says about itself', () => {
  it('is shown where the user logs in and consents: logo, policy and terms', async () => {
    const shop = await registerClient(deployment, {
      logo_uri: 'https://app.example/logo.png?a=1&b=2',
      policy_uri: 'https://shop.example/policy',
      tos_uri: 'https://shop.example/terms',
    })
    const browser = new Browser(deployment)
    const login = await browser.next(authorizationPath(shop, { scope: 'openid' }))
    const consent = await browser.next((await browser.next(login.href, form(CREDENTIALS))).href)
    for (const url of [login, consent]) {
      const page = await browser.visit(url.href)
      const text = await page.text()
      expect(text).toContain('<img src="https://app.example/logo.png?a=1&amp;b=2" alt=""')
      expect(text).toContain('<a href="https://shop.example/policy">Privacy policy</a>')
      expect(text).toContain('<a href="https://shop.example/terms">Terms of service</a>')
      expect(page.headers.get('content-security-policy')).toContain('img-src data: https://app.example;')
    }
  })
})

describe('texts of others', () => {
  it('isolate names, subjects and errors from the text around them', async () => {
    const browser = new Browser(deployment)
    const pages: string[] = []
    const visit = async (url: URL): Promise<void> => {
      pages.push(await (await browser.visit(url.href)).text())
    }
    const shop = await registerClient(deployment, { client_name: 'Shop <b>' })
    const login = await browser.next(authorizationPath(shop, { scope: 'openid' }))
    await visit(login)
    const remember = form({ ...CREDENTIALS, remember: 'true' })
    const consent = await browser.next((await browser.next(login.href, remember)).href)
    await visit(consent)
    const fields = new URLSearchParams({ accept: 'true', grant_scope: 'openid' })
    const granted = await browser.next(consent.href, { method: 'POST', body: fields })
    const code = parameter(await browser.next(granted.href), 'code')
    const { id_token } = await (await redeem(deployment, shop, code)).json<{ id_token: string }>()
    await visit(await browser.next(`/oauth2/sessions/logout?id_token_hint=${id_token}`))
    for (const page of pages) expect(page).toContain('<bdi>Shop &lt;b&gt;</bdi>')
    for (const page of pages.slice(1)) expect(page).toContain('<bdi>demo</bdi>')
    await visit(await browser.next('/oauth2/auth?client_id=nobody'))
    expect(pages.at(-1)).toContain('<span lang="en" dir="auto">')
  })
})

describe("the demo user's claims", () => {
  const PROFILE = { name: 'Demo User', birthdate: '2000-01-31', updated_at: 1_767_225_600 }
  const ADDRESS = { address: { locality: 'Berlin', country: 'DE' } }
  const PHONE = { phone_number: '+49 30 901820', phone_number_verified: true }

  it.each<[string, string, object, object, string[]]>([
    ['scope profile', 'openid profile', {}, PROFILE, ['email', 'address']],
    ['scopes address and phone', 'openid address phone', {}, { ...ADDRESS, ...PHONE }, ['name']],
    [
      'their names',
      'openid',
      { claims: '{"userinfo":{"birthdate":null}}' },
      { birthdate: '2000-01-31' },
      ['name'],
    ],
    ['an acr', 'openid', { acr_values: 'gold silver' }, { acr: 'gold' }, ['name']],
    [
      'an essential acr',
      'openid',
      { claims: '{"id_token":{"acr":{"essential":true,"values":["silver","gold"]}}}' },
      { acr: 'silver' },
      ['name'],
    ],
    [
      'one essential acr',
      'openid',
      { claims: '{"id_token":{"acr":{"essential":true,"value":"gold"}}}' },
      { acr: 'gold' },
      ['name'],
    ],
  ])('are released by %s', async (_, scope, request, shown, hidden) => {
    const shop = await registerClient(deployment, { scope: 'openid profile email address phone' })
    const browser = new Browser(deployment)
    const login = await browser.next(authorizationPath(shop, { scope, ...request }))
    const consent = await browser.next((await browser.next(login.href, form(CREDENTIALS))).href)
    const fields = new URLSearchParams([
      ['accept', 'true'],
      ...scope.split(' ').map((one) => ['grant_scope', one]),
    ])
    const granted = await browser.next(consent.href, { method: 'POST', body: fields })
    const code = parameter(await browser.next(granted.href), 'code')
    const { id_token } = await (await redeem(deployment, shop, code)).json<{ id_token: string }>()
    const claims = decodeJwt(id_token)
    expect(claims).toMatchObject(shown)
    for (const name of hidden) expect(claims).not.toHaveProperty(name)
  })
})

describe('the logout page', () => {
  it('ends the session on a yes, and leaves it on a no', async () => {
    const browser = new Browser(deployment)
    await toConsent(browser, { remember: 'true' })
    const logout = await browser.next('/oauth2/sessions/logout')
    expect(logout.pathname).toBe('/ui/logout')
    const kept = await browser.visit(logout.href, form({ reject: 'true' }))
    expect(await kept.text()).toContain('still logged in')
    expect((await browser.visit((await toLogin(browser)).href)).status).toBe(303)

    const onward = await browser.next(logout.href, form({ accept: 'true' }))
    expect((await browser.next(onward.href)).pathname).toBe('/oauth2/fallbacks/logout/callback')
    expect((await browser.visit((await toLogin(browser)).href)).status).toBe(200)
  })
})

describe('fallback pages', () => {
  const anywhere = new Deployment(testEnv({ DEMO_PAGES: 'false' }))

  it.each([
    ['login', 200, 'URLS_LOGIN'],
    ['consent', 200, 'URLS_CONSENT'],
    ['logout', 200, 'URLS_LOGOUT'],
    ['logout/callback', 200, 'You are logged out'],
    ['device', 200, 'URLS_DEVICE_VERIFICATION'],
    ['device/done', 200, 'Your device is connected'],
    ['error', 500, 'What went wrong is not known'],
    ['style.css', 200, 'color-scheme'],
  ])('%s is always served: %i', async (path, status, text) => {
    const response = await anywhere.fetch(`/oauth2/fallbacks/${path}`)
    expect(response.status).toBe(status)
    expect(await response.text()).toContain(text)
  })

  it('a page that is not there looks like one that is', async () => {
    const response = await anywhere.fetch('/nowhere', { headers: { accept: 'text/html' } })
    expect([response.status, response.headers.get('x-frame-options')]).toEqual([404, 'DENY'])
    const page = await response.text()
    expect(page).toContain('<h1>Page not found</h1>')
    expect(page).toContain('/oauth2/fallbacks/style.css')
  })
})
