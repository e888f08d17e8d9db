import type { Lifetimes } from '../config/types.ts'
import type { ClientMetadata } from '../store/types.ts'
import { type Seconds, seconds } from '../util/clock.ts'
import { parseDuration } from '../util/duration.ts'

/** Grant type of RFC 8628. */
export const DEVICE_GRANT = 'urn:ietf:params:oauth:grant-type:device_code'

/** Grant type of RFC 7523 section 2.1. */
export const JWT_BEARER = 'urn:ietf:params:oauth:grant-type:jwt-bearer'

/** What tokens are issued for: the grant types of the wire, and `implicit` for the authorization endpoint. */
export type IssuingGrant =
  | 'authorization_code'
  | 'client_credentials'
  | 'implicit'
  | 'refresh_token'
  | typeof JWT_BEARER
  | typeof DEVICE_GRANT

/** The grants that give a refresh token, or an ID token. */
export type RefreshingGrant = Exclude<IssuingGrant, 'client_credentials' | 'implicit' | typeof JWT_BEARER>
export type IdentifyingGrant = RefreshingGrant | 'implicit'

/** What lifespan fields call the grants whose types are URNs. */
const SHORT_NAMES: Readonly<Record<string, string>> = {
  [JWT_BEARER]: 'jwt_bearer',
  [DEVICE_GRANT]: 'device_authorization',
}

/** Seconds an access token lives: the client's own setting for the grant, or the configured one. */
export function accessTokenLifespan(ttl: Lifetimes, client: ClientMetadata, grant: IssuingGrant): Seconds {
  return own(client, grant, 'access') ?? ttl.accessToken
}

/** Seconds an ID token lives. */
export function idTokenLifespan(ttl: Lifetimes, client: ClientMetadata, grant: IdentifyingGrant): Seconds {
  return own(client, grant, 'id') ?? ttl.idToken
}

/** Seconds a refresh token lives; null for ever, which a client asks for with a negative duration. */
export function refreshTokenLifespan(
  ttl: Lifetimes,
  client: ClientMetadata,
  grant: RefreshingGrant,
): Seconds | null {
  const lifespan = own(client, grant, 'refresh')
  if (lifespan === undefined) return ttl.refreshToken
  return lifespan < 0 ? null : lifespan
}

function own(
  client: ClientMetadata,
  grant: IssuingGrant,
  token: 'access' | 'id' | 'refresh',
): Seconds | undefined {
  const settings: Readonly<Record<string, string>> = client.lifespans
  const name = SHORT_NAMES[grant] ?? grant
  const lifespan = parseDuration(settings[`${name}_grant_${token}_token_lifespan`] ?? '')
  return lifespan === undefined ? undefined : seconds(Math.floor(lifespan))
}
