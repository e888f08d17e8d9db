import type { OAuth2Client } from '@ory/hydra-client'
import { decodeJwt } from 'jose'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { freePort, type RunningServer, startServer } from '../support/server.ts'
import { launch, openPage } from './browser.ts'
import { type Running, startCallback, startReferenceApp } from './reference-app.ts'

const DEVICE_GRANT = 'urn:ietf:params:oauth:grant-type:device_code'
const SUBJECT = 'foo@bar.com'
const STATE = 'state-of-the-application'

let server: RunningServer
let app: Running
let application: Running
let browser: Browser
let client: { readonly id: string; readonly secret: string }

beforeAll(async () => {
  browser = await launch()
  const port = await freePort()
  const pages = `http://localhost:${port}`
  server = await startServer({
    vars: {
      ADMIN_AUTH: 'open',
      URLS_LOGIN: `${pages}/login`,
      URLS_CONSENT: `${pages}/consent`,
      URLS_LOGOUT: `${pages}/logout`,
      URLS_DEVICE_VERIFICATION: `${pages}/device/verify`,
      URLS_DEVICE_SUCCESS: `${pages}/device/success`,
    },
  })
  app = await startReferenceApp(port, server.base)
  application = await startCallback()
})

afterAll(async () => {
  await browser?.close()
  await Promise.all([server, app, application].map((running) => running?.stop()))
})

// The app knows one user, whose consents are remembered by client: each test has a client of its own.
beforeEach(async () => {
  const metadata: OAuth2Client = {
    client_name: 'The application',
    redirect_uris: [`${application.base}/cb`],
    post_logout_redirect_uris: [`${application.base}/bye`],
    grant_types: ['authorization_code', 'refresh_token', DEVICE_GRANT],
    scope: 'openid offline_access',
  }
  const response = await fetch(`${server.base}/admin/clients`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(metadata),
  })
  expect(response.status).toBe(201)
  const made: Record<string, unknown> = await response.json()
  client = { id: String(made['client_id']), secret: String(made['client_secret']) }
})

const authorizationUrl = (): string => {
  const query = new URLSearchParams({
    client_id: client.id,
    redirect_uri: `${application.base}/cb`,
    response_type: 'code',
    scope: 'openid offline_access',
    state: STATE,
  })
  return `${server.base}/oauth2/auth?${query}`
}

/** A form posted by the application, which authenticates itself. */
async function post(path: string, form: Readonly<Record<string, string>>): Promise<Record<string, unknown>> {
  const response = await fetch(`${server.base}${path}`, {
    method: 'POST',
    headers: { authorization: `Basic ${btoa(`${client.id}:${client.secret}`)}` },
    body: new URLSearchParams(form),
  })
  return { status: response.status, ...(await response.json()) }
}

const heading = (page: Page): Promise<string> => page.locator('h1').innerText()

async function logIn(page: Page, { password = 'foobar', remember = false } = {}): Promise<void> {
  expect(await heading(page)).toBe('Please log in')
  await page.locator('#email').fill(SUBJECT)
  await page.locator('#password').fill(password)
  if (remember) await page.locator('#remember').check()
  await page.locator('#accept').click()
}

async function consent(page: Page, { remember = false } = {}): Promise<void> {
  expect(await heading(page)).toBe('An application requests access to your data!')
  expect(await page.locator('p').first().innerText()).toContain(`Hi ${SUBJECT}, application The application`)
  for (const scope of ['openid', 'offline_access']) await page.locator(`#${scope}`).check()
  if (remember) await page.locator('#remember').check()
  await page.locator('#accept').click()
}

/** What the application is told when the browser comes back to it. */
async function atApplication(page: Page): Promise<URLSearchParams> {
  await page.waitForURL(`${application.base}/**`)
  const { searchParams } = new URL(page.url())
  expect(searchParams.get('state')).toBe(STATE)
  return searchParams
}

async function redeem(answer: URLSearchParams): Promise<Record<string, unknown>> {
  const code = answer.get('code') ?? ''
  const form = { grant_type: 'authorization_code', code, redirect_uri: `${application.base}/cb` }
  return post('/oauth2/token', form)
}

describe("Ory's reference login and consent app, as it is", () => {
  it('logs in and consents, which gives the application its tokens', async () => {
    const page = await openPage(browser)
    await page.goto(authorizationUrl())
    await logIn(page, { password: 'wrong' })
    expect(await page.locator('p').first().innerText()).toContain('is not correct')
    await logIn(page)
    await consent(page)
    const tokens = await redeem(await atApplication(page))
    expect(tokens).toMatchObject({ status: 200, scope: 'openid offline_access', token_type: 'bearer' })
    expect(decodeJwt(String(tokens['id_token']))).toMatchObject({ sub: SUBJECT, acr: '0', aud: [client.id] })
    const refreshed = await post('/oauth2/token', {
      grant_type: 'refresh_token',
      refresh_token: String(tokens['refresh_token']),
    })
    expect(refreshed).toMatchObject({ status: 200, access_token: expect.stringMatching(/^ory_at_/) })
    await page.context().close()
  })

  it('asks nothing again of whom it remembers, until they log out', async () => {
    const page = await openPage(browser)
    await page.goto(authorizationUrl())
    await logIn(page, { remember: true })
    await consent(page, { remember: true })
    await atApplication(page)
    await page.goto(authorizationUrl())
    const tokens = await redeem(await atApplication(page))
    const idToken = String(tokens['id_token'])
    expect(decodeJwt(idToken)).toMatchObject({ sub: SUBJECT })

    const logout = new URLSearchParams({
      id_token_hint: idToken,
      post_logout_redirect_uri: `${application.base}/bye`,
      state: STATE,
    })
    await page.goto(`${server.base}/oauth2/sessions/logout?${logout}`)
    expect(await heading(page)).toBe('Do you wish to log out?')
    await page.locator('#accept').click()
    await atApplication(page)
    expect(new URL(page.url()).pathname).toBe('/bye')

    await page.goto(authorizationUrl())
    await logIn(page)
    expect((await atApplication(page)).get('code')).toMatch(/^ory_ac_/)
    await page.context().close()
  })

  it.each([
    ['login', async () => undefined],
    ['consent', logIn],
  ])('tells the application that the user refused at %s', async (_step, before) => {
    const page = await openPage(browser)
    await page.goto(authorizationUrl())
    await before(page)
    await page.locator('#reject').click()
    const answer = await atApplication(page)
    expect(answer.get('error')).toBe('access_denied')
    expect(answer.get('error_description')).toContain('The resource owner denied the request')
    await page.context().close()
  })

  it('lets a device in by its user code', async () => {
    const started = await post('/oauth2/device/auth', {
      client_id: client.id,
      scope: 'openid offline_access',
    })
    const poll = { grant_type: DEVICE_GRANT, device_code: String(started['device_code']) }
    expect(await post('/oauth2/token', poll)).toMatchObject({ error: 'authorization_pending' })

    const page = await openPage(browser)
    await page.goto(String(started['verification_uri']))
    expect(await heading(page)).toBe('Please input User Code')
    await page.locator('#code').fill(String(started['user_code']))
    await page.locator('#verify').click()
    await logIn(page)
    await consent(page)
    expect(await heading(page)).toBe('Verification successful')
    await page.context().close()

    const tokens = await post('/oauth2/token', poll)
    expect(tokens).toMatchObject({ status: 200, refresh_token: expect.stringMatching(/^ory_rt_/) })
    expect(decodeJwt(String(tokens['id_token']))).toMatchObject({ sub: SUBJECT })
  })
})
