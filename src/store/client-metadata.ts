import * as v from 'valibot'
import { isJsonObject, type JsonObject } from '../util/json.ts'

const lifespanFields = <Grant extends string, Token extends string>(grant: Grant, ...tokens: Token[]) =>
  tokens.map((token) => `${grant}_grant_${token}_token_lifespan` as const)

/** The 13 lifespan fields of contract 2.1, as Go durations in canonical form. */
export const LIFESPAN_FIELDS = [
  ...lifespanFields('authorization_code', 'access', 'id', 'refresh'),
  ...lifespanFields('client_credentials', 'access'),
  ...lifespanFields('implicit', 'access', 'id'),
  ...lifespanFields('jwt_bearer', 'access'),
  ...lifespanFields('refresh_token', 'access', 'id', 'refresh'),
  ...lifespanFields('device_authorization', 'access', 'id', 'refresh'),
] as const

export type LifespanField = (typeof LIFESPAN_FIELDS)[number]

// A row that an older release stored lacks the fields that came later: each has its default.
const text = v.optional(v.string(), '')
const flag = v.optional(v.boolean(), false)
const strings = v.pipe(v.array(v.string()), v.readonly())
const list = v.optional(strings, [])
/** Hydra tells what was never sent from what is empty. */
const listOrNull = v.optional(v.nullable(strings), null)
const object = v.custom<JsonObject>(isJsonObject)
const keySet = v.object({ keys: v.pipe(v.array(object), v.readonly()) })
const lifespans = v.record(v.picklist(LIFESPAN_FIELDS), v.string())

/** Client metadata as it is stored, with wire names (contract 2.1), after validation and defaults. */
export const clientMetadata = v.object({
  client_name: text,
  redirect_uris: listOrNull,
  grant_types: listOrNull,
  response_types: listOrNull,
  scope: text,
  audience: list,
  owner: text,
  policy_uri: text,
  tos_uri: text,
  client_uri: text,
  logo_uri: text,
  allowed_cors_origins: list,
  contacts: listOrNull,
  subject_type: v.optional(v.string(), 'public'),
  sector_identifier_uri: text,
  jwks_uri: text,
  jwks: v.optional(v.nullable(keySet), null),
  token_endpoint_auth_method: v.optional(v.string(), 'client_secret_basic'),
  token_endpoint_auth_signing_alg: text,
  request_uris: list,
  request_object_signing_alg: text,
  userinfo_signed_response_alg: v.optional(v.string(), 'none'),
  frontchannel_logout_uri: text,
  frontchannel_logout_session_required: flag,
  backchannel_logout_uri: text,
  backchannel_logout_session_required: flag,
  post_logout_redirect_uris: list,
  metadata: v.optional(object, {}),
  access_token_strategy: v.optional(v.picklist(['', 'jwt', 'opaque']), ''),
  skip_consent: flag,
  skip_logout_consent: v.optional(v.nullable(v.boolean()), null),
  lifespans: v.optional(lifespans, {}),
  /** Further fields of OpenID Connect, as they were given. */
  openid: v.exactOptional(object),
})

/** JSON Web Key set as clients register it. */
export type JwkSet = Readonly<v.InferOutput<typeof keySet>>

/** Client metadata with wire names (contract 2.1), after validation and defaults. */
export interface ClientMetadata extends Readonly<v.InferOutput<typeof clientMetadata>> {}

/** What of a client's metadata bounds what it may change itself. */
export const clientBounds = v.pick(clientMetadata, [
  'scope',
  'audience',
  'grant_types',
  'response_types',
  'subject_type',
  'token_endpoint_auth_method',
  'token_endpoint_auth_signing_alg',
  'request_object_signing_alg',
  'lifespans',
])

/** What a client may not go beyond when it changes itself: the record as an admin last left it. */
export type ClientBounds = Readonly<v.InferOutput<typeof clientBounds>>
