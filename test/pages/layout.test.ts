import { beforeAll, describe, expect, it } from 'vitest'
import { contrast } from '../../src/util/contrast.ts'
import { Browser, Deployment } from '../support/deployment.ts'
import { DEVICE_GRANT, startDevice } from '../support/device.ts'
import {
  authorizationPath,
  parameter,
  REDIRECT_URI,
  registerClient,
  type TestClient,
} from '../support/relying-party.ts'

const CREDENTIALS = { username: 'demo', password: 'demo', accept: 'true' }

const deployment = new Deployment()
let shop: TestClient

beforeAll(async () => {
  shop = await registerClient(deployment, {
    client_name: 'Shop',
    client_uri: 'https://app.example/',
    logo_uri: 'https://app.example/logo.png',
    grant_types: ['authorization_code', DEVICE_GRANT],
    scope: 'openid email read:invoices',
  })
})

const posted = (fields: Readonly<Record<string, string>>): RequestInit => ({
  method: 'POST',
  body: new URLSearchParams(fields),
})

async function toConsent(browser: Browser, changes: Readonly<Record<string, string>> = {}): Promise<URL> {
  const login = await browser.next(
    authorizationPath(shop, { scope: 'read:invoices email openid', ...changes }),
  )
  return browser.next((await browser.next(login.href, posted(CREDENTIALS))).href)
}

const text = async (browser: Browser, url: URL): Promise<string> => (await browser.visit(url.href)).text()

describe('a page', () => {
  it('loads the images that it shows, and no others', async () => {
    const policyOf = (page: Response): string =>
      /img-src ([^;]*)/.exec(page.headers.get('content-security-policy') ?? '')?.[1] ?? ''
    const browser = new Browser(deployment)
    const login = await browser.next(authorizationPath(shop, { scope: 'openid' }))
    expect(policyOf(await browser.visit(login.href))).toBe('data: https://app.example')
    expect(policyOf(await deployment.fetch('/oauth2/fallbacks/login'))).toBe('data:')
  })

  it.each([
    'http://cdn.example/logo.png',
    'https://cdn.example;sandbox/logo.png',
    'https://cdn.example,script-src/logo.png',
  ])('shows no logo over plain http, nor one that would change its policy: %s', async (logo_uri) => {
    const redirect_uris = [REDIRECT_URI, new URL('/cb', logo_uri).href]
    const client = await registerClient(deployment, { redirect_uris, logo_uri })
    const browser = new Browser(deployment)
    const login = await browser.next(authorizationPath(client, { scope: 'openid' }))
    const response = await browser.visit(login.href)
    expect(response.headers.get('content-security-policy')).toMatch(/ img-src data:; frame-ancestors 'none'$/)
    const page = await response.text()
    expect(page).not.toContain('<img')
    expect(page).toContain('<div class="mark" aria-hidden="true"><span>')
  })

  it('says in its title that a form was refused, and puts the cursor into the field', async () => {
    const browser = new Browser(deployment)
    const login = await browser.next(authorizationPath(shop, { scope: 'openid' }))
    const page = await (await browser.visit(login.href, posted({ username: 'bob', password: 'x' }))).text()
    expect(page).toContain('<title>Error: Log in · Ladon</title>')
    expect(page).toMatch(/name="password"[^>]* aria-describedby="refusal" autofocus>/)
  })
})

describe('the consent page', () => {
  it('lists what is about the user first, and leaves no box for what is always needed', async () => {
    const browser = new Browser(deployment)
    const page = await text(browser, await toConsent(browser))
    expect(page).toContain('<bdi>Shop</bdi> wants to use your account')
    expect([...page.matchAll(/name="grant_scope" value="([^"]*)"/g)].map(([, scope]) => scope)).toEqual([
      'email',
      'read:invoices',
    ])
    expect(page.indexOf('Know who you are')).toBeLessThan(page.indexOf('See your email address'))
  })

  it('grants what is always needed with nothing ticked', async () => {
    const browser = new Browser(deployment)
    const consent = await toConsent(browser)
    const onward = await browser.next(consent.href, posted({ accept: 'true' }))
    expect(parameter(await browser.next(onward.href), 'scope')).toBe('openid')
  })

  it.each([
    ['', 'login'],
    ['consent', 'login consent'],
    ['login', 'login'],
  ])('lets somebody else log in, of a request with prompt=%j', async (prompt, expected) => {
    const browser = new Browser(deployment)
    const page = await text(browser, await toConsent(browser, prompt === '' ? {} : { prompt }))
    const link = /<a href="([^"]*)">Not you\? Use another account</.exec(page)?.[1] ?? ''
    const url = new URL(link.replaceAll('&amp;', '&'))
    expect([url.pathname, parameter(url, 'prompt')]).toEqual(['/oauth2/auth', expected])
    const login = await browser.next(url.href)
    expect(login.pathname).toBe('/ui/login')
    expect(await text(browser, login)).toContain('name="password"')
  })
})

