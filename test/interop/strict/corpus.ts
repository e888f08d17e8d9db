import { createHash } from 'node:crypto'
import answers from './answers.json' with { type: 'json' }
import type { Document, Kind, Paths } from './documents.ts'

/** A member that is left out. */
const absent = Symbol('absent')

/** A number as it is written, which JavaScript might not hold. */
const written = (number: string): string => `\u0001${number}\u0001`

type Changes = Readonly<Record<string, unknown>>
/** What is wrong, or at least unusual, and how the good document is changed to show it. */
type Variations = Readonly<Record<string, Changes>>

const BEYOND_INT64 = written('12345678901234567890')
const BEYOND_DOUBLE = written('1234567890123456789')

/** Each member once with null and once left out. */
const nullOrAbsent = (...members: readonly string[]): Variations =>
  Object.fromEntries(
    members.flatMap((member) => [
      [`${member} null`, { [member]: null }],
      [`${member} left out`, { [member]: absent }],
    ]),
  )

const keys = (at: string): Variations => ({
  [`${at} with a key without alg`]: { [`${at}.0.alg`]: absent },
  [`${at} with a key without use`]: { [`${at}.0.use`]: absent },
  [`${at} with a key without kid`]: { [`${at}.0.kid`]: absent },
  [`${at} with a key without kty`]: { [`${at}.0.kty`]: absent },
  [`${at} with a key whose alg is null`]: { [`${at}.0.alg`]: null },
  [`${at} with a key of ML-DSA`]: {
    [`${at}.0`]: { kty: 'AKP', alg: 'ML-DSA-44', kid: 'a', use: 'sig', pub: 'AA' },
  },
  [`${at} with key_ops`]: { [`${at}.0.key_ops`]: ['verify'] },
  [`${at} with x5c null`]: { [`${at}.0.x5c`]: null },
  [`${at} with x5c []`]: { [`${at}.0.x5c`]: [] },
  [`${at} []`]: { [at]: [] },
  [`${at} null`]: { [at]: null },
})

const CLIENT: Variations = {
  'no change': {},
  'as Hydra answers a creation of little': {
    redirect_uris: null,
    grant_types: null,
    response_types: null,
    contacts: null,
    skip_logout_consent: null,
    jwks: {},
    metadata: {},
  },
  ...nullOrAbsent('client_name', 'redirect_uris', 'grant_types', 'response_types', 'contacts', 'audience'),
  ...nullOrAbsent('allowed_cors_origins', 'created_at', 'client_secret_expires_at', 'metadata'),
  'skip_consent null': { skip_consent: null },
  'skip_logout_consent null': { skip_logout_consent: null },
  'skip_logout_consent false': { skip_logout_consent: false },
  'backchannel_logout_session_required null': { backchannel_logout_session_required: null },
  'backchannel_logout_session_required a text': { backchannel_logout_session_required: 'true' },
  'client_uri empty': { client_uri: '' },
  'client_uri null': { client_uri: null },
  'client_name a number': { client_name: 5 },
  'redirect_uris a text': { redirect_uris: 'https://shop.example/cb' },
  'redirect_uris [null]': { redirect_uris: [null] },
  'redirect_uris [5]': { redirect_uris: [5] },
  'redirect_uris []': { redirect_uris: [] },
  'created_at no date': { created_at: 'yesterday' },
  'created_at at the beginning of time': { created_at: '0001-01-01T00:00:00Z' },
  'client_secret_expires_at a text': { client_secret_expires_at: '0' },
  'client_secret_expires_at a word': { client_secret_expires_at: 'never' },
  'client_secret_expires_at half': { client_secret_expires_at: 0.5 },
  'client_secret_expires_at with an exponent': { client_secret_expires_at: written('1e3') },
  'client_secret_expires_at beyond a double': { client_secret_expires_at: BEYOND_DOUBLE },
  'client_secret_expires_at beyond 64 bits': { client_secret_expires_at: BEYOND_INT64 },
  'lifespan null': { implicit_grant_access_token_lifespan: null },
  'lifespan a duration': { implicit_grant_access_token_lifespan: '1h0m0s' },
  'lifespan a fraction': { implicit_grant_access_token_lifespan: '1.5h' },
  'lifespan a number': { implicit_grant_access_token_lifespan: 3600 },
  'metadata with a big number': { metadata: { id: BEYOND_INT64 } },
  'metadata a list': { metadata: ['x'] },
  'metadata a text': { metadata: 'x' },
  'metadata with null': { metadata: { a: null } },
  'jwks null': { jwks: null },
  'jwks {}': { jwks: {} },
  'an unknown member': { x_new: 'x' },
  'skip_consent, which v1 lacks': { skip_consent: true },
  'access_token_strategy, which v1 lacks': { access_token_strategy: 'jwt' },
}

