import { CHALLENGE, VERIFIER } from '../../support/relying-party.ts'
import type { Random } from '../harness/random.ts'
import type { Held } from './world.ts'

export type Pair = readonly [name: string, value: string]

/** A request before it is spoilt. */
export interface Draft {
  readonly name: string
  readonly method: string
  readonly path: string
  readonly query: readonly Pair[]
  readonly headers: readonly Pair[]
  readonly form?: readonly Pair[]
  readonly json?: unknown
}

export const JWT_BEARER = 'urn:ietf:params:oauth:grant-type:jwt-bearer'
const DEVICE = 'urn:ietf:params:oauth:grant-type:device_code'

type Make = (held: Held, random: Random) => Omit<Draft, 'name'>

const of = (held: Held, ...names: readonly string[]): Pair[] => names.map((name) => [name, held[name] ?? ''])

const basic = (held: Held): Pair => [
  'authorization',
  `Basic ${Buffer.from(`${held['client_id']}:${held['client_secret']}`).toString('base64')}`,
]
export const bearer = (token = ''): Pair => ['authorization', `Bearer ${token}`]

/** Client authentication in the header, or in the form. */
function authenticated(held: Held, random: Random, path: string, form: readonly Pair[]): Omit<Draft, 'name'> {
  const post = { method: 'POST', path, query: [] }
  return random.chance(0.8)
    ? { ...post, headers: [basic(held)], form }
    : { ...post, headers: [], form: [...form, ...of(held, 'client_id', 'client_secret')] }
}

const grant =
  (type: string, ...fields: readonly string[]): Make =>
  (held, random) => {
    const named = fields.map((field): Pair => [field, held[field] ?? ''])
    const extra: Pair[] = random.chance(0.3) ? [['scope', 'openid']] : []
    return authenticated(held, random, '/oauth2/token', [['grant_type', type], ...named, ...extra])
  }

const request = (held: Held, random: Random): Pair[] => [
  ...of(held, 'client_id', 'redirect_uri'),
  ['response_type', random.pick(['code', 'code', 'code', 'id_token', 'token', 'code id_token'])],
  ['scope', 'openid offline_access'],
  ['state', `state-${random.word(12)}`],
  ['nonce', `nonce-${random.word(12)}`],
  ['code_challenge', CHALLENGE],
  ['code_challenge_method', 'S256'],
]

const OPTIONAL: readonly ((held: Held) => Pair)[] = [
  () => ['prompt', 'none'],
  () => ['prompt', 'login'],
  () => ['max_age', '10'],
  (held) => ['id_token_hint', held['id_token'] ?? ''],
  () => ['login_hint', 'somebody@example.com'],
  () => ['ui_locales', 'de en'],
  () => ['response_mode', 'form_post'],
  () => ['response_mode', 'fragment'],
  () => ['claims', '{"userinfo":{"email":null},"id_token":{"auth_time":{"essential":true}}}'],
  () => ['audience', 'https://api.example'],
  () => ['resource', 'https://api.example'],
  (held) => ['request', held['id_token'] ?? ''],
  () => ['request_uri', 'https://app.example/request'],
  () => ['dpop_jkt', 'x'.repeat(43)],
  () => ['acr_values', '0 1'],
  () => ['display', 'popup'],
]

function authorization(held: Held, random: Random): Pair[] {
  const extra = Array.from({ length: random.below(3) }, () => random.pick(OPTIONAL)(held))
  return [...request(held, random), ...extra]
}

const get = (path: string, query: readonly Pair[] = [], headers: readonly Pair[] = []) => ({
  ...{ method: 'GET', path, query, headers },
})

const step =
  (name: string): Make =>
  (held) =>
    get('/oauth2/auth', of(held, 'client_id', name), cookies(held))

const cookies = (held: Held): Pair[] => [['cookie', held['session_cookie'] ?? '']]

const WELL_KNOWN = [
  '/.well-known/openid-configuration',
  '/.well-known/oauth-authorization-server',
  '/.well-known/jwks.json',
  '/.well-known/openid-credential-issuer',
  '/health/alive',
  '/health/ready',
  '/version',
  '/',
  '/oauth2/fallbacks/login',
  '/oauth2/fallbacks/consent',
  '/oauth2/fallbacks/logout',
  '/oauth2/fallbacks/error',
  '/oauth2/fallbacks/style.css',
  '/oauth2/sessions/check',
  '/ui/login',
  '/ui/consent',
  '/ui/logout',
  '/ui/device',
  '/demo',
] as const

export const metadata = (random: Random): Record<string, unknown> => ({
  redirect_uris: ['https://app.example/cb'],
  client_name: `fuzzed ${random.word(5)}`,
  scope: 'openid offline_access',
  grant_types: ['authorization_code', 'refresh_token'],
  response_types: ['code'],
  token_endpoint_auth_method: random.pick(['client_secret_basic', 'client_secret_post', 'none']),
  contacts: ['a@example.com'],
  ...(random.chance(0.3) && { jwks: { keys: [] } }),
  ...(random.chance(0.2) && { jwks_uri: 'http://127.0.0.1:1/jwks' }),
  ...(random.chance(0.2) && { subject_type: 'pairwise' }),
  ...(random.chance(0.2) && { backchannel_logout_uri: 'http://127.0.0.1:1/out' }),
})

