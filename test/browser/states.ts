import type { Page } from 'playwright-core'
import type { RunningServer } from '../support/server.ts'

const DEVICE_GRANT = 'urn:ietf:params:oauth:grant-type:device_code'
const REDIRECT_URI = 'https://app.example/callback'

/** A name as long as nobody should choose it, with no place to break. */
export const LONG = 'bundesanstaltfuerlandwirtschaftlicheundforstwirtschaftlicheunfallversicherung'

const SCOPE = `openid profile email phone address offline_access ${LONG}`

const AUDIENCE = `https://api.example/${LONG}`

/** Where an application on the user's own device gets its answers. */
const LOOPBACK_URI = 'http://127.0.0.1:9/callback'

/** Settings of the server whose pages are walked over. */
export const SETTINGS = { OIDC_DYNAMIC_CLIENT_REGISTRATION_ENABLED: 'true' }

/** Clients by their ids: one with every kind of name and link, and one that registered itself. */
export interface Clients {
  readonly long: string
  readonly stranger: string
}

/** Registers the clients of a walk, at a server with these settings. */
export async function registerClients({ base, adminKey }: RunningServer): Promise<Clients> {
  const register = async (path: string, metadata: object): Promise<string> => {
    const answer = await fetch(`${base}${path}`, {
      method: 'POST',
      headers: path === '/admin/clients' ? { authorization: `Bearer ${adminKey}` } : {},
      body: JSON.stringify({ token_endpoint_auth_method: 'none', ...metadata }),
    })
    if (!answer.ok) throw new Error(await answer.text())
    const { client_id: id }: { client_id: string } = await answer.json()
    return id
  }
  const long = await register('/admin/clients', {
    client_name: LONG,
    redirect_uris: [REDIRECT_URI],
    grant_types: ['authorization_code', 'refresh_token', DEVICE_GRANT],
    scope: SCOPE,
    audience: [AUDIENCE],
    client_uri: 'https://app.example/',
    policy_uri: 'https://app.example/policy',
    tos_uri: 'https://app.example/terms',
    frontchannel_logout_uri: 'https://app.example/bye',
  })
  const stranger = await register('/oauth2/register', {
    client_name: LONG,
    redirect_uris: [`https://${LONG.slice(0, 60)}.example/callback`, LOOPBACK_URI],
    scope: 'openid',
  })
  return { long, stranger }
}

/** What a walk over the pages is told at each of them. */
export type See = (state: string) => Promise<void>

/** Walks over every state of the built-in pages, whatever their language. */
export async function walk(page: Page, server: RunningServer, clients: Clients, see: See): Promise<void> {
  await page.route(/^https:\/\/app\.example\//, (route) =>
    route.fulfill({ contentType: 'text/html', body: '' }),
  )
  await walkDemo(page, server, see)
  await walkLogout(page, server, clients, see)
  await walkDevice(page, server, clients, see)
  await walkTroubles(page, server, clients, see)
  await walkPassing(page, server, clients, see)
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

const authorizationUrl = (
  { base }: RunningServer,
  clientId: string,
  changes: Readonly<Record<string, string>> = {},
): string =>
  `${base}/oauth2/auth?${new URLSearchParams({
    client_id: clientId,
    redirect_uri: REDIRECT_URI,
    response_type: 'code',
    scope: SCOPE,
    state: 'state-0123456789',
    code_challenge: 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM',
    code_challenge_method: 'S256',
    ...changes,
  })}`

async function walkLogout(
  page: Page,
  server: RunningServer,
  { long, stranger }: Clients,
  see: See,
): Promise<void> {
  await page.goto(authorizationUrl(server, long))
  await see('consent of long names')
  const claims = '{"id_token":{"birthdate":null,"nickname":null},"userinfo":{"phone_number":null}}'
  await page.goto(authorizationUrl(server, long, { scope: 'openid', claims, audience: AUDIENCE }))
  await see('consent with claims and an audience')
  const host = `https://${LONG.slice(0, 60)}.example/callback`
  await page.goto(authorizationUrl(server, stranger, { scope: 'openid', redirect_uri: host }))
  await see('consent of a stranger')
  await page.goto(authorizationUrl(server, stranger, { scope: 'openid', redirect_uri: LOOPBACK_URI }))
  await see('consent of a stranger on this device')
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

async function walkDevice(page: Page, server: RunningServer, { long }: Clients, see: See): Promise<void> {
  const body = new URLSearchParams({ client_id: long, scope: 'openid' })
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

async function walkTroubles(page: Page, server: RunningServer, { long }: Clients, see: See): Promise<void> {
  await page.goto(authorizationUrl(server, long, { redirect_uri: `${REDIRECT_URI}/` }))
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

/** Keeps a page that goes on by itself, and axe from waiting for its frames. */
const STAYING = `HTMLFormElement.prototype.submit = () => {}
const later = setTimeout
window.setTimeout = (run, ...rest) => run.name === 'go' || later(run, ...rest)
Object.defineProperty(document, 'readyState', { value: 'complete' })`

async function walkPassing(page: Page, server: RunningServer, { long }: Clients, see: See): Promise<void> {
  await page.addInitScript(STAYING)
  await page.goto(authorizationUrl(server, long, { response_mode: 'form_post' }))
  await logIn(page)
  await press(page, '[name=accept]')
  await see('form post')
  await page.goto(`${server.base}/oauth2/sessions/logout`)
  await press(page, '[name=accept]')
  await see('logging out')
}