const LOGIN: Variations = {
  'no change': {},
  ...nullOrAbsent('client', 'skip', 'subject', 'session_id', 'oidc_context', 'requested_scope', 'challenge'),
  ...nullOrAbsent('requested_access_token_audience', 'request_url'),
  'requested_scope []': { requested_scope: [] },
  'subject empty': { subject: '' },
  'session_id empty': { session_id: '' },
  'skip a text': { skip: 'false' },
  'oidc_context {}': { oidc_context: {} },
  'acr_values null': { 'oidc_context.acr_values': null },
  'id_token_hint_claims null': { 'oidc_context.id_token_hint_claims': null },
  'id_token_hint_claims {}': { 'oidc_context.id_token_hint_claims': {} },
  'a client with skip_logout_consent null': { 'client.skip_logout_consent': null },
  'a client with contacts null': { 'client.contacts': null },
  'a client with skip_consent, which v1 lacks': { 'client.skip_consent': true },
  'an unknown member': { x_new: 'x' },
}

const CONSENT: Variations = {
  'no change': {},
  ...nullOrAbsent(
    'context',
    'acr',
    'amr',
    'skip',
    'subject',
    'client',
    'login_challenge',
    'login_session_id',
  ),
  'context []': { context: [] },
  'context a text': { context: 'x' },
  'context {}': { context: {} },
  'context with a big number': { context: { id: BEYOND_INT64 } },
  'amr []': { amr: [] },
  'acr empty': { acr: '' },
  'consent_request_id, which v1 lacks': { consent_request_id: 'x' },
  'an unknown member': { x_new: 'x' },
}

const LOGOUT: Variations = {
  'no change': {},
  ...nullOrAbsent('client', 'requested_at', 'expires_at', 'sid', 'subject', 'rp_initiated', 'challenge'),
  'challenge, which v1.9 lacks': { challenge: 'x' },
  'requested_at, which v1 lacks': { requested_at: '2026-11-28T00:00:00Z' },
}

const CONSENTS: Variations = {
  'no change': {},
  ...nullOrAbsent(
    '0.handled_at',
    '0.session',
    '0.remember_for',
    '0.remember',
    '0.consent_request',
    '0.context',
  ),
  'null members of the session': { '0.session': { access_token: null, id_token: null } },
  'lists as members of the session': { '0.session': { access_token: [], id_token: [] } },
  'members of the session': { '0.session': { access_token: { a: [1] }, id_token: {} } },
  'expires_at by token': { '0.expires_at': { access_token: '2026-11-28T00:00:00Z' } },
  'remember_for beyond 64 bits': { '0.remember_for': BEYOND_INT64 },
  'a member that is null': { '0': null },
  'consent_request_id, which v1 lacks': { '0.consent_request_id': 'x' },
  'a request with skip_consent of its client': { '0.consent_request.client.skip_consent': true },
}

const INTROSPECTION: Variations = {
  'no change': {},
  ...nullOrAbsent(
    'active',
    'aud',
    'ext',
    'exp',
    'iat',
    'scope',
    'sub',
    'client_id',
    'token_type',
    'iss',
    'nbf',
  ),
  'active a text': { active: 'true' },
  'aud a text': { aud: 'https://api.example' },
  'aud [null]': { aud: [null] },
  'ext {}': { ext: {} },
  'ext []': { ext: [] },
  'scope empty': { scope: '' },
  'username null': { username: null },
  'exp half': { exp: 1.5 },
  'exp a text': { exp: '1795849482' },
  'exp with an exponent': { exp: written('1.795849482e9') },
  'exp beyond 64 bits': { exp: BEYOND_INT64 },
  'an unknown member': { x_new: 'x' },
}

const KEY: Variations = {
  'no change': {},
  ...nullOrAbsent('alg', 'use', 'kid', 'kty', 'n', 'd'),
  'x5c []': { x5c: [] },
  'an unknown member': { x_new: 'x' },
}

const ISSUER: Variations = {
  'no change': {},
  ...nullOrAbsent('subject', 'scope', 'public_key', 'expires_at', 'created_at', 'allow_any_subject', 'id'),
  'subject empty': { subject: '' },
  'scope []': { scope: [] },
}

const REDIRECT: Variations = {
  'no change': {},
  ...nullOrAbsent('redirect_to'),
  'an unknown member': { x_new: 'x' },
}