describe('the error page', () => {
  const failed = async (changes: Readonly<Record<string, string>>): Promise<string> => {
    const at = await new Browser(deployment).next(authorizationPath(shop, changes))
    expect(at.pathname).toBe('/oauth2/fallbacks/error')
    const page = await deployment.fetch(at.href)
    expect(page.status).toBe(500)
    return page.text()
  }

  it('says first what it means for the person, and leads back to the application', async () => {
    const page = await failed({ redirect_uri: 'https://evil.example/' })
    expect(page).toContain('<title>Error: Shop could not log you in · Ladon</title>')
    expect(page).toContain('<a class="button" href="https://app.example/">Back to <bdi>Shop</bdi></a>')
    const [person = '', developers = ''] = page.split('<details>')
    expect(person).not.toMatch(/redirect_uri|invalid_request/)
    expect(developers).toContain('<code lang="en" dir="ltr">invalid_request</code>')
    expect(developers).toContain('<code lang="en" dir="ltr">redirect_uri_unregistered</code>')
    expect(developers).toMatch(/<time datetime="\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ">/)
  })

  it('names no application that there is none', async () => {
    const page = await failed({ client_id: 'nobody' })
    expect(page).toContain('Only the people who run the application can fix it.')
    expect(page).not.toContain('class="button"')
  })
})

describe('the device page', () => {
  const DIFFERENT = 'BCDF-GHJK'
  const open = async (browser: Browser, code: string): Promise<URL> =>
    browser.next(`/oauth2/device/verify?${new URLSearchParams({ user_code: code })}`)

  /** The page as a user opens it, by typing its address or over this server's own redirects. */
  const opened = async (browser: Browser, url: URL): Promise<string> =>
    (await browser.visit(url.href, { headers: { 'sec-fetch-site': 'none' } })).text()

  it('names the application whose device shows the code of a link', async () => {
    const device = await startDevice(deployment, shop, { scope: 'openid' })
    const browser = new Browser(deployment)
    const page = await opened(browser, await open(browser, device.user_code))
    expect(page).toContain('<h1>Connect <bdi>Shop</bdi></h1>')
    expect(page).toContain('this same code')
  })

  it.each([{ 'sec-fetch-site': 'cross-site' }, { 'sec-fetch-site': 'same-site' }, {}])(
    'asks nothing, and counts nothing, where the user may not have opened it: %j',
    async (headers: Record<string, string>) => {
      const browser = new Browser(new Deployment())
      const at = await open(browser, DIFFERENT)
      for (let tries = 0; tries < 61; tries += 1) await (await browser.visit(at.href, { headers })).text()
      const refused = await browser.visit(at.href, posted({ user_code: DIFFERENT }))
      expect(await refused.text()).toContain('unknown, expired or already used')
    },
  )

  it('names none for a wrong one, and counts that as a try', async () => {
    const browser = new Browser(deployment)
    const at = await open(browser, DIFFERENT)
    for (let tries = 0; tries < 60; tries += 1) {
      expect(await opened(browser, at)).toContain('<h1>Connect a device</h1>')
    }
    const refused = await browser.visit(at.href, posted({ user_code: DIFFERENT }))
    expect(await refused.text()).toContain('Too many codes were tried.')
  })

  it('does not ask to compare a code that was refused', async () => {
    const browser = new Browser(new Deployment())
    const at = await browser.next('/oauth2/device/verify')
    const page = await (await browser.visit(at.href, posted({ user_code: 'WRONG' }))).text()
    expect(page).toContain('Type the code that your device shows.')
    expect(page).not.toContain('this same code')
  })
})

describe('contrast', () => {
  it('is what WCAG says', () => {
    expect(contrast([0, 0, 0], [255, 255, 255])).toBeCloseTo(21, 5)
    expect(contrast([0x77, 0x77, 0x77], [255, 255, 255])).toBeCloseTo(4.48, 2)
    expect(contrast([1, 2, 3], [1, 2, 3])).toBe(1)
  })
})
