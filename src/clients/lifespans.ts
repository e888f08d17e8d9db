import type { Lifetimes } from '../config/types.ts'
import type { ClientMetadata, LifespanField } from '../store/types.ts'
import { parseDuration } from '../util/duration.ts'

/** Grant type of RFC 8628. */
export const DEVICE_GRANT = 'urn:ietf:params:oauth:grant-type:device_code'

/** What tokens are issued for: the grant types of the wire, and `implicit` for the authorization endpoint. */
export type IssuingGrant =
  | 'authorization_code'
  | 'client_credentials'
  | 'implicit'
  | 'refresh_token'
  | 'urn:ietf:params:oauth:grant-type:jwt-bearer'
  | typeof DEVICE_GRANT

/** The grants that give a refresh token, or an ID token. */
export type RefreshingGrant = Exclude<
  IssuingGrant,
  'client_credentials' | 'implicit' | 'urn:ietf:params:oauth:grant-type:jwt-bearer'
>
export type IdentifyingGrant = RefreshingGrant | 'implicit'

const PREFIX = {
  authorization_code: 'authorization_code_grant',
  client_credentials: 'client_credentials_grant',
  implicit: 'implicit_grant',
  refresh_token: 'refresh_token_grant',
  'urn:ietf:params:oauth:grant-type:jwt-bearer': 'jwt_bearer_grant',
  [DEVICE_GRANT]: 'device_authorization_grant',
} as const satisfies Record<IssuingGrant, string>

/** Seconds an access token lives: the client's own setting for the grant, or the configured one. */
export function accessTokenLifespan(ttl: Lifetimes, client: ClientMetadata, grant: IssuingGrant): number {
  return own(client, `${PREFIX[grant]}_access_token_lifespan`) ?? ttl.accessToken
}

/** Seconds an ID token lives. */
export function idTokenLifespan(ttl: Lifetimes, client: ClientMetadata, grant: IdentifyingGrant): number {
  return own(client, `${PREFIX[grant]}_id_token_lifespan`) ?? ttl.idToken
}

/** Seconds a refresh token lives; null for ever, which a client asks for with a negative duration. */
export function refreshTokenLifespan(
  ttl: Lifetimes,
  client: ClientMetadata,
  grant: RefreshingGrant,
): number | null {
  const seconds = own(client, `${PREFIX[grant]}_refresh_token_lifespan`)
  if (seconds === undefined) return ttl.refreshToken
  return seconds < 0 ? null : seconds
}

function own(client: ClientMetadata, field: LifespanField): number | undefined {
  const text = client.lifespans[field]
  const seconds = text === undefined ? undefined : parseDuration(text)
  return seconds === undefined ? undefined : Math.floor(seconds)
}
