import { randomUUID } from 'node:crypto'
import type { RunningServer } from '../../support/server.ts'
import { basic, type RegisteredClient, World } from '../sdk/world.ts'
import { CookieBrowser } from '../support.ts'
import type { Document, Kind, Paths } from './documents.ts'

const SUBJECT = 'foo@bar.com'

/** Metadata that sets every kind of member a client has. */
const FULL = {
  client_name: 'Shop',
  client_uri: 'https://shop.example',
  logo_uri: 'https://shop.example/logo.png',
  policy_uri: 'https://shop.example/policy',
  tos_uri: 'https://shop.example/tos',
  contacts: ['shop@shop.example'],
  redirect_uris: ['https://shop.example/cb'],
  post_logout_redirect_uris: ['https://shop.example/bye'],
  grant_types: ['authorization_code', 'refresh_token', 'client_credentials'],
  response_types: ['code'],
  scope: 'openid offline_access',
  token_endpoint_auth_method: 'client_secret_post',
  backchannel_logout_uri: 'https://shop.example/bc',
  backchannel_logout_session_required: true,
  frontchannel_logout_uri: 'https://shop.example/fc',
  frontchannel_logout_session_required: true,
}

/** What only an admin may set. */
const FULL_BY_ADMIN = {
  ...FULL,
  owner: 'team',
  audience: ['https://api.example'],
  allowed_cors_origins: ['https://shop.example'],
  metadata: { tier: 'gold', seats: 12, nested: { on: true } },
  skip_consent: true,
  skip_logout_consent: true,
  access_token_strategy: 'jwt',
  authorization_code_grant_access_token_lifespan: '1h0m0s',
}

interface Request {
  readonly method?: string
  readonly json?: unknown
  readonly form?: Readonly<Record<string, string>>
  readonly as?: string
}

/** Asks a running Ladon for one document of every kind and shape that it answers with. */
export async function collect(server: RunningServer): Promise<readonly Document[]> {
  const collector = new Collector(server)
  await collector.publicDocuments()
  await collector.registrations()
  for (const paths of ['v1', 'v2'] as const) {
    await collector.clients(paths)
    await collector.flows(paths)
    await collector.keysAndTrust(paths)
  }
  return collector.documents
}

class Collector {
  readonly documents: Document[] = []
  readonly #base: string
  readonly #admin: string
  readonly #world: World

  constructor(server: RunningServer) {
    this.#base = server.base
    this.#admin = `Bearer ${server.adminKey}`
    this.#world = new World(server)
  }

