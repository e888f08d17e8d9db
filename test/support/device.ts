import { Browser, bodyOf, type Reachable } from './browser.ts'
import {
  authorizedForm,
  LoginApp,
  parameter,
  registerClient,
  type TestClient,
  tokenRequest,
} from './relying-party.ts'

export const DEVICE_GRANT = 'urn:ietf:params:oauth:grant-type:device_code'

/** What a device is told when it begins. */
export interface DeviceStart {
  readonly device_code: string
  readonly user_code: string
  readonly verification_uri: string
  readonly verification_uri_complete: string
  readonly expires_in: number
  readonly interval: number
}

/** Registers a client that may have devices. */
export const registerDeviceClient = (
  deployment: Reachable,
  metadata: Readonly<Record<string, unknown>> = {},
): Promise<TestClient> =>
  registerClient(deployment, { grant_types: [DEVICE_GRANT, 'refresh_token'], redirect_uris: [], ...metadata })

/** Asks for a device code. */
export const askDevice = (
  deployment: Reachable,
  client: TestClient,
  fields: Readonly<Record<string, string>> = {},
): Promise<Response> =>
  authorizedForm(deployment, '/oauth2/device/auth', client, {
    client_id: client.id,
    scope: 'openid offline_access',
    ...fields,
  })

export async function startDevice(
  deployment: Reachable,
  client: TestClient,
  fields: Readonly<Record<string, string>> = {},
): Promise<DeviceStart> {
  const response = await askDevice(deployment, client, fields)
  if (response.status !== 200) throw new Error(`no device code: ${await response.text()}`)
  return response.json()
}

/** One poll of the device. */
export const poll = (
  deployment: Reachable,
  client: TestClient,
  { device_code }: Pick<DeviceStart, 'device_code'>,
): Promise<Response> => tokenRequest(deployment, client, { grant_type: DEVICE_GRANT, device_code })

/** What a poll is told: "ok", or the error. */
export async function pollOutcome(...args: Parameters<typeof poll>): Promise<string> {
  const response = await poll(...args)
  const body = await bodyOf(response)
  return response.status === 200 ? 'ok' : `${response.status} ${body['error']}`
}

export interface VerificationOptions {
  readonly browser?: Browser
  readonly login?: Readonly<Record<string, unknown>>
  readonly consent?: Readonly<Record<string, unknown>>
}

/** Where the user is after having typed the code: on the way to the login step. */
export async function enterCode(deployment: Reachable, browser: Browser, userCode: string): Promise<string> {
  const atPage = await browser.next('/oauth2/device/verify')
  const challenge = parameter(atPage, 'device_challenge')
  return new LoginApp(deployment).decide('device', 'accept', challenge, { user_code: userCode })
}

/** Goes from the typed code up to the consent app's decision; the address of the last hop. */
export async function toLastHop(
  deployment: Reachable,
  { user_code }: DeviceStart,
  { browser = new Browser(deployment), login = {}, consent = {} }: VerificationOptions = {},
): Promise<string> {
  const app = new LoginApp(deployment)
  const atLogin = await browser.next(await enterCode(deployment, browser, user_code))
  const body = { subject: 'alice', ...login }
  const afterLogin = await app.decide('login', 'accept', parameter(atLogin, 'login_challenge'), body)
  const atConsent = await browser.next(afterLogin)
  return app.decide('consent', 'accept', parameter(atConsent, 'consent_challenge'), {
    grant_scope: ['openid', 'offline_access'],
    ...consent,
  })
}

/** The user logs in and says yes; what the browser is shown last. */
export async function approve(
  deployment: Reachable,
  device: DeviceStart,
  options: VerificationOptions = {},
): Promise<Response> {
  const browser = options.browser ?? new Browser(deployment)
  return browser.visit(await toLastHop(deployment, device, { ...options, browser }))
}
