import { methodNamed } from '../../client-auth/methods.ts'
import type { Config } from '../../config/types.ts'
import { invalidMetadata } from '../../errors/refusals.ts'
import { REQUEST_OBJECT_ALGORITHMS } from '../../keys/foreign-jwt.ts'
import { KEY_ALGORITHMS } from '../../keys/material.ts'
import { isClientId } from '../../store/client-id.ts'
import type { ClientMetadata } from '../../store/types.ts'
import { isPlainText } from '../../util/text.ts'
import { sectorHost } from '../sector.ts'
import { readJwks } from './jwks.ts'
import { readLifespans } from './lifespans.ts'
import { readOpenid } from './openid.ts'
import { type ClientDraft, readDraft } from './shape.ts'
import { checkHttpUrl, checkPostLogoutUris, checkRedirectUris, readCorsOrigins } from './uris.ts'

const MIN_SECRET_LENGTH = 6
const MAX_SECRET_LENGTH = 1024

/** Bound of a client's metadata in bytes of JSON: D1 rows, copies and pages of the list stay small. */
const MAX_METADATA_BYTES = 100_000

const USERINFO_ALGORITHMS: readonly string[] = ['none', ...KEY_ALGORITHMS]
const STRATEGIES = ['jwt', 'opaque'] as const

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
  const { client_id, ...draft } = readDraft(body)
  const { client_secret, ...given } = draft
  checkTexts(draft)
  const jwks = readJwks(draft.jwks)
  checkAuthMethod(given, jwks !== null)
  for (const field of HTTP_FIELDS) for (const url of [given[field]].flat()) checkHttpUrl(field, url)
  if (given.backchannel_logout_uri.includes('#'))
    throw invalidMetadata("Field 'backchannel_logout_uri' has a fragment.")
  checkSecret(client_secret)
  const metadata = { ...toMetadata(given, config), jwks, openid: readOpenid(body) }
  if (new TextEncoder().encode(JSON.stringify(metadata)).byteLength > MAX_METADATA_BYTES)
    throw invalidMetadata(`The client's metadata is longer than ${MAX_METADATA_BYTES} bytes.`)
  return { id: client_id || undefined, secret: client_secret || undefined, metadata }
}

/** Checks an id a new client asks for; throws `invalid_client_metadata`. */
export function checkClientId(id: string): void {
  if (!isClientId(id))
    throw invalidMetadata("Field 'client_id' must have 1 to 255 characters and no control characters.")
}

/** What a client's JSON says about the client, without its id and its secret. */
type Given = Omit<ClientDraft, 'client_id' | 'client_secret'>

const HTTP_FIELDS = [
  'jwks_uri',
  'backchannel_logout_uri',
  'frontchannel_logout_uri',
  'policy_uri',
  'tos_uri',
  'client_uri',
  'logo_uri',
  'request_uris',
] as const

function toMetadata(given: Given, config: Config): Omit<ClientMetadata, 'jwks'> {
  const origins = readCorsOrigins(given.allowed_cors_origins)
  const userinfo = oneOf(
    'userinfo_signed_response_alg',
    given.userinfo_signed_response_alg,
    USERINFO_ALGORITHMS,
  )
  oneOf('request_object_signing_alg', given.request_object_signing_alg, REQUEST_OBJECT_ALGORITHMS)
  const redirectUris = given.redirect_uris ?? []
  checkRedirectUris(redirectUris)
  const subjectType = readSubjectType(given, config)
  checkPostLogoutUris(given.post_logout_redirect_uris, redirectUris)
  return {
    ...given,
    scope: given.scope || config.defaultClientScope,
    allowed_cors_origins: origins,
    subject_type: subjectType,
    token_endpoint_auth_method: given.token_endpoint_auth_method || 'client_secret_basic',
    userinfo_signed_response_alg: userinfo || 'none',
    access_token_strategy: oneOf(
      'access_token_strategy',
      given.access_token_strategy.toLowerCase(),
      STRATEGIES,
    ),
    lifespans: readLifespans(given.lifespans),
  }
}

/** A pairwise client needs one sector: that of its `sector_identifier_uri`, or the one https host of its redirect URIs. */
function readSubjectType(given: Given, { subjects: { types }, loopback }: Config): string {
  const [preset = 'public'] = types.includes('public') ? [] : types
  const type = oneOf('subject_type', given.subject_type, types) || preset
  const sector = given.sector_identifier_uri || sectorHost(given.redirect_uris, loopback)
  if (type === 'pairwise' && sector === undefined)
    throw invalidMetadata(
      "A pairwise client needs redirect URIs of one host, all https, or a 'sector_identifier_uri'.",
    )
  return type
}

function checkTexts(draft: object): void {
  for (const [field, value] of Object.entries(draft)) {
    if ([value].flat().every((text) => typeof text !== 'string' || isPlainText(text))) continue
    throw invalidMetadata(`Field '${field}' must not hold control characters or broken Unicode.`)
  }
}

function checkAuthMethod(given: Given, hasKeys: boolean): void {
  const hasUri = given.jwks_uri !== ''
  if (hasKeys && hasUri) throw invalidMetadata("Fields 'jwks' and 'jwks_uri' exclude each other.")
  const problem = methodNamed(given.token_endpoint_auth_method)?.metadataProblem({ ...given, hasKeys })
  if (problem !== undefined) throw invalidMetadata(problem)
}

function checkSecret(secret: string): void {
  if (secret === '' || (secret.length >= MIN_SECRET_LENGTH && secret.length <= MAX_SECRET_LENGTH)) return
  throw invalidMetadata(
    `Field 'client_secret' must have ${MIN_SECRET_LENGTH} to ${MAX_SECRET_LENGTH} characters.`,
  )
}

/** A value that is allowed, or empty. */
function oneOf<const Value extends string>(
  field: string,
  value: string,
  allowed: readonly Value[],
): Value | '' {
  const found = allowed.find((known) => known === value) ?? ''
  if (found === value) return found
  throw invalidMetadata(`Field '${field}' must be ${allowed.join(' or ')}.`)
}
