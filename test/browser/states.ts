import type { Page } from 'playwright-core'
import type { RunningServer } from '../support/server.ts'

const DEVICE_GRANT = 'urn:ietf:params:oauth:grant-type:device_code'
const REDIRECT_URI = 'https://app.example/callback'

/** A name as long as nobody should choose it, with no place to break. */
export const LONG = 'bundesanstaltfuerlandwirtschaftlicheundforstwirtschaftlicheunfallversicherung'

const SCOPE = `openid profile email phone address offline_access ${LONG}`

/** Registers a client that has every kind of name and link. */
export async function registerLong(server: RunningServer): Promise<string> {
  const answer = await fetch(`${server.base}/admin/clients`, {
    method: 'POST',
    headers: { authorization: `Bearer ${server.adminKey}` },
    body: JSON.stringify({
      client_name: LONG,
      redirect_uris: [REDIRECT_URI],
      grant_types: ['authorization_code', 'refresh_token', DEVICE_GRANT],
      token_endpoint_auth_method: 'none',
      scope: SCOPE,
      client_uri: 'https://app.example/',
      policy_uri: 'https://app.example/policy',
      tos_uri: 'https://app.example/terms',
    }),
  })
  const { client_id: id }: { client_id: string } = await answer.json()
  return id
}

/** What a walk over the pages is told at each of them. */
export type See = (state: string) => Promise<void>

/** Walks over every state of the built-in pages, whatever their language. */
export async function walk(page: Page, server: RunningServer, clientId: string, see: See): Promise<void> {
  await walkDemo(page, server, see)
  await walkLogout(page, server, clientId, see)
  await walkDevice(page, server, clientId, see)
  await walkTroubles(page, server, clientId, see)
}

/** Presses a button, and waits for the page that it leads to. */
async function press(page: Page, button: string): Promise<void> {
  await Promise.all([page.waitForEvent('load'), page.locator(button).click()])
}

const begin = async (page: Page, { base }: RunningServer): Promise<void> => {
  await page.goto(base)
  await press(page, 'form[action$="/demo/start"] button')
}

async function logIn(page: Page, password = 'demo'): Promise<void> {
  await page.locator('[name=username]').fill('demo')
  await page.locator('[name=password]').fill(password)
  await page.locator('[name=remember]').check()
  await press(page, '[name=accept]')
}

async function walkDemo(page: Page, server: RunningServer, see: See): Promise<void> {
  await page.goto(server.base)
  await see('home')
  await begin(page, server)
  await see('login')
  await logIn(page, 'wrong')
  await see('login refused')
  await press(page, '[name=reject]')
  await see('no')
  await begin(page, server)
  await logIn(page)
  await see('consent')
  await press(page, '[name=accept]')
  await page.waitForURL('**/demo')
  await see('result')
  await press(page, 'form[action$="/introspect"] button')
  await see('result of a button')
}

const authorizationUrl = ({ base }: RunningServer, clientId: string, redirectUri: string): string =>
  `${base}/oauth2/auth?${new URLSearchParams({
    client_id: clientId,
    redirect_uri: redirectUri,
    response_type: 'code',
    scope: SCOPE,
    state: 'state-0123456789',
    code_challenge: 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM',
    code_challenge_method: 'S256',
  })}`

async function walkLogout(page: Page, server: RunningServer, clientId: string, see: See): Promise<void> {
  await page.goto(authorizationUrl(server, clientId, REDIRECT_URI))
  await see('consent of long names')
  await page.goto(`${server.base}/oauth2/sessions/logout`)
  await see('logout')
  await press(page, '[name=reject]')
  await see('still logged in')
  await page.goto(`${server.base}/demo`)
  await press(page, 'form[action$="/logout"] button')
  await see('logout of an application')
  await press(page, '[name=accept]')
  await page.waitForURL('**/?state=logged-out')
  await see('logged out')
}

async function walkDevice(page: Page, server: RunningServer, clientId: string, see: See): Promise<void> {
  const body = new URLSearchParams({ client_id: clientId, scope: 'openid' })
  const answer = await fetch(`${server.base}/oauth2/device/auth`, { method: 'POST', body })
  const device: { verification_uri: string; verification_uri_complete: string } = await answer.json()
  await page.goto(device.verification_uri)
  await see('device')
  await press(page, 'button')
  await see('device without a code')
  await page.locator('[name=user_code]').fill('wrong')
  await press(page, 'button')
  await see('device refused')
  await page.goto(device.verification_uri_complete)
  await see('device compared')
  await press(page, 'button')
  await press(page, '[name=reject]')
  await see('device denied')
}

async function walkTroubles(page: Page, server: RunningServer, clientId: string, see: See): Promise<void> {
  await page.goto(authorizationUrl(server, clientId, `${REDIRECT_URI}/`))
  await page.locator('summary').click()
  await see('error')
  for (const path of [
    '/oauth2/auth?client_id=nobody',
    '/oauth2/auth?login_verifier=none',
    '/oauth2/fallbacks/error',
    '/ui/login?login_challenge=none',
    '/ui/consent',
    '/demo/callback?code=x&state=y',
    '/nowhere',
    '/oauth2/fallbacks/login',
    '/oauth2/fallbacks/consent',
    '/oauth2/fallbacks/logout',
    '/oauth2/fallbacks/device',
    '/oauth2/fallbacks/logout/callback',
    '/oauth2/fallbacks/device/done',
  ]) {
    await page.goto(server.base + path)
    await see(path)
  }
}
