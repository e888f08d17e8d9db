import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type RunningServer, startServer } from '../support/server.ts'
import { inspect, launch, openPage } from './browser.ts'

let server: RunningServer
let browser: Browser

beforeAll(async () => {
  browser = await launch()
  server = await startServer()
})

// A remembered consent belongs to the user, not to the browser: each test starts without one.
beforeEach(async () => {
  const answer = await fetch(`${server.base}/admin/oauth2/auth/sessions/consent?subject=demo&all=true`, {
    method: 'DELETE',
    headers: { authorization: `Bearer ${server.adminKey}` },
  })
  expect(answer.status).toBe(204)
})

afterAll(async () => {
  await browser?.close()
  await server?.stop()
})

const heading = (page: Page): Promise<string> => page.locator('h1').innerText()
const press = (page: Page, name: string): Promise<void> =>
  page.getByRole('button', { name, exact: true }).click()

async function logIn(page: Page, password = 'demo'): Promise<void> {
  await page.getByLabel('User name').fill('demo')
  await page.getByLabel('Password').fill(password)
  await press(page, 'Log in')
}

async function toResult(page: Page): Promise<void> {
  await page.goto(server.base)
  await press(page, 'Log in with the demo application')
  await logIn(page)
  await press(page, 'Allow')
  await page.waitForURL('**/demo')
}

describe('the demo, from the first click to log-out', () => {
  it('logs in, shows verified claims, and every button does what it says', async () => {
    const page = await openPage(browser)
    await page.goto(server.base)
    expect(await heading(page)).toBe('Ladon is running')
    await inspect(page, '01-home')

    await press(page, 'Log in with the demo application')
    expect(await heading(page)).toBe('Log in')
    await inspect(page, '02-login')
    await logIn(page, 'wrong')
    expect(await page.getByRole('alert').innerText()).toContain('do not match')
    expect(await page.getByLabel('User name').inputValue()).toBe('demo')
    await inspect(page, '03-login-refused')
    await page.getByLabel('Remember me').check()
    await logIn(page)

    expect(await heading(page)).toMatch(/ wants to use your account$/)
    await inspect(page, '04-consent')
    await page.getByLabel('see your email address').uncheck()
    await press(page, 'Allow')

    await page.waitForURL(`${server.base}/demo`)
    expect(await heading(page)).toBe('You are logged in')
    expect(await page.locator('.checks .good').count()).toBe(6)
    expect(await page.locator('.checks .bad').count()).toBe(0)
    const claims = await page.locator('pre.claims').innerText()
    expect(JSON.parse(claims)).toMatchObject({
      sub: 'demo',
      name: 'Demo User',
      iss: server.base,
      aud: ['demo'],
    })
    expect(claims).not.toContain('email')
    await inspect(page, '05-tokens')
    const tokens = page.locator('dd pre')
    const [access = '', refresh = ''] = await tokens.allInnerTexts()
    expect(access).toMatch(/^ory_at_/)
    expect(refresh).toMatch(/^ory_rt_/)

    const outcome = page.getByRole('status')
    await press(page, 'Refresh')
    expect(await outcome.innerText()).toContain('new tokens')
    const renewed = await tokens.allInnerTexts()
    expect(renewed[0]).toMatch(/^ory_at_/)
    expect(renewed[0]).not.toBe(access)
    expect(renewed[1]).not.toBe(refresh)
    expect(await page.locator('.checks .bad').count()).toBe(0)
    await inspect(page, '06-refreshed')
    await page.reload()
    expect(await tokens.allInnerTexts()).toEqual(renewed)

    await press(page, 'Call userinfo')
    expect(await outcome.innerText()).toContain('"preferred_username": "demo"')
    await press(page, 'Introspect')
    expect(await outcome.innerText()).toContain('"active": true')
    await inspect(page, '07-introspected')

    await press(page, 'Revoke')
    expect(await outcome.innerText()).toContain('Revoke: done')
    await press(page, 'Introspect')
    expect(await outcome.innerText()).toContain('"active": false')
    await press(page, 'Call userinfo')
    expect(await outcome.innerText()).toContain('status 401')
    await press(page, 'Refresh')
    expect(await outcome.innerText()).toContain('invalid_grant')

    await press(page, 'Log out')
    expect(await heading(page)).toBe('Log out?')
    await inspect(page, '08-logout')
    await press(page, 'Log out')
    await page.waitForURL(`${server.base}/?state=logged-out`)
    expect(await page.getByRole('status').innerText()).toBe('You are logged out')
    await inspect(page, '09-logged-out')

    await press(page, 'Log in with the demo application')
    expect(await heading(page)).toBe('Log in')
    await page.context().close()
  })

  it('passes a remembered user on without asking, until they log out', async () => {
    const page = await openPage(browser)
    await page.goto(server.base)
    await press(page, 'Log in with the demo application')
    await page.getByLabel('Remember me').check()
    await logIn(page)
    await page.getByLabel('Do not ask me again').check()
    await press(page, 'Allow')
    await page.waitForURL('**/demo')
    await page.goto(server.base)
    await press(page, 'Log in with the demo application')
    expect(await heading(page)).toBe('You are logged in')
    await page.context().close()
  })

  it('survives the back button and a repeated step', async () => {
    const page = await openPage(browser)
    await page.goto(server.base)
    await press(page, 'Log in with the demo application')
    const login = page.url()
    await logIn(page)
    await press(page, 'Allow')
    await page.waitForURL('**/demo')
    await page.goto(login)
    await logIn(page)
    expect(await heading(page)).toMatch(/wants to use your account|You are logged in/)
    await page.context().close()
  })

  it.each([
    ['Cancel', async () => undefined],
    ['Deny', logIn],
  ])('says that the user chose %s', async (button, before) => {
    const page = await openPage(browser)
    await page.goto(server.base)
    await press(page, 'Log in with the demo application')
    await before(page)
    await press(page, button)
    expect(await heading(page)).toBe('You said no')
    expect(await page.locator('.lead').innerText()).toContain('got no access')
    await inspect(page, `10-${button.toLowerCase()}`)
    await page.getByRole('link', { name: 'Start again' }).click()
    expect(await heading(page)).toBe('Ladon is running')
    await page.context().close()
  })
})

