import type { Browser, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest'
import { Application, consent, logIn, press } from '../../browser/application.ts'
import { launch, openPage } from '../../browser/browser.ts'
import { freePort, type RunningServer, startServer } from '../../support/server.ts'
import { type RunningExample, runExample, startExample } from '../run.ts'

const cwd = `${process.env['LADON_EXAMPLES_AT']}/web`

let server: RunningServer
let api: RunningExample
let web: RunningExample
let origin: string
let browser: Browser
let page: Page

beforeAll(async () => {
  browser = await launch()
  server = await startServer()
  const [apiPort, port] = [await freePort(), await freePort()]
  origin = `http://localhost:${port}`
  const api_client = { client_id: 'orders-api', client_secret: 'a-secret-of-the-orders-api' }
  await Application.register(server, origin, {
    ...api_client,
    token_endpoint_auth_method: 'client_secret_basic',
    grant_types: [],
    response_types: [],
    redirect_uris: [],
    post_logout_redirect_uris: [],
  })
  await Application.register(server, origin, {
    client_id: 'web',
    client_secret: 'a-secret-of-the-web-app',
    token_endpoint_auth_method: 'client_secret_basic',
    grant_types: ['authorization_code', 'refresh_token'],
    response_types: ['code'],
    scope: 'openid orders:read',
    audience: ['orders-api'],
    redirect_uris: [`${origin}/auth/callback/ladon`],
    post_logout_redirect_uris: [`${origin}/`],
  })
  const env = { LADON_URL: server.base, API_URL: `http://localhost:${apiPort}/orders` }
  api = await startExample('api', { env: { ...env, PORT: String(apiPort) } })
  const CLIENT_SECRET = 'a-secret-of-the-web-app'
  web = await startExample('web', { cwd, env: { ...env, PORT: String(port), CLIENT_SECRET } })
})

beforeEach(async () => {
  page = await openPage(browser)
})
afterEach(() => page.context().close())
afterAll(async () => {
  await browser?.close()
  await Promise.all([web, api, server].map((running) => running?.stop()))
})

const begin = async (): Promise<void> => {
  await page.goto(origin)
  await page.getByRole('link', { name: 'Log in' }).click()
  await press(page, 'Sign in with Ladon')
}

it('logs in, shows what the API says, keeps tokens from scripts, and logs out here and there', async () => {
  await begin()
  await logIn(page)
  await consent(page)
  await page.waitForURL(`${origin}/`)
  expect(await page.locator('p').first().innerText()).toBe('You are demo.')
  await page.getByRole('link', { name: 'Show my orders' }).click()
  expect(await page.getByRole('status').innerText()).toContain(
    '200 {"orders":["a book","a lamp"],"user":"demo"}',
  )

  const cookies = (await page.context().cookies(origin)).filter(({ name }) => name.startsWith('authjs'))
  expect(cookies.length).toBeGreaterThan(0)
  expect(cookies.every(({ httpOnly, sameSite }) => httpOnly && sameSite === 'Lax')).toBe(true)
  await page.goto(`${origin}/auth/session`)
  expect(JSON.parse(await page.locator('body').innerText())).toEqual({
    user: { id: 'demo' },
    expires: expect.any(String),
  })

  await page.goto(origin)
  await press(page, 'Log out')
  await page.waitForURL(`${server.base}/**`)
  await press(page, 'Log out')
  await page.waitForURL(`${origin}/**`)
  expect(await page.locator('p').first().innerText()).toContain('Nobody is logged in.')
  await begin()
  expect(await page.getByLabel('Password').isVisible()).toBe(true)
})

it('says that its user said no, and logs nobody in', async () => {
  await begin()
  await press(page, 'Cancel')
  await page.waitForURL(`${origin}/auth/**`)
  expect(page.url()).toContain('error=')
  await page.goto(origin)
  expect(await page.locator('p').first().innerText()).toContain('Nobody is logged in.')
})

it('takes no logout of another site', async () => {
  const answer = await fetch(`${origin}/logout`, {
    method: 'POST',
    headers: { origin: 'https://evil.example' },
  })
  expect(answer.status).toBe(403)
})

it('does not start without the secret of its client', async () => {
  const started = runExample('web', { cwd, env: { CLIENT_SECRET: '' } })
  expect(await started.ended).toBe(1)
  expect(started.output()).toContain('Set CLIENT_SECRET')
})
