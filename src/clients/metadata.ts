import type { Config } from '../config/types.ts'
import { KEY_ALGORITHMS } from '../crypto/key-material.ts'
import { OAuthError } from '../errors/oauth-error.ts'
import { isClientId } from '../store/client-id.ts'
import type { ClientMetadata } from '../store/types.ts'
import { isPlainText } from '../util/text.ts'
import { CLIENT_ASSERTION_ALGORITHMS } from './jwt-profile.ts'
import { checkEncryption } from './metadata-encryption.ts'
import { readJwks } from './metadata-jwks.ts'
import { readLifespans } from './metadata-lifespans.ts'
import { readOpenid } from './metadata-openid.ts'
import { type ClientDraft, readDraft } from './metadata-shape.ts'
import { checkHttpUrl, checkPostLogoutUris, checkRedirectUris, readCorsOrigins } from './metadata-uris.ts'

const MIN_SECRET_LENGTH = 6
const MAX_SECRET_LENGTH = 1024

/** Bound of a client's metadata in bytes of JSON: D1 rows, copies and pages of the list stay small. */
const MAX_METADATA_BYTES = 100_000

const USERINFO_ALGORITHMS: readonly string[] = ['none', ...KEY_ALGORITHMS]

/** A client as the admin API takes it: validated, with every default filled in. */
export interface ClientInput {
  /** The id asked for; `undefined` leaves the choice to the server. */
  readonly id: string | undefined
  /** The secret in clear; `undefined` when none was given. */
  readonly secret: string | undefined
  readonly metadata: ClientMetadata
}

/**
 * Validates a client's JSON (contract 2.1) in Hydra's order; unknown fields are ignored. Throws `malformed_body` for
 * wrong JSON types, `invalid_redirect_uri` and `invalid_client_metadata` for broken rules.
 */
export function parseClient(body: unknown, config: Config): ClientInput {
  const draft = readDraft(body)
  checkTexts(draft)
  checkAuthMethod(draft)
  for (const field of HTTP_FIELDS) checkHttpUrl(field, draft[field])
  for (const uri of draft.request_uris ?? []) checkHttpUrl('request_uris', uri)
  checkSecret(draft.client_secret)
  const metadata = { ...toMetadata(draft, config), openid: readOpenid(body) }
  checkEncryption(metadata)
  if (new TextEncoder().encode(JSON.stringify(metadata)).byteLength > MAX_METADATA_BYTES) {
    throw invalid(`The client's metadata is longer than ${MAX_METADATA_BYTES} bytes.`)
  }
  return { id: draft.client_id || undefined, secret: draft.client_secret || undefined, metadata }
}

/** Checks an id a new client asks for; throws `invalid_client_metadata`. */
export function checkClientId(id: string): void {
  if (!isClientId(id))
    throw invalid("Field 'client_id' must have 1 to 255 characters and no control characters.")
}

const HTTP_FIELDS = [
  'jwks_uri',
  'backchannel_logout_uri',
  'frontchannel_logout_uri',
  'policy_uri',
  'tos_uri',
  'client_uri',
  'logo_uri',
] as const

function toMetadata(draft: ClientDraft, config: Config): ClientMetadata {
  const { client_id: _id, client_secret: _secret, jwks, lifespans, access_token_strategy, ...kept } = draft
  const allowedOrigins = readCorsOrigins(draft.allowed_cors_origins ?? [])
  const userinfoAlgorithm = oneOf(
    'userinfo_signed_response_alg',
    draft.userinfo_signed_response_alg || 'none',
    USERINFO_ALGORITHMS,
  )
  const redirectUris = draft.redirect_uris ?? []
  checkRedirectUris(redirectUris)
  const subjectType = readSubjectType(draft, config.subjects.types)
  const postLogoutUris = draft.post_logout_redirect_uris ?? []
  checkPostLogoutUris(postLogoutUris, redirectUris)
  return {
    ...kept,
    scope: draft.scope || config.defaultClientScope,
    audience: draft.audience ?? [],
    allowed_cors_origins: allowedOrigins,
    subject_type: subjectType,
    jwks: readJwks(jwks),
    token_endpoint_auth_method: draft.token_endpoint_auth_method || 'client_secret_basic',
    request_uris: draft.request_uris ?? [],
    userinfo_signed_response_alg: userinfoAlgorithm,
    post_logout_redirect_uris: postLogoutUris,
    metadata: draft.metadata ?? {},
    access_token_strategy: readStrategy(access_token_strategy),
    lifespans: readLifespans(lifespans),
  }
}

/** A pairwise client needs one sector: that of its `sector_identifier_uri`, or the one host of its redirect URIs. */
function readSubjectType(draft: ClientDraft, types: readonly string[]): string {
  const [preset = 'public'] = types.includes('public') ? [] : types
  const type = oneOf('subject_type', draft.subject_type || preset, types)
  const hosts = new Set((draft.redirect_uris ?? []).map((uri) => URL.parse(uri)?.host))
  if (type === 'pairwise' && draft.sector_identifier_uri === '' && hosts.size !== 1)
    throw invalid("A pairwise client needs redirect URIs of one host, or a 'sector_identifier_uri'.")
  return type
}

function checkTexts(draft: ClientDraft): void {
  const { metadata: _metadata, jwks: _jwks, lifespans: _lifespans, client_id: _id, ...rest } = draft
  for (const [field, value] of Object.entries(rest)) {
    const texts = Array.isArray(value) ? value : [value]
    if (texts.every((text) => typeof text !== 'string' || isPlainText(text))) continue
    throw invalid(`Field '${field}' must not hold control characters or broken Unicode.`)
  }
}

function checkAuthMethod(draft: ClientDraft): void {
  const hasKeys = readJwks(draft.jwks) !== null
  if (hasKeys && draft.jwks_uri !== '') throw invalid("Fields 'jwks' and 'jwks_uri' exclude each other.")
  if (draft.token_endpoint_auth_method !== 'private_key_jwt') return
  if (!hasKeys && draft.jwks_uri === '') throw invalid("Method 'private_key_jwt' needs 'jwks' or 'jwks_uri'.")
  const algorithm = draft.token_endpoint_auth_signing_alg
  if (algorithm !== '' && !CLIENT_ASSERTION_ALGORITHMS.includes(algorithm)) {
    throw invalid("Field 'token_endpoint_auth_signing_alg' must be RS, PS or ES with 256, 384 or 512.")
  }
}

function checkSecret(secret: string): void {
  if (secret === '' || (secret.length >= MIN_SECRET_LENGTH && secret.length <= MAX_SECRET_LENGTH)) return
  throw invalid(`Field 'client_secret' must have ${MIN_SECRET_LENGTH} to ${MAX_SECRET_LENGTH} characters.`)
}

function readStrategy(text: string): ClientMetadata['access_token_strategy'] {
  const strategy = text.toLowerCase()
  if (strategy === '' || strategy === 'jwt' || strategy === 'opaque') return strategy
  throw invalid("Field 'access_token_strategy' must be jwt or opaque.")
}

function oneOf(field: string, value: string, allowed: readonly string[]): string {
  if (allowed.includes(value)) return value
  throw invalid(`Field '${field}' must be ${allowed.join(' or ')}.`)
}

const invalid = (hint: string): OAuthError => new OAuthError('invalid_client_metadata', hint)