const DISCOVERY: Variations = {
  'no change': {},
  ...nullOrAbsent('issuer', 'authorization_endpoint', 'token_endpoint', 'jwks_uri', 'userinfo_endpoint'),
  ...nullOrAbsent('subject_types_supported', 'response_types_supported', 'grant_types_supported'),
  ...nullOrAbsent('id_token_signing_alg_values_supported', 'id_token_signed_response_alg'),
  ...nullOrAbsent('userinfo_signed_response_alg', 'device_authorization_endpoint', 'claims_supported'),
  ...nullOrAbsent('claims_parameter_supported', 'code_challenge_methods_supported', 'scopes_supported'),
  ...nullOrAbsent('prompt_values_supported', 'credentials_supported_draft_00', 'registration_endpoint'),
  'the prompt registration': { prompt_values_supported: ['none', 'login', 'registration'] },
  'the prompt create': { prompt_values_supported: ['none', 'login', 'consent', 'create'] },
  'no prompts': { prompt_values_supported: [] },
  'a prompt that is null': { prompt_values_supported: [null] },
  'an unknown display': { display_values_supported: ['page', 'hologram'] },
  'an unknown type of claims': { claim_types_supported: ['normal', 'odd'] },
  'an unknown type of subjects': { subject_types_supported: ['public', 'odd'] },
  'no types of subjects': { subject_types_supported: [] },
  'an unknown type of response': { response_types_supported: ['code', 'odd'] },
  'an empty type of response': { response_types_supported: [''] },
  'an unknown mode of response': { response_modes_supported: ['query', 'odd'] },
  'an unknown type of grant': { grant_types_supported: ['authorization_code', 'odd'] },
  'an unknown method of authentication': { token_endpoint_auth_methods_supported: ['odd'] },
  'the algorithm none for authentication': { token_endpoint_auth_signing_alg_values_supported: ['none'] },
  'an unknown code challenge method': { code_challenge_methods_supported: ['S256', 'odd'] },
  'a code challenge method that is null': { code_challenge_methods_supported: [null] },
  'an issuer with a query': { issuer: 'https://op.example/?a=b' },
  'an issuer without a scheme': { issuer: 'op.example' },
  'an empty URI': { userinfo_endpoint: '' },
  'an endpoint by plain http': { token_endpoint: 'http://op.example/oauth2/token' },
  'an endpoint that is no URI': { userinfo_endpoint: 'a b' },
  'an endpoint of another scheme': { userinfo_endpoint: 'javascript:alert(1)' },
  'empty op_policy_uri': { op_policy_uri: '' },
  'a locale that is none': { ui_locales_supported: ['not_a_locale!'] },
  'a boolean as text': { claims_parameter_supported: 'true' },
  'a list as text': { claims_supported: 'sub' },
  'an unknown member': { x_new: 'x' },
  'an unknown member that is null': { x_new: null },
}

const REGISTRATION: Variations = {
  'no change': {},
  'as Ladon answered until November 2026': {
    contacts: null,
    client_uri: '',
    logo_uri: '',
    policy_uri: '',
    tos_uri: '',
    jwks: {},
    skip_logout_consent: null,
    audience: [],
  },
  ...nullOrAbsent('client_id', 'client_secret', 'client_secret_expires_at', 'redirect_uris', 'grant_types'),
  ...nullOrAbsent('response_types', 'contacts', 'client_name', 'scope', 'token_endpoint_auth_method'),
  ...nullOrAbsent(
    'created_at',
    'registration_access_token',
    'registration_client_uri',
    'client_id_issued_at',
  ),
  'redirect_uris []': { redirect_uris: [] },
  'redirect_uris [null]': { redirect_uris: [null] },
  'redirect_uris a text': { redirect_uris: 'https://shop.example/cb' },
  'redirect_uris with a fragment': { redirect_uris: ['https://shop.example/cb#x'] },
  'response_types unknown': { response_types: ['odd'] },
  'response_types empty': { response_types: [''] },
  'contacts []': { contacts: [] },
  'client_uri empty': { client_uri: '' },
  'client_uri null': { client_uri: null },
  'client_uri of another scheme': { client_uri: 'javascript:alert(1)' },
  'logo_uri empty': { logo_uri: '' },
  'tos_uri empty': { tos_uri: '' },
  'policy_uri empty': { policy_uri: '' },
  'initiate_login_uri empty': { initiate_login_uri: '' },
  'backchannel_logout_uri empty': { backchannel_logout_uri: '' },
  'jwks_uri empty': { jwks_uri: '' },
  'jwks_uri null': { jwks_uri: null },
  'jwks null': { jwks: null },
  'jwks {}': { jwks: {} },
  'sector_identifier_uri empty': { sector_identifier_uri: '' },
  'subject_type empty': { subject_type: '' },
  'subject_type unknown': { subject_type: 'odd' },
  'application_type unknown': { application_type: 'odd' },
  'application_type null': { application_type: null },
  'request_object_signing_alg empty': { request_object_signing_alg: '' },
  'userinfo_signed_response_alg none': { userinfo_signed_response_alg: 'none' },
  'token_endpoint_auth_method unknown': { token_endpoint_auth_method: 'odd' },
  'token_endpoint_auth_method empty': { token_endpoint_auth_method: '' },
  'registration_client_uri empty': { registration_client_uri: '' },
  'registration_access_token empty': { registration_access_token: '' },
  'frontchannel_logout_uri empty': { frontchannel_logout_uri: '' },
  'backchannel_logout_uri null': { backchannel_logout_uri: null },
  'scope empty': { scope: '' },
  'client_name empty': { client_name: '' },
  'client_name null': { client_name: null },
  'client_secret_expires_at a text': { client_secret_expires_at: '0' },
  'client_secret_expires_at half': { client_secret_expires_at: 0.5 },
  'default_max_age null': { default_max_age: null },
  'metadata {}': { metadata: {} },
  'metadata null': { metadata: null },
  'skip_consent null': { skip_consent: null },
  'an unknown member': { x_new: 'x' },
}