describe('a device', () => {
  interface Device {
    readonly device_code: string
    readonly user_code: string
    readonly verification_uri: string
    readonly verification_uri_complete: string
  }

  const GRANT = 'urn:ietf:params:oauth:grant-type:device_code'
  let clientId = ''

  const post = (path: string, fields: Readonly<Record<string, string>>): Promise<Response> =>
    fetch(server.base + path, {
      method: 'POST',
      body: new URLSearchParams({ client_id: clientId, ...fields }),
    })
  const begin = async (): Promise<Device> =>
    (await post('/oauth2/device/auth', { scope: 'openid offline_access' })).json()
  const poll = async ({ device_code }: Device): Promise<Record<string, unknown>> =>
    (await post('/oauth2/token', { grant_type: GRANT, device_code })).json()

  beforeAll(async () => {
    const answer = await fetch(`${server.base}/admin/clients`, {
      method: 'POST',
      headers: { authorization: `Bearer ${server.adminKey}` },
      body: JSON.stringify({
        client_name: 'Television',
        grant_types: [GRANT, 'refresh_token'],
        token_endpoint_auth_method: 'none',
      }),
    })
    const client: { client_id: string } = await answer.json()
    clientId = client.client_id
  })

  it('is connected by a typed code, after a wrong one, without JavaScript', async () => {
    const device = await begin()
    const page = await openPage(browser, { javaScriptEnabled: false })
    await page.goto(device.verification_uri)
    expect(await heading(page)).toBe('Connect a device')
    await page.getByLabel('Code on the device').fill('wrong')
    await press(page, 'Continue')
    expect(await page.getByRole('alert').innerText()).toContain('unknown, expired or already used')
    expect(await page.locator('main').innerText()).not.toContain('this same code')
    await page.getByLabel('Code on the device').fill(device.user_code.toLowerCase())
    await press(page, 'Continue')
    await logIn(page)
    await press(page, 'Allow')
    expect(await heading(page)).toBe('Your device is connected')
    expect(await poll(device)).toMatchObject({ token_type: 'bearer', refresh_token: expect.anything() })
    await page.context().close()
  })

  it('is connected by its link only once its user has compared the code', async () => {
    const device = await begin()
    const page = await openPage(browser)
    await page.goto(device.verification_uri_complete)
    const grouped = device.user_code.replace(/^(.{4})/, '$1-')
    expect(await page.getByLabel('Code on the device').inputValue()).toBe(grouped)
    await inspect(page, '40-device')
    await page.getByLabel('Code on the device').fill('')
    await press(page, 'Continue')
    await inspect(page, '41-device-refused')
    expect(await page.getByRole('alert').innerText()).toBe('No code was typed.')
    await page.getByLabel('Code on the device').fill(device.user_code)
    await press(page, 'Continue')
    expect(await page.locator('main').innerText()).toContain('Television')
    await logIn(page)
    await press(page, 'Allow')
    await inspect(page, '42-device-done')
    await page.context().close()
  })

  it('is told that its user said no', async () => {
    const device = await begin()
    const page = await openPage(browser)
    await page.goto(device.verification_uri_complete)
    await press(page, 'Continue')
    await press(page, 'Cancel')
    await inspect(page, '43-device-denied')
    expect(await heading(page)).toBe('Your device is not connected')
    expect(await page.locator('main').innerText()).toMatch(/You said no\..*start again on the device/s)
    expect(await poll(device)).toMatchObject({ error: 'access_denied' })
    await page.context().close()
  })
})