  async publicDocuments(): Promise<void> {
    const world = this.#world
    const client = await world.client()
    const as = basic(client)
    await this.#keep('discovery', 'public', 'discovery', '/.well-known/openid-configuration')
    await this.#keep('discovery', 'public', 'discovery, RFC 8414', '/.well-known/oauth-authorization-server')
    await this.#keep('jsonWebKeySet', 'public', 'JWKS', '/.well-known/jwks.json')
    await this.#keep('version', 'public', 'version', '/version', { as: this.#admin })
    await this.#keep('health', 'public', 'health', '/health/ready')
    const tokens = await this.#code(client)
    const refresh = String(tokens['refresh_token'])
    await this.#keep('token', 'public', 'tokens for a refresh token', '/oauth2/token', {
      as,
      form: { grant_type: 'refresh_token', refresh_token: refresh },
    })
    await this.#keep('token', 'public', 'tokens for client credentials', '/oauth2/token', {
      as,
      form: { grant_type: 'client_credentials' },
    })
    const bearer = `Bearer ${(await world.tokens(client)).access}`
    await this.#keep('userinfo', 'public', 'userinfo', '/userinfo', { as: bearer })
    await this.#keep('deviceAuthorization', 'public', 'device authorization', '/oauth2/device/auth', {
      as,
      form: { client_id: client.id, scope: 'openid' },
    })
    await this.#keep('error', 'public', 'error of the token endpoint', '/oauth2/token', {
      as,
      form: { grant_type: 'authorization_code', code: 'x', redirect_uri: world.redirectUri },
    })
    await this.#keep('error', 'public', 'error of userinfo', '/userinfo', { as: 'Bearer x' })
    await this.#keep('introspection', 'public', 'introspection by the client itself', '/oauth2/introspect', {
      as,
      form: { token: refresh },
    })
  }

  async registrations(): Promise<void> {
    const redirect_uris = [this.#world.redirectUri]
    const asPublic = { redirect_uris, token_endpoint_auth_method: 'none' }
    const given = { 'of little': { redirect_uris }, 'of much': FULL, 'of a public client': asPublic }
    for (const [what, json] of Object.entries(given)) {
      const made = await this.#keep('registration', 'public', `registration ${what}`, '/oauth2/register', {
        json,
      })
      const path = `/oauth2/register/${made['client_id']}`
      const as = `Bearer ${made['registration_access_token']}`
      await this.#keep('registration', 'public', `registration ${what}, read`, path, { as })
      await this.#keep('registration', 'public', `registration ${what}, changed`, path, {
        as,
        method: 'PUT',
        json: { ...json, client_id: made['client_id'], client_name: 'New' },
      })
    }
    await this.#keep('error', 'public', 'error of registration', '/oauth2/register', {
      json: { redirect_uris: ['x'] },
    })
  }

  async clients(paths: Paths): Promise<void> {
    const all = root(paths)
    const keep = (kind: Kind, name: string, path: string, request: Request = {}) =>
      this.#keep(kind, paths, name, `${all}${path}`, { as: this.#admin, ...request })
    const jwks = { keys: [(await this.#world.issuerBody()).jwk] }
    const given = {
      'of little': {},
      'of much': FULL_BY_ADMIN,
      'with keys': { jwks, token_endpoint_auth_method: 'private_key_jwt' },
      'with bare keys': { jwks: { keys: jwks.keys.map(bare) } },
    }
    for (const [what, json] of Object.entries(given)) {
      const made = await keep('client', `client ${what}`, '/clients', { json })
      const path = `/clients/${made['client_id']}`
      await keep('client', `client ${what}, read`, path)
      if (json !== FULL_BY_ADMIN) continue
      await keep('client', `client ${what}, replaced`, path, {
        method: 'PUT',
        json: { ...json, owner: 'x', client_secret: 'a-secret-of-26-characters!' },
      })
      const patch = [{ op: 'replace', path: '/owner', value: 'y' }]
      await keep('client', `client ${what}, patched`, path, { method: 'PATCH', json: patch })
    }
    const { id } = await this.#world.client()
    await keep('client', 'client with lifespans', `/clients/${id}/lifespans`, {
      method: 'PUT',
      json: { refresh_token_grant_access_token_lifespan: '1h' },
    })
    await keep('client', 'client with a new secret', `/clients/${id}/secrets/rotate`, { method: 'POST' })
    await keep('clients', 'clients', '/clients?page_size=100')
    await keep('error', 'error: no such client', '/clients/nobody')
    await keep('error', 'error: no key', '/clients/nobody', { as: 'Bearer x' })
    await keep('error', 'error: bad client', '/clients', { json: { redirect_uris: ['#'] } })
  }

  async flows(paths: Paths): Promise<void> {
    const world = this.#world
    const all = `${root(paths)}/oauth2`
    const keep = (kind: Kind, name: string, path: string, request: Request = {}) =>
      this.#keep(kind, paths, name, `${all}${path}`, { as: this.#admin, ...request })
    const client = await world.client()
    const browser = new CookieBrowser()
    const tokens = await this.#code(client, browser)
    for (const [what, who] of [
      ['', new CookieBrowser()],
      [' of a known user', browser],
    ] as const) {
      const challenge = await world.loginChallenge(client, who)
      const login = `/auth/requests/login?login_challenge=${challenge}`
      await keep('loginRequest', `login request${what}`, login)
      const consent = await world.consentChallenge(client, SUBJECT, who)
      await keep(
        'consentRequest',
        `consent request${what}`,
        `/auth/requests/consent?consent_challenge=${consent}`,
      )
    }
    const hinted = await this.#loginWithHints(browser, client, String(tokens['id_token']))
    await keep('loginRequest', 'login request with hints', `/auth/requests/login?login_challenge=${hinted}`)
    const accepted = await world.loginChallenge(client)
    await keep(
      'redirectTo',
      'accepted login',
      `/auth/requests/login/accept?login_challenge=${accepted}`,
      put({ subject: SUBJECT }),
    )
    const rejected = await world.loginChallenge(client)
    await keep(
      'redirectTo',
      'rejected login',
      `/auth/requests/login/reject?login_challenge=${rejected}`,
      put({ error: 'access_denied' }),
    )
    const consent = await world.consentChallenge(client, SUBJECT)
    await keep(
      'redirectTo',
      'accepted consent',
      `/auth/requests/consent/accept?consent_challenge=${consent}`,
      put({ grant_scope: ['openid'] }),
    )
    const logout = await world.logoutChallenge()
    await keep('logoutRequest', 'logout request', `/auth/requests/logout?logout_challenge=${logout}`)
    const byClient = await this.#logoutByClient(browser, client, String(tokens['id_token']))
    await keep(
      'logoutRequest',
      'logout request of a client',
      `/auth/requests/logout?logout_challenge=${byClient}`,
    )
    await keep('consentSessions', 'consents', `/auth/sessions/consent?subject=${SUBJECT}`)
    await keep('consentSessions', 'consents of nobody', '/auth/sessions/consent?subject=nobody')
    await keep('error', 'error: bad challenge', '/auth/requests/login?login_challenge=x')
    await this.#introspections(keep, client, tokens)
    const device = await world.device()
    if (paths === 'v2') {
      await keep(
        'redirectTo',
        'accepted device',
        `/auth/requests/device/accept?device_challenge=${device.challenge}`,
        put({ user_code: device.userCode }),
      )
    }
  }

  async keysAndTrust(paths: Paths): Promise<void> {
    const keep = (kind: Kind, name: string, path: string, request: Request = {}) =>
      this.#keep(kind, paths, name, `${root(paths)}${path}`, { as: this.#admin, ...request })
    for (const alg of ['RS256', 'ES256', 'EdDSA']) {
      const json = { alg, use: 'sig', kid: 'one' }
      const set = `/keys/${randomUUID()}`
      await keep('jsonWebKeySet', `new ${alg} key`, set, { json })
      const read = await keep('jsonWebKeySet', `key set of ${alg}`, set)
      const key = Array.isArray(read['keys']) ? read['keys'][0] : undefined
      await keep('jsonWebKey', `${alg} key, put`, `${set}/one`, put(key))
    }
    await keep('error', 'error: no such key set', '/keys/nothing')
    const body = await this.#world.issuerBody()
    const issuers = '/trust/grants/jwt-bearer/issuers'
    const made = await keep('trustedIssuer', 'trusted issuer', issuers, {
      json: { ...body, expires_at: body.expires_at.toISOString() },
    })
    const { subject: _, ...anyone } = await this.#world.issuerBody()
    const json = { ...anyone, allow_any_subject: true, expires_at: body.expires_at.toISOString() }
    await keep('trustedIssuer', 'trusted issuer for anyone', issuers, { json })
    await keep('trustedIssuer', 'trusted issuer, read', `${issuers}/${made['id']}`)
    await keep('trustedIssuers', 'trusted issuers', issuers)
  }

  async #introspections(
    keep: (kind: Kind, name: string, path: string, request: Request) => Promise<Record<string, unknown>>,
    client: RegisteredClient,
    tokens: Record<string, unknown>,
  ): Promise<void> {
    const own = await this.#ask('/oauth2/token', {
      as: basic(client),
      form: { grant_type: 'client_credentials' },
    })
    const given = {
      'an access token': tokens['access_token'],
      'a refresh token': tokens['refresh_token'],
      "a client's own token": JSON.parse(own.text)['access_token'],
      'no token of ours': 'x',
    }
    for (const [what, token] of Object.entries(given)) {
      const form = { token: String(token) }
      await keep('introspection', `introspection of ${what}`, '/introspect', { form })
    }
  }

  /** The answer for a code, which is kept once; the browser is logged in afterwards. */
  async #code(client: RegisteredClient, browser = new CookieBrowser()): Promise<Record<string, unknown>> {
    const code = await this.#world.code(client, browser)
    const form = { grant_type: 'authorization_code', code, redirect_uri: this.#world.redirectUri }
    return this.#keep('token', 'public', 'tokens for a code', '/oauth2/token', { as: basic(client), form })
  }

  /** A login request that has all of an OpenID Connect context. */
  async #loginWithHints(browser: CookieBrowser, { id }: RegisteredClient, hint: string): Promise<string> {
    const query = new URLSearchParams({
      client_id: id,
      redirect_uri: this.#world.redirectUri,
      response_type: 'code',
      scope: 'openid',
      state: randomUUID(),
      prompt: 'login',
      acr_values: 'gold silver',
      display: 'page',
      ui_locales: 'de-CH de',
      login_hint: SUBJECT,
      id_token_hint: hint,
    })
    const url = `${this.#base}/oauth2/auth?${query}`
    const at = await browser.followTo(url, (address) => address.searchParams.has('login_challenge'))
    return at.searchParams.get('login_challenge') ?? ''
  }

  async #logoutByClient(browser: CookieBrowser, { id }: RegisteredClient, hint: string): Promise<string> {
    const query = new URLSearchParams({ client_id: id, id_token_hint: hint })
    const url = `${this.#base}/oauth2/sessions/logout?${query}`
    const at = await browser.followTo(url, (address) => address.searchParams.has('logout_challenge'))
    return at.searchParams.get('logout_challenge') ?? ''
  }

  async #keep(
    kind: Kind,
    paths: Paths,
    name: string,
    path: string,
    request: Request = {},
  ): Promise<Record<string, unknown>> {
    const { text, failed } = await this.#ask(path, request)
    if (failed !== (kind === 'error')) throw new Error(`${request.method ?? ''} ${path}: ${text}`)
    this.documents.push({ name: paths === 'public' ? name : `${name}, ${paths}`, kind, paths, text })
    const read: unknown = JSON.parse(text)
    return typeof read === 'object' && read !== null ? { ...read } : {}
  }

  async #ask(
    path: string,
    { method, json, form, as }: Request,
  ): Promise<{ readonly text: string; readonly failed: boolean }> {
    const body = json === undefined ? form && new URLSearchParams(form) : JSON.stringify(json)
    const headers = {
      ...(as !== undefined && { authorization: as }),
      ...(json !== undefined && { 'content-type': 'application/json' }),
    }
    const response = await fetch(`${this.#base}${path}`, {
      method: method ?? (body === undefined ? 'GET' : 'POST'),
      headers,
      ...(body !== undefined && { body }),
    })
    return { text: await response.text(), failed: !response.ok }
  }
}

const root = (paths: Paths): string => (paths === 'v2' ? '/admin' : '')
const put = (json: unknown): Request => ({ method: 'PUT', json })

/** A key without what RFC 7517 leaves to the sender. */
function bare(key: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const { alg: _, use: __, kid: ___, ...rest } = key
  return rest
}