const TOKEN: Variations = {
  'no change': {},
  ...nullOrAbsent('access_token', 'token_type', 'expires_in', 'scope', 'id_token', 'refresh_token'),
  'access_token empty': { access_token: '' },
  'scope empty': { scope: '' },
  'scope a list': { scope: ['openid'] },
  'token_type Bearer': { token_type: 'Bearer' },
  'token_type unknown': { token_type: 'odd' },
  'token_type empty': { token_type: '' },
  'expires_in a text': { expires_in: '3600' },
  'expires_in a word': { expires_in: 'soon' },
  'expires_in zero': { expires_in: 0 },
  'expires_in below zero': { expires_in: -1 },
  'expires_in half': { expires_in: 1.5 },
  'expires_in beyond 64 bits': { expires_in: BEYOND_INT64 },
  'id_token that is no JWT': { id_token: 'x' },
  'id_token empty': { id_token: '' },
  'refresh_token empty': { refresh_token: '' },
  'an unknown member': { x_new: 'x' },
}

const USERINFO: Variations = {
  'no change': {},
  ...nullOrAbsent('sub', 'email'),
  'sub empty': { sub: '' },
  'sub a number': { sub: 5 },
  'email_verified a text': { email_verified: 'true' },
  'email_verified null': { email_verified: null },
  'updated_at a text': { updated_at: '2026-11-28' },
  'updated_at half': { updated_at: 1.5 },
  'updated_at null': { updated_at: null },
  'updated_at beyond 64 bits': { updated_at: BEYOND_INT64 },
  'picture empty': { picture: '' },
  'name null': { name: null },
  'name a number': { name: 5 },
  'an address': { address: { formatted: 'x' } },
  'an address that is text': { address: 'x' },
}

const DEVICE: Variations = {
  'no change': {},
  ...nullOrAbsent('device_code', 'user_code', 'verification_uri', 'verification_uri_complete', 'expires_in'),
  ...nullOrAbsent('interval'),
  'interval a text': { interval: '5' },
  'interval zero': { interval: 0 },
  'verification_uri empty': { verification_uri: '' },
  'verification_uri_complete empty': { verification_uri_complete: '' },
  'an unknown member': { x_new: 'x' },
}

const ERROR: Variations = {
  'no change': {},
  ...nullOrAbsent('error', 'error_description'),
  'error an object': { error: { code: 404, message: 'x' } },
  'error_hint null': { error_hint: null },
  'status_code a text': { status_code: '404' },
  'status_code a number': { status_code: 404 },
  'error_uri empty': { error_uri: '' },
}

const KEY_SET: Variations = { 'no change': {}, ...keys('keys'), 'keys left out': { keys: absent } }
const HEALTH: Variations = { 'no change': {}, ...nullOrAbsent('status'), 'an unknown member': { x_new: 'x' } }
const VERSION: Variations = { 'no change': {}, ...nullOrAbsent('version'), 'version empty': { version: '' } }

