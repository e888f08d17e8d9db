import * as v from 'valibot'
import { REQUEST_OBJECT_ALGORITHMS } from '../keys/foreign-jwt.ts'
import { KEY_ALGORITHMS } from '../keys/material.ts'
import { isDuration } from '../util/duration.ts'
import { isJsonObject } from '../util/json.ts'
import { flag as flagOfJson, textList } from '../util/schema.ts'
import { isScopeTexts, type ScopeTexts } from '../util/scope-texts.ts'
import { isPlainText } from '../util/text.ts'
import { isHttpsUrl } from '../util/url.ts'
import {
  type ClientField,
  choice,
  flag,
  flagOrNull,
  further,
  keys,
  lifespan,
  list,
  listOrNull,
  object,
  storedStrings,
  text,
} from './client-field.ts'

/** The algorithms that protect a content key: RSA, or key agreement on an elliptic curve (RFC 7518 section 4). */
export const KEY_ENCRYPTIONS = ['RSA-OAEP-256', 'ECDH-ES', 'ECDH-ES+A256KW'] as const

/** The algorithms that encrypt content; the first is the default (RFC 7518 section 5, OIDC Registration section 2). */
export const CONTENT_ENCRYPTIONS = ['A128CBC-HS256', 'A256GCM'] as const

/** The forms of access tokens that a client may have in place of the server's default. */
export const ACCESS_TOKEN_STRATEGIES = ['jwt', 'opaque'] as const

/** How many ledgers may share a client's revocations at most. */
export const MAX_SHARDS = 64

const DURATION = 'a Go duration such as 720h'
const SECONDS = 'a whole number of seconds, or 0'
const SHARDS = `a whole number from 1 to ${MAX_SHARDS}`
const SCOPE_WORDS =
  'an object with a text of at most 200 visible characters, or one for each language, by scope'

/** A limit of how long something of a client lasts. The server's own limit is the operator's, so is this one. */
const limit = () =>
  ({
    ...further(v.string(), v.pipe(v.string(DURATION), v.check(isDuration, DURATION))),
    reserved: { refusal: 'invalid_request', kept: true },
  }) as const

const PLAIN = 'a string without control characters'
const plain = v.pipe(v.string(PLAIN), v.check(isPlainText, PLAIN))
const oneOf = (values: readonly string[]) =>
  further(v.string(), v.picklist(values, values.length === 0 ? 'absent' : `one of ${values.join(', ')}`))

/**
 * Every field of a client's metadata (contract 2.1), by its name on the wire and in a row. This table decides what is
 * stored, what a request may hold, what a client may set and change itself, and what is shown.
 */