describe('in other circumstances', () => {
  it('fits a window of 320 pixels, in the dark', async () => {
    const page = await openPage(browser, { viewport: { width: 320, height: 640 }, colorScheme: 'dark' })
    await page.goto(server.base)
    await inspect(page, '20-narrow-home')
    await press(page, 'Log in with the demo application')
    await inspect(page, '21-narrow-login')
    await logIn(page)
    await inspect(page, '22-narrow-consent')
    await press(page, 'Allow')
    await page.waitForURL('**/demo')
    await press(page, 'Introspect')
    await inspect(page, '23-narrow-tokens')
    await press(page, 'Log out')
    await inspect(page, '24-narrow-logout')
    await page.context().close()
  })

  it('works by keyboard alone', async () => {
    const page = await openPage(browser)
    await page.goto(server.base)
    await page.keyboard.press('Tab')
    await page.keyboard.press('Enter')
    await page.waitForURL('**/ui/login?*')
    for (const text of ['demo', 'demo']) {
      await page.keyboard.press('Tab')
      await page.keyboard.type(text)
    }
    await page.keyboard.press('Enter')
    await page.waitForURL('**/ui/consent?*')
    await page.getByRole('button', { name: 'Allow' }).focus()
    await page.keyboard.press('Enter')
    await page.waitForURL('**/demo')
    expect(await heading(page)).toBe('You are logged in')
    await page.context().close()
  })

  it('works without JavaScript', async () => {
    const page = await openPage(browser, { javaScriptEnabled: false })
    await toResult(page)
    for (const button of ['Refresh', 'Call userinfo', 'Introspect', 'Revoke']) {
      await press(page, button)
      expect(await page.getByRole('status').innerText(), button).not.toContain('error')
    }
    await press(page, 'Log out')
    await page.waitForURL('**/?state=logged-out')
    expect(await heading(page)).toBe('See you again')
    await page.context().close()
  })

  it.each([
    ['login', 'No login page is configured'],
    ['consent', 'No consent page is configured'],
    ['logout', 'No logout page is configured'],
    ['logout/callback', 'You are logged out'],
    ['device', 'No device page is configured'],
    ['device/done', 'Your device is connected'],
    ['nowhere', 'Page not found'],
    ['error?error=invalid_client&error_description=Unknown+%3Cclient%3E', 'Something went wrong'],
  ])('shows the fallback page %s', async (path, title) => {
    const page = await openPage(browser)
    await page.goto(`${server.base}/oauth2/fallbacks/${path}`)
    expect(await heading(page)).toBe(title)
    await inspect(page, `30-${path.replaceAll('/', '-').replace(/\?.*/, '')}`)
    await page.context().close()
  })
})
