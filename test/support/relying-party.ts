import { toBase64url } from '../../src/util/base64url.ts'
import { sha256 } from '../../src/util/digest.ts'
import { Browser, bodyOf, type Reachable } from './browser.ts'

export const REDIRECT_URI = 'https://app.example/cb'

export interface TestClient {
  readonly id: string
  readonly secret: string
}

/** Registers a client through the admin API; confidential with `client_secret_basic` unless told otherwise. */
export async function registerClient(
  deployment: Reachable,
  metadata: Readonly<Record<string, unknown>> = {},
): Promise<TestClient> {
  const response = await deployment.admin('POST', '/admin/clients', {
    redirect_uris: [REDIRECT_URI],
    grant_types: ['authorization_code', 'refresh_token', 'client_credentials'],
    response_types: ['code'],
    scope: 'openid offline_access offline profile email api.read',
    audience: ['https://api.example'],
    ...metadata,
  })
  const body = await bodyOf(response)
  if (response.status !== 201) throw new Error(`client not created: ${JSON.stringify(body)}`)
  return { id: String(body['client_id']), secret: String(body['client_secret'] ?? '') }
}

/** A PKCE pair. */
export const VERIFIER = 'test-verifier-of-at-least-forty-three-characters-length'
export const CHALLENGE = toBase64url(sha256(VERIFIER))

/** Authorization URL of an ordinary OpenID Connect request; `undefined` values leave a parameter out. */
export function authorizationPath(
  client: TestClient,
  changes: Readonly<Record<string, string | undefined>> = {},
): string {
  const parameters = {
    client_id: client.id,
    redirect_uri: REDIRECT_URI,
    response_type: 'code',
    scope: 'openid offline_access',
    state: 'state-0123456789',
    nonce: 'nonce-0123456789',
    code_challenge: CHALLENGE,
    code_challenge_method: 'S256',
    ...changes,
  }
  const query = new URLSearchParams()
  for (const [name, value] of Object.entries(parameters)) if (value !== undefined) query.set(name, value)
  return `/oauth2/auth?${query}`
}

/** A login and consent app: answers challenges through the admin API. */
export class LoginApp {
  readonly #deployment: Reachable

  constructor(deployment: Reachable) {
    this.#deployment = deployment
  }

  get(flow: 'login' | 'consent' | 'logout', challenge: string): Promise<Response> {
    return this.#deployment.admin('GET', `/admin/oauth2/auth/requests/${flow}?${flow}_challenge=${challenge}`)
  }

  /** Accepts or rejects and returns where the browser goes next. */
  async decide(
    flow: 'login' | 'consent' | 'logout' | 'device',
    verdict: 'accept' | 'reject',
    challenge: string,
    body: unknown = {},
  ): Promise<string> {
    const path = `/admin/oauth2/auth/requests/${flow}/${verdict}?${flow}_challenge=${challenge}`
    const answer = await bodyOf(await this.#deployment.admin('PUT', path, body))
    return String(answer['redirect_to'])
  }
}

export interface FlowOptions {
  readonly browser?: Browser
  readonly request?: Readonly<Record<string, string | undefined>>
  readonly login?: Readonly<Record<string, unknown>>
  readonly consent?: Readonly<Record<string, unknown>>
}

export const parameter = (url: URL, name: string): string => url.searchParams.get(name) ?? ''

/** Goes through login and consent and returns where the browser ends up: the client, with its answer. */
export async function authorizeAt(
  deployment: Reachable,
  client: TestClient,
  { browser = new Browser(deployment), request = {}, login = {}, consent = {} }: FlowOptions = {},
): Promise<URL> {
  const app = new LoginApp(deployment)
  const atLogin = await browser.next(authorizationPath(client, request))
  const challenge = parameter(atLogin, 'login_challenge')
  if (challenge === '') return atLogin
  const afterLogin = await app.decide('login', 'accept', challenge, { subject: 'alice', ...login })
  const atConsent = await browser.next(afterLogin)
  const consentChallenge = parameter(atConsent, 'consent_challenge')
  if (consentChallenge === '') return atConsent
  const requested = (request['scope'] ?? 'openid offline_access').split(' ').filter((scope) => scope !== '')
  const afterConsent = await app.decide('consent', 'accept', consentChallenge, {
    grant_scope: requested,
    ...consent,
  })
  return browser.next(afterConsent)
}

export interface Tokens {
  readonly access_token: string
  readonly refresh_token: string
  readonly id_token: string
  readonly expires_in: number
  readonly scope: string
  readonly token_type: string
}

const basic = ({ id, secret }: TestClient): Record<string, string> =>
  secret === ''
    ? {}
    : { authorization: `Basic ${btoa(`${encodeURIComponent(id)}:${encodeURIComponent(secret)}`)}` }

/** A form POST with the client's credentials. */
export function authorizedForm(
  deployment: Reachable,
  path: string,
  client: TestClient,
  fields: Readonly<Record<string, string>>,
): Promise<Response> {
  const own = client.secret === '' ? { client_id: client.id } : {}
  return deployment.form(path, { ...own, ...fields }, basic(client))
}

/** A token request with the client's credentials. */
export function tokenRequest(
  deployment: Reachable,
  client: TestClient,
  fields: Readonly<Record<string, string>>,
): Promise<Response> {
  return authorizedForm(deployment, '/oauth2/token', client, fields)
}

export const redeem = (
  deployment: Reachable,
  client: TestClient,
  code: string,
  redirectUri = REDIRECT_URI,
): Promise<Response> =>
  tokenRequest(deployment, client, {
    grant_type: 'authorization_code',
    code,
    redirect_uri: redirectUri,
    code_verifier: VERIFIER,
  })

export const refresh = (deployment: Reachable, client: TestClient, token: string): Promise<Response> =>
  tokenRequest(deployment, client, { grant_type: 'refresh_token', refresh_token: token })

export const revoke = (deployment: Reachable, client: TestClient, token: string): Promise<Response> =>
  authorizedForm(deployment, '/oauth2/revoke', client, { token })

/** A whole login: the tokens of a fresh grant. */
export async function logIn(
  deployment: Reachable,
  client: TestClient,
  options: FlowOptions = {},
): Promise<Tokens> {
  const callback = await authorizeAt(deployment, client, options)
  const code = callback.searchParams.get('code')
  if (code === null) throw new Error(`no code: ${callback.search}`)
  const response = await redeem(deployment, client, code)
  if (response.status !== 200) throw new Error(`no tokens: ${await response.text()}`)
  return response.json()
}