export const CLIENT_FIELDS = {
  client_name: text({ localized: true, seen: true }),
  redirect_uris: listOrNull({}),
  grant_types: listOrNull({ bound: 'subset', emptyMeans: ['authorization_code'] }),
  response_types: listOrNull({ bound: 'subset', emptyMeans: ['code'] }),
  scope: text({ bound: 'scope' }),
  audience: list({ bound: 'audience' }),
  // Admins sort clients by it, so a client cannot name somebody else.
  owner: text({ seen: true, reserved: { refusal: null, kept: true } }),
  policy_uri: text({ url: true, localized: true, seen: true }),
  tos_uri: text({ url: true, localized: true, seen: true }),
  client_uri: text({ url: true, localized: true, seen: true }),
  logo_uri: text({ url: true, localized: true, seen: true }),
  allowed_cors_origins: list({}),
  contacts: listOrNull({ seen: true }),
  subject_type: text({ bound: 'pairwise' }, 'public'),
  sector_identifier_uri: text({ shown: 'unless-empty' }),
  jwks_uri: text({ shown: 'unless-empty', url: true }),
  jwks: keys({}),
  token_endpoint_auth_method: text({ bound: 'strength' }, 'client_secret_basic'),
  token_endpoint_auth_signing_alg: text({ shown: 'unless-empty', bound: 'pinned' }),
  request_uris: list({ shown: 'unless-empty', url: true }),
  request_object_signing_alg: text({
    shown: 'unless-empty',
    bound: 'pinned',
    values: REQUEST_OBJECT_ALGORITHMS,
  }),
  require_signed_request_object: flag({ shown: 'unless-empty', bound: 'pinned' }),
  userinfo_signed_response_alg: text({ values: ['none', ...KEY_ALGORITHMS] }, 'none'),
  frontchannel_logout_uri: text({ shown: 'unless-empty', url: true }),
  frontchannel_logout_session_required: flag({ shown: 'unless-empty' }),
  backchannel_logout_uri: text({ shown: 'unless-empty', url: true }),
  backchannel_logout_session_required: flag({ shown: 'unless-empty' }),
  post_logout_redirect_uris: list({ shown: 'unless-empty' }),

  metadata: object({
    shown: 'to-admins',
    reserved: { refusal: 'invalid_client_metadata', kept: true },
  }),
  access_token_strategy: choice(ACCESS_TOKEN_STRATEGIES, {
    shown: 'unless-empty',
    reserved: { refusal: 'malformed_body', kept: true },
  }),
  // An admin allowed these for the former addresses and scopes: a client that changes itself loses them.
  skip_consent: flag({ reserved: { refusal: 'invalid_request', kept: false } }),
  skip_logout_consent: flagOrNull({ reserved: { refusal: 'invalid_request', kept: false } }),

  // OIDC Registration section 2 and RFC 7591 section 2.
  application_type: oneOf(['web', 'native']),
  default_max_age: further(
    v.number(),
    v.pipe(v.number(SECONDS), v.safeInteger(SECONDS), v.minValue(0, SECONDS)),
  ),
  require_auth_time: further(v.boolean(), flagOfJson),
  default_acr_values: further(
    storedStrings,
    v.pipe(
      textList(),
      v.check((texts) => texts.every(isPlainText), 'an array of strings without control characters'),
    ),
  ),
  initiate_login_uri: further(v.string(), v.pipe(plain, v.check(isHttpsUrl, 'an https URL'))),
  id_token_signed_response_alg: oneOf(KEY_ALGORITHMS),
  id_token_encrypted_response_alg: oneOf(KEY_ENCRYPTIONS),
  id_token_encrypted_response_enc: oneOf(CONTENT_ENCRYPTIONS),
  userinfo_encrypted_response_alg: oneOf(KEY_ENCRYPTIONS),
  userinfo_encrypted_response_enc: oneOf(CONTENT_ENCRYPTIONS),
  // Encrypted request objects are refused, so a client may not register for them.
  request_object_encryption_alg: oneOf([]),
  request_object_encryption_enc: oneOf([]),
  software_id: further(v.string(), plain),
  software_version: further(v.string(), plain),
  refresh_token_family_lifespan: limit(),
  session_idle_lifespan: limit(),
  session_absolute_lifespan: limit(),
  // Each ledger is an object that the operator pays for.
  ledger_shards: {
    ...further(
      v.number(),
      v.pipe(v.number(SHARDS), v.integer(SHARDS), v.minValue(1, SHARDS), v.maxValue(MAX_SHARDS, SHARDS)),
    ),
    reserved: { refusal: 'invalid_request', kept: true },
  },

  // Users believe these words of this server, so a client may not choose its own, nor keep those for what it was before.
  scope_descriptions: {
    ...further(v.custom<ScopeTexts>(isJsonObject), v.custom<ScopeTexts>(isScopeTexts, SCOPE_WORDS)),
    reserved: { refusal: 'invalid_request', kept: false },
  },

  authorization_code_grant_access_token_lifespan: lifespan(),
  authorization_code_grant_id_token_lifespan: lifespan(),
  authorization_code_grant_refresh_token_lifespan: lifespan(),
  client_credentials_grant_access_token_lifespan: lifespan(),
  implicit_grant_access_token_lifespan: lifespan(),
  implicit_grant_id_token_lifespan: lifespan(),
  jwt_bearer_grant_access_token_lifespan: lifespan(),
  refresh_token_grant_access_token_lifespan: lifespan(),
  refresh_token_grant_id_token_lifespan: lifespan(),
  refresh_token_grant_refresh_token_lifespan: lifespan(),
  device_authorization_grant_access_token_lifespan: lifespan(),
  device_authorization_grant_id_token_lifespan: lifespan(),
  device_authorization_grant_refresh_token_lifespan: lifespan(),
} as const satisfies Readonly<Record<string, ClientField>>
