import type { Browser, BrowserContextOptions, Page, Route } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type RunningServer, startServer } from '../support/server.ts'
import { inspect, launch, openPage } from './browser.ts'

const REDIRECT_URI = 'https://app.example/cb'
const LOGO = 'https://app.example/logo.svg'
const DEVICE_GRANT = 'urn:ietf:params:oauth:grant-type:device_code'

/** Names as long as nobody should choose them, with no place to break. */
const LONG = 'bundesanstaltfuerlandwirtschaftlicheundforstwirtschaftlicheunfallversicherung'

let server: RunningServer
let browser: Browser
let clientId: string

beforeAll(async () => {
  browser = await launch()
  server = await startServer()
  const answer = await fetch(`${server.base}/admin/clients`, {
    method: 'POST',
    headers: { authorization: `Bearer ${server.adminKey}` },
    body: JSON.stringify({
      client_name: LONG,
      redirect_uris: [REDIRECT_URI],
      grant_types: ['authorization_code', DEVICE_GRANT],
      token_endpoint_auth_method: 'none',
      scope: `openid email ${LONG}`,
      policy_uri: `https://app.example/${LONG}`,
      tos_uri: 'https://app.example/terms',
      logo_uri: LOGO,
    }),
  })
  const client: { client_id: string } = await answer.json()
  clientId = client.client_id
})

afterAll(async () => {
  await browser?.close()
  await server?.stop()
})

const heading = (page: Page): Promise<string> => page.locator('h1').innerText()
const press = (page: Page, name: string): Promise<void> =>
  page.getByRole('button', { name, exact: true }).click()

const loginUrl = (): string =>
  `${server.base}/oauth2/auth?${new URLSearchParams({
    client_id: clientId,
    redirect_uri: REDIRECT_URI,
    response_type: 'code',
    scope: `openid email ${LONG}`,
    state: 'state-0123456789',
    code_challenge: 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM',
    code_challenge_method: 'S256',
  })}`

async function logIn(page: Page, password = 'demo'): Promise<void> {
  await page.getByLabel('User name').fill('demo')
  await page.getByLabel('Password').fill(password)
  await page.getByLabel('Remember me').check()
  await press(page, 'Log in')
}

async function beginDevice(): Promise<{ user_code: string; verification_uri: string }> {
  const body = new URLSearchParams({ client_id: clientId, scope: 'openid' })
  return (await fetch(`${server.base}/oauth2/device/auth`, { method: 'POST', body })).json()
}

/** Presses Tab until a control of this name has the focus, as somebody without a mouse does. */
async function tabTo(page: Page, name: string): Promise<void> {
  const focused = (): Promise<unknown> =>
    page.evaluate('document.activeElement.innerText || document.activeElement.labels?.[0]?.innerText || ""')
  for (let presses = 0; presses < 20; presses += 1) {
    await page.keyboard.press('Tab')
    if (
      String(await focused())
        .trim()
        .startsWith(name)
    )
      return
  }
  throw new Error(`Tab does not reach ${name}.`)
}

const NARROW = { viewport: { width: 320, height: 640 } }

describe.each<[string, BrowserContextOptions]>([
  ['narrow', { ...NARROW, colorScheme: 'light' }],
  ['narrow-dark', { ...NARROW, colorScheme: 'dark' }],
  ['dark', { colorScheme: 'dark' }],
])('every page without obstacles: %s', (name, options) => {
  it('login, consent and logout, of a client with long names and a wide logo', async () => {
    const page = await openPage(browser, options)
    const body = '<svg xmlns="http://www.w3.org/2000/svg" width="960" height="48"/>'
    await page.route(LOGO, (route) => route.fulfill({ contentType: 'image/svg+xml', body }))
    await page.goto(loginUrl())
    expect(await heading(page)).toBe('Log in')
    await page.waitForFunction('document.images[0].naturalWidth === 960')
    expect(await page.locator('main').innerText()).toContain(LONG.slice(0, 59))
    await inspect(page, `60-${name}-login`)
    await logIn(page, 'wrong')
    expect(await page.getByRole('alert').innerText()).toContain('do not match')
    await inspect(page, `61-${name}-login-refused`)
    await logIn(page)
    expect(await heading(page)).toContain('wants to use your account')
    await inspect(page, `62-${name}-consent`)
    await page.goto(`${server.base}/oauth2/sessions/logout`)
    expect(await heading(page)).toBe('Log out?')
    await inspect(page, `63-${name}-logout`)
    await press(page, 'Stay logged in')
    expect(await heading(page)).toBe('You are still logged in')
    await inspect(page, `64-${name}-still-logged-in`)
    await page.context().close()
  })

  it('device: asked, refused, connected', async () => {
    const { user_code, verification_uri } = await beginDevice()
    const page = await openPage(browser, options)
    await page.goto(verification_uri)
    await inspect(page, `65-${name}-device`)
    await page.getByLabel('Code on the device').fill('wrong')
    await press(page, 'Continue')
    await inspect(page, `66-${name}-device-refused`)
    await page.getByLabel('Code on the device').fill(user_code)
    await press(page, 'Continue')
    await logIn(page)
    await press(page, 'Allow')
    expect(await heading(page)).toBe('Your device is connected')
    await inspect(page, `67-${name}-device-done`)
    await page.context().close()
  })

  it.each([
    ['/ui/login?login_challenge=forged', 'This link has expired'],
    ['/oauth2/fallbacks/login', 'No login page is configured'],
    ['/oauth2/fallbacks/logout/callback', 'You are logged out'],
    ['/nowhere', 'Page not found'],
    ['/oauth2/fallbacks/error', 'Something went wrong'],
    ['/oauth2/auth?client_id=nobody', 'Something went wrong'],
  ])('%s', async (path, title) => {
    const page = await openPage(browser, { ...options, extraHTTPHeaders: { accept: 'text/html' } })
    await page.goto(server.base + path)
    expect(await heading(page)).toBe(title)
    await inspect(page, `68-${name}-${path.replace(/\?.*/, '').replaceAll('/', '-')}`)
    await page.context().close()
  })
})

