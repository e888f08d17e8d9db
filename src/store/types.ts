import type { JsonObject } from '../util/json.ts'

/** JSON Web Key set as clients register it. */
export interface JwkSet {
  readonly keys: readonly JsonObject[]
}

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

/** Client metadata with wire names (contract 2.1), after validation and defaults. */
export interface ClientMetadata {
  readonly client_name: string
  readonly redirect_uris: readonly string[] | null
  readonly grant_types: readonly string[] | null
  readonly response_types: readonly string[] | null
  readonly scope: string
  readonly audience: readonly string[]
  readonly owner: string
  readonly policy_uri: string
  readonly tos_uri: string
  readonly client_uri: string
  readonly logo_uri: string
  readonly allowed_cors_origins: readonly string[]
  readonly contacts: readonly string[] | null
  readonly subject_type: string
  readonly sector_identifier_uri: string
  readonly jwks_uri: string
  readonly jwks: JwkSet | null
  readonly token_endpoint_auth_method: string
  readonly token_endpoint_auth_signing_alg: string
  readonly request_uris: readonly string[]
  readonly request_object_signing_alg: string
  readonly userinfo_signed_response_alg: string
  readonly frontchannel_logout_uri: string
  readonly frontchannel_logout_session_required: boolean
  readonly backchannel_logout_uri: string
  readonly backchannel_logout_session_required: boolean
  readonly post_logout_redirect_uris: readonly string[]
  readonly metadata: JsonObject
  readonly access_token_strategy: '' | 'jwt' | 'opaque'
  readonly skip_consent: boolean
  readonly skip_logout_consent: boolean | null
  readonly lifespans: Readonly<Partial<Record<LifespanField, string>>>
  /** Further fields of OpenID Connect, as they were given; absent from clients stored before there were any. */
  readonly openid?: JsonObject
}

/** What a client may not go beyond when it changes itself: the record as an admin last left it. */
export type ClientBounds = Pick<
  ClientMetadata,
  | 'scope'
  | 'audience'
  | 'grant_types'
  | 'response_types'
  | 'subject_type'
  | 'token_endpoint_auth_method'
  | 'token_endpoint_auth_signing_alg'
  | 'request_object_signing_alg'
  | 'lifespans'
>

/** A registered client as D1, KV and memory hold it. */
export interface ClientRecord {
  readonly id: string
  /** Counts the writes of this row; an older copy never replaces a newer one. */
  readonly version: number
  /** Random id of this creation: a deleted and re-created client does not honour the old one's tokens. */
  readonly instance: string
  /** Raised by "delete tokens of client"; older tokens are dead. */
  readonly accessEpoch: number
  /** Raised whenever the client changes its own registration, and by an admin who changes its credentials. */
  readonly registrationEpoch: number
  /** Epoch of the registration access token that was used last: beside it only the newest counts, until that is used. */
  readonly registrationUsed: number
  /** Raised when the client changes its redirect URIs or its scope: what users consented to before is asked anew. */
  readonly consentEpoch: number
  /** Null for a client that registered itself and was never changed by an admin. */
  readonly bounds: ClientBounds | null
  /** Keyed hash of the current secret; null for a client that has none. */
  readonly secretHash: string | null
  /** Keyed hashes of former secrets that are still accepted, newest first, at most five (contract 1.3.3). */
  readonly rotatedSecretHashes: readonly string[]
  readonly metadata: ClientMetadata
  /** Seconds since the epoch. */
  readonly createdAt: number
  readonly updatedAt: number
}

/** One line of the grants book. */
export interface GrantsBookEntry {
  readonly id: string
  readonly subject: string
  readonly clientId: string
  readonly scope: readonly string[]
  readonly createdAt: number
  /** When the row may be purged; null for never. */
  readonly expiresAt: number | null
}
