import { makeKey, signAssertion, type TestKey } from '../../support/assertions.ts'
import { Browser, bodyOf, type Reachable } from '../../support/browser.ts'
import { askDevice, DEVICE_GRANT } from '../../support/device.ts'
import {
  authorizationPath,
  authorizeAt,
  LoginApp,
  logIn,
  parameter,
  REDIRECT_URI,
  registerClient,
  type TestClient,
  VERIFIER,
} from '../../support/relying-party.ts'
import { trust } from '../../support/trust.ts'
import { JWT_BEARER } from './drafts.ts'

/** What one party holds, by kind. */
export type Held = Readonly<Record<string, string>>

/** A party with a client, a user and something of every kind that Ladon hands out. */
export interface Party {
  readonly client: TestClient
  readonly subject: string
  /** The browser in which the user is logged in. */
  readonly browser: Browser
  /** The browser of a flow that waits for its login, and of one that waits for its last hop. */
  readonly pending: Browser
  readonly consented: Browser
  readonly key: TestKey
  readonly held: Held
}

const USED = {
  grant_types: ['authorization_code', 'refresh_token', 'client_credentials', DEVICE_GRANT, JWT_BEARER],
  response_types: ['code', 'id_token', 'token', 'code id_token'],
  post_logout_redirect_uris: ['https://app.example/out'],
}

const LOGIN = { remember: true, remember_for: 86_400 }

/** Makes a party; with `client`, one more login of that. */
export async function makeParty(at: Reachable, name: string, old?: Party): Promise<Party> {
  const client = old?.client ?? (await registerClient(at, { ...USED, client_name: name }))
  const key = old?.key ?? (await makeKey())
  const subject = `${name}-${crypto.randomUUID()}`
  const browser = new Browser(at)
  const pending = new Browser(at)
  const consented = new Browser(at)
  const tokens = await logIn(at, client, { browser, login: { subject, ...LOGIN } })
  const issuer = `https://issuer.example/${subject}`
  if (old === undefined) await trust(at, key, issuer, { subject: undefined, allow_any_subject: true })
  const code = parameter(await authorizeAt(at, client, { login: { subject } }), 'code')
  const login_challenge = parameter(await pending.next(authorizationPath(client)), 'login_challenge')
  const logout = await browser.next(`/oauth2/sessions/logout?id_token_hint=${tokens.id_token}`)
  const device = await bodyOf(await askDevice(at, client))
  const atDevice = await new Browser(at).next('/oauth2/device/verify')
  const self = await register(at)
  return {
    ...{ client, subject, browser, pending, consented, key },
    held: {
      ...tokens,
      ...self,
      ...(await consentSteps(at, client, subject, consented)),
      expires_in: '3600',
      code,
      login_challenge,
      logout_challenge: parameter(logout, 'logout_challenge'),
      device_challenge: parameter(atDevice, 'device_challenge'),
      device_code: String(device['device_code']),
      user_code: String(device['user_code']),
      subject,
      client_id: client.id,
      client_secret: client.secret,
      redirect_uri: REDIRECT_URI,
      code_verifier: VERIFIER,
      session_cookie: browser.cookie,
      sid: sidOf(tokens.id_token),
      assertion: await signAssertion(
        key,
        { iss: issuer, sub: subject },
        { claims: { aud: `${at instanceof Object && 'base' in at ? at.base : ''}/oauth2/token` } },
      ),
    },
  }
}

/** Goes to the consent step: its challenge, and the address of the last hop, which nobody opens. */
async function consentSteps(
  at: Reachable,
  client: TestClient,
  subject: string,
  browser: Browser,
): Promise<Held> {
  const app = new LoginApp(at)
  const atLogin = await browser.next(authorizationPath(client))
  const afterLogin = await app.decide('login', 'accept', parameter(atLogin, 'login_challenge'), { subject })
  const consent_challenge = parameter(await browser.next(afterLogin), 'consent_challenge')
  const body = { grant_scope: ['openid', 'offline_access'] }
  const last = new URL(await app.decide('consent', 'accept', consent_challenge, body))
  return {
    login_verifier: parameter(new URL(afterLogin), 'login_verifier'),
    consent_challenge,
    consent_verifier: parameter(last, 'consent_verifier'),
  }
}

/** A client that registered itself. */
async function register(at: Reachable): Promise<Held> {
  const body = JSON.stringify({ redirect_uris: [REDIRECT_URI], scope: 'openid' })
  const headers = { 'content-type': 'application/json' }
  const made = await bodyOf(await at.fetch('/oauth2/register', { method: 'POST', headers, body }))
  return {
    registration_id: String(made['client_id']),
    registration_token: String(made['registration_access_token']),
  }
}

function sidOf(idToken: string): string {
  const claims: unknown = JSON.parse(Buffer.from(idToken.split('.')[1] ?? '', 'base64url').toString())
  return typeof claims === 'object' && claims !== null && 'sid' in claims ? String(claims.sid) : ''
}