describe('a logo', () => {
  /** The mark of the login page, in pixels, where the logo's host answers so. */
  async function markWith(answer: (route: Route) => Promise<void>): Promise<Buffer> {
    const page = await openPage(browser, { deviceScaleFactor: 2 })
    await page.route(LOGO, answer)
    await page.goto(loginUrl())
    const mark = await page.locator('.mark').screenshot()
    await page.context().close()
    return mark
  }

  /** What stands there for a client without a logo. */
  async function letter(): Promise<Buffer> {
    const page = await openPage(browser, { deviceScaleFactor: 2 })
    await page.route(LOGO, (route) => route.abort())
    await page.goto(loginUrl())
    await page.evaluate("document.querySelector('.mark img').remove()")
    const mark = await page.locator('.mark').screenshot()
    await page.context().close()
    return mark
  }

  it('that cannot be loaded leaves the first letter of the name, and no hole', async () => {
    const expected = await letter()
    expect(await markWith((route) => route.fulfill({ status: 404, body: 'Not found' }))).toEqual(expected)
    expect(await markWith((route) => route.abort())).toEqual(expected)
    const seen = '<svg xmlns="http://www.w3.org/2000/svg" width="48" height="48"><circle r="9"/></svg>'
    const fulfil = { contentType: 'image/svg+xml', body: seen }
    expect(await markWith((route) => route.fulfill(fulfil))).not.toEqual(expected)
  })
})

describe('by keyboard alone', () => {
  it('login, consent and logout', async () => {
    const page = await openPage(browser)
    await page.goto(loginUrl())
    await tabTo(page, 'User name')
    await page.keyboard.type('demo')
    await tabTo(page, 'Password')
    await page.keyboard.type('demo')
    await tabTo(page, 'Remember me')
    await page.keyboard.press('Space')
    await page.keyboard.press('Enter')
    await page.waitForURL('**/ui/consent?*')
    await tabTo(page, 'See your email address')
    await page.keyboard.press('Space')
    expect(await page.getByLabel('See your email address').isChecked()).toBe(false)
    await tabTo(page, 'Deny')
    await page.goto(`${server.base}/oauth2/sessions/logout`)
    await tabTo(page, 'Stay logged in')
    await page.keyboard.press('Enter')
    expect(await heading(page)).toBe('You are still logged in')
    await tabTo(page, 'Continue')
    await page.keyboard.press('Enter')
    expect(await heading(page)).toBe('Ladon is running')
    await page.context().close()
  })

  it('device', async () => {
    const { user_code, verification_uri } = await beginDevice()
    const page = await openPage(browser)
    await page.goto(verification_uri)
    await tabTo(page, 'Code on the device')
    await page.keyboard.type(user_code)
    await page.keyboard.press('Enter')
    await page.waitForURL('**/ui/login?*')
    await page.context().close()
  })
})

describe('without JavaScript', () => {
  it('a page that nothing leads on from has a way out', async () => {
    const page = await openPage(browser, { javaScriptEnabled: false })
    await page.goto(`${server.base}/ui/login?login_challenge=forged`)
    await page.getByRole('link', { name: 'Start again' }).click()
    expect(await heading(page)).toBe('Ladon is running')
    await page.context().close()
  })
})