export const json = (method: string, path: string, value: unknown, headers: readonly Pair[] = []) => ({
  ...{ method, path, query: [], json: value },
  headers: [['content-type', 'application/json'] as const, ...headers],
})

/** Requests that anybody or a client may send, by name. */
export const DRAFTS: Readonly<Record<string, Make>> = {
  authorize: (held, random) => get('/oauth2/auth', authorization(held, random)),
  'authorize with a session': (held, random) =>
    get('/oauth2/auth', authorization(held, random), cookies(held)),
  'authorize by POST': (held, random) => ({
    ...{ method: 'POST', path: '/oauth2/auth', query: [], headers: cookies(held) },
    form: authorization(held, random),
  }),
  'login verifier': step('login_verifier'),
  'consent verifier': step('consent_verifier'),
  'pushed request': (held, random) => authenticated(held, random, '/oauth2/par', authorization(held, random)),
  code: grant('authorization_code', 'code', 'redirect_uri', 'code_verifier'),
  refresh: grant('refresh_token', 'refresh_token'),
  'client credentials': grant('client_credentials'),
  'bearer assertion': grant(JWT_BEARER, 'assertion'),
  'device code': grant(DEVICE, 'device_code'),
  'client assertion': (held) => ({
    ...{ method: 'POST', path: '/oauth2/token', query: [], headers: [] },
    form: [
      ['grant_type', 'client_credentials'],
      ['client_assertion_type', 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'],
      ['client_assertion', held['assertion'] ?? ''],
    ],
  }),
  revoke: (held, random) => {
    const token = held[random.pick(['access_token', 'refresh_token', 'id_token'])] ?? ''
    return authenticated(held, random, '/oauth2/revoke', [
      ['token', token],
      ['token_type_hint', random.pick(['access_token', 'refresh_token', 'x'])],
    ])
  },
  introspect: (held, random) =>
    authenticated(held, random, '/oauth2/introspect', [
      ['token', held[random.pick(['access_token', 'refresh_token', 'id_token', 'code'])] ?? ''],
    ]),
  userinfo: (held) => get('/userinfo', [], [bearer(held['access_token'])]),
  'userinfo by POST': (held) => ({
    ...{ method: 'POST', path: '/userinfo', query: [], headers: [] },
    form: of(held, 'access_token'),
  }),
  credential: (held) =>
    json(
      'POST',
      '/credentials',
      { format: 'jwt_vc_json', proof: { proof_type: 'jwt', jwt: held['id_token'] } },
      [bearer(held['access_token'])],
    ),
  'device start': (held, random) =>
    authenticated(held, random, '/oauth2/device/auth', [
      ['client_id', held['client_id'] ?? ''],
      ['scope', 'openid'],
    ]),
  'device page': (held) => get('/oauth2/device/verify', of(held, 'user_code'), cookies(held)),
  logout: (held, random) =>
    get('/oauth2/sessions/logout', [
      ['id_token_hint', held['id_token'] ?? ''],
      ['post_logout_redirect_uri', 'https://app.example/out'],
      ['state', random.word(10)],
    ]),
  'logout by POST': (held) => ({
    ...{ method: 'POST', path: '/oauth2/sessions/logout', query: [], headers: [] },
    form: [['id_token_hint', held['id_token'] ?? '']],
  }),
  'logout verifier': (held) => get('/oauth2/sessions/logout', of(held, 'logout_verifier'), cookies(held)),
  register: (_held, random) => json('POST', '/oauth2/register', metadata(random)),
  'registration, read': (held) =>
    get(`/oauth2/register/${held['registration_id']}`, [], [bearer(held['registration_token'])]),
  'registration, change': (held, random) =>
    json('PUT', `/oauth2/register/${held['registration_id']}`, metadata(random), [
      bearer(held['registration_token']),
    ]),
  document: (_held, random) => get(random.pick(WELL_KNOWN)),
  'fallback page': (held, random) =>
    get(`/oauth2/fallbacks/${random.pick(['login', 'consent', 'logout', 'device', 'error'])}`, [
      ['error', 'x'],
      ['error_description', 'y'],
      ...of(held, 'login_challenge', 'consent_challenge'),
    ]),
  'demo form': (held, random) => {
    const page = random.pick(['login', 'consent', 'logout', 'device'])
    return {
      ...{ method: 'POST', path: `/ui/${page}`, query: [], headers: cookies(held) },
      form: [...of(held, `${page}_challenge`, 'user_code'), ['decision', random.pick(['accept', 'deny'])]],
    }
  },
  'check session': (held) => get('/oauth2/sessions/check', [], cookies(held)),
  preflight: (_held, random) => ({
    ...{ method: 'OPTIONS', path: random.pick(['/oauth2/token', '/userinfo', '/admin/clients']), query: [] },
    headers: [
      ['origin', 'https://app.example'],
      ['access-control-request-method', 'POST'],
    ],
  }),
}

/** What a request about PKCE or tokens is made of, to be put where it does not belong. */
export const STRAY: readonly Pair[] = [
  ['code_verifier', VERIFIER],
  ['response_mode', 'form_post'],
  ['client_id', 'somebody'],
  ['grant_type', 'password'],
  ['username', 'admin'],
  ['request', 'a.b.c'],
  ['claims', '{}'],
  ['iss', 'https://evil.example'],
  ['error', 'access_denied'],
]
