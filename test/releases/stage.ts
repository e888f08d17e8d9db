import { expect } from 'vitest'
import { makeKey, type TestKey } from '../support/assertions.ts'
import { Browser, bodyOf, type Reachable } from '../support/browser.ts'
import { type DeviceStart, registerDeviceClient, startDevice } from '../support/device.ts'
import {
  authorizationPath,
  authorizeAt,
  LoginApp,
  logIn,
  parameter,
  registerClient,
  type TestClient,
  type Tokens,
  tokenRequest,
} from '../support/relying-party.ts'
import type { Site } from '../support/site.ts'

export const GOODBYE = 'https://app.example/goodbye'
export const JWT_BEARER = 'urn:ietf:params:oauth:grant-type:jwt-bearer'
export const REMEMBERED = { remember: true, remember_for: 3600 }

/** What the older release left: flows in every state, and what they gave. */
export interface Left {
  readonly client: TestClient
  readonly devices: TestClient
  readonly key: TestKey
  readonly byKey: TestClient
  readonly site: Site
  /** Alice's browser and tokens; her login and her consent are remembered. */
  readonly browser: Browser
  readonly tokens: Tokens
  readonly machine: string
  readonly code: string
  /** Where a browser is asked to log in. */
  readonly atLogin: { readonly browser: Browser; readonly challenge: string }
  /** Where a browser goes after the user said yes. */
  readonly afterConsent: { readonly browser: Browser; readonly url: string }
  readonly device: DeviceStart
}

/** What steps pass on to later ones. */
export interface Passed {
  tokens: Tokens
  fromCode: Tokens
  silent: string
  own: TestClient
  machine: string
  registration: Record<string, unknown>
  assertion: string
}

/** Where a step is done. */
export interface Stage {
  readonly at: Reachable
  /** Always the same Worker, for what isolates of one release, too, learn of each other within 60 seconds only. */
  readonly one: Reachable
  readonly left: Left
  readonly passed: Passed
}

/** One step of the script: what must come out of it, whichever release answers. */
export interface Step {
  readonly name: string
  run(stage: Stage): Promise<void>
}

export const step = (name: string, run: Step['run']): Step => ({ name, run })

/** Has a Worker leave what a release leaves at any moment. The browsers go on at `later`. */
export async function leave(at: Reachable, later: Reachable, site: Site): Promise<Left> {
  const key = await makeKey()
  const client = await registerClient(at, {
    post_logout_redirect_uris: [GOODBYE],
    backchannel_logout_uri: `${site.origin}/backchannel`,
  })
  const devices = await registerDeviceClient(at)
  const byKey = await registerClient(at, {
    token_endpoint_auth_method: 'private_key_jwt',
    token_endpoint_auth_signing_alg: 'ES256',
    jwks: { keys: [key.publicJwk] },
    grant_types: ['client_credentials', JWT_BEARER],
  })
  const before = new Browser(at)
  const tokens = await logIn(at, client, { browser: before, login: REMEMBERED, consent: REMEMBERED })
  const machine = await bodyOf(await tokenRequest(at, client, { grant_type: 'client_credentials' }))
  const app = new LoginApp(at)
  const asked = new Browser(at)
  const challenge = parameter(await asked.next(authorizationPath(client)), 'login_challenge')
  const agreed = new Browser(at)
  const login = parameter(await agreed.next(authorizationPath(client)), 'login_challenge')
  const consent = await agreed.next(await app.decide('login', 'accept', login, { subject: 'bob' }))
  const decision = { grant_scope: ['openid', 'offline_access'] }
  return {
    ...{ client, devices, key, byKey, site, tokens },
    browser: moved(before, later),
    machine: String(machine['access_token']),
    code: parameter(await authorizeAt(at, client, { login: { subject: 'bob' } }), 'code'),
    atLogin: { browser: moved(asked, later), challenge },
    afterConsent: {
      browser: moved(agreed, later),
      url: await app.decide('consent', 'accept', parameter(consent, 'consent_challenge'), decision),
    },
    device: await startDevice(at, devices),
  }
}

/** The same browser, whose requests are answered elsewhere. */
function moved(browser: Browser, at: Reachable): Browser {
  const other = new Browser(at)
  for (const [name, value] of browser.cookies) other.cookies.set(name, value)
  return other
}

export const isActive = async (at: Reachable, token: string): Promise<boolean> =>
  (await at.introspect(token))['active'] === true

export async function tokensOf(response: Response): Promise<Tokens> {
  const text = await response.text()
  expect(response.status, text).toBe(200)
  return JSON.parse(text)
}

export async function expectError(response: Response, status: number, error: string): Promise<void> {
  expect([response.status, (await bodyOf(response))['error']]).toEqual([status, error])
}

/** The error that a request without a page ends with; null if it goes on. */
export async function silently(browser: Browser, client: TestClient): Promise<string | null> {
  return (await browser.next(authorizationPath(client, { prompt: 'none' }))).searchParams.get('error')
}

export const sessions = (kind: 'login' | 'consent', subject: string): string =>
  `/admin/oauth2/auth/sessions/${kind}?subject=${subject}`