/** What is varied: the name of the good document, without its paths, and the variations. */
const ADMIN: readonly (readonly [string, Variations])[] = [
  ['client of much, read', CLIENT],
  ['client with keys, read', keys('jwks.keys')],
  ['login request', LOGIN],
  ['consent request', CONSENT],
  ['logout request of a client', LOGOUT],
  ['consents', CONSENTS],
  ['introspection of an access token', INTROSPECTION],
  ['RS256 key, put', KEY],
  ['key set of RS256', { 'no change': {}, 'keys left out': { keys: absent } }],
  ['trusted issuer, read', ISSUER],
  ['accepted login', REDIRECT],
  ['error: no such client', ERROR],
]

const PUBLIC: readonly (readonly [string, Variations])[] = [
  ['discovery', DISCOVERY],
  ['registration of much', REGISTRATION],
  ['registration of a public client', { 'no change': {}, 'client_secret empty': { client_secret: '' } }],
  ['tokens for a code', TOKEN],
  ['userinfo', USERINFO],
  ['device authorization', DEVICE],
  ['introspection by the client itself', INTROSPECTION],
  ['error of the token endpoint', ERROR],
  ['JWKS', KEY_SET],
  ['health', HEALTH],
  ['version', VERSION],
]

const LISTS: Readonly<Record<string, readonly [Kind, string]>> = {
  'no clients': ['clients', '[]'],
  'clients null': ['clients', 'null'],
  'clients an object': ['clients', '{}'],
  'clients [null]': ['clients', '[null]'],
  'consents null': ['consentSessions', 'null'],
  'no consents': ['consentSessions', '[]'],
  'no trusted issuers': ['trustedIssuers', '[]'],
  'trusted issuers null': ['trustedIssuers', 'null'],
  'a client that is null': ['client', 'null'],
  'a client that is a list': ['client', '[]'],
  'a client without members': ['client', '{}'],
  'a client that is text': ['client', '"x"'],
}

/** The documents that readers are tried with: good ones as Ladon answers them, and bad ones made of these. */
export function corpus(): readonly Document[] {
  const of = (paths: Paths, table: readonly (readonly [string, Variations])[]) =>
    table.flatMap(([name, variations]) => {
      const good = answer(paths === 'public' ? name : `${name}, ${paths}`)
      return Object.entries(variations).map(([what, changes]) => ({
        ...good,
        name: `${good.name}: ${what}`,
        text: changed(good.text, changes),
      }))
    })
  const lists = (['v1', 'v2'] as const).flatMap((paths) =>
    Object.entries(LISTS).map(([name, [kind, text]]) => ({ name: `${name}, ${paths}`, kind, paths, text })),
  )
  // What strict readers of v1 meet where v1's paths answer as v2's do.
  const newer = ADMIN.map(([name]) => ({
    ...answer(`${name}, v2`),
    name: `${name}, v2 at v1's path`,
    paths: 'v1' as const,
  }))
  return [...of('v1', ADMIN), ...of('v2', ADMIN), ...of('public', PUBLIC), ...lists, ...newer]
}

/** The good documents that `answers.json` keeps. */
export const KEPT: ReadonlySet<string> = new Set([
  ...PUBLIC.map(([name]) => name),
  ...ADMIN.flatMap(([name]) => [`${name}, v1`, `${name}, v2`]),
])

/** Tells these documents from any others. */
export function digestOf(documents: readonly Document[]): string {
  const texts = documents.map(({ name, text }) => `${name} ${text}\n`)
  return `${texts.length} ${createHash('sha256').update(texts.join('')).digest('base64url').slice(0, 16)}`
}

function answer(name: string): Document {
  const found = answers.documents.find((one) => one.name === name)
  if (found === undefined) throw new Error(`answers.json lacks "${name}"`)
  return { name, kind: found.kind as Kind, paths: found.paths as Paths, text: JSON.stringify(found.document) }
}

function changed(text: string, changes: Changes): string {
  const document: unknown = JSON.parse(text)
  for (const [path, value] of Object.entries(changes)) put(document, path.split('.'), value)
  return JSON.stringify(document).replaceAll(/"\\u0001([^"\\]+)\\u0001"/g, '$1')
}

function put(at: unknown, [step = '', ...rest]: readonly string[], value: unknown): void {
  if (typeof at !== 'object' || at === null) throw new Error(`nothing to change at ${step}`)
  const holder = at as Record<string, unknown>
  if (rest.length > 0) put(holder[step], rest, value)
  else if (value === absent) Reflect.deleteProperty(holder, step)
  else holder[step] = value
}
