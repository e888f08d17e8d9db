import type { Lifetimes } from '../config/types.ts'
import { LIFESPAN_FIELDS } from '../store/client-metadata.ts'
import type { ClientMetadata, LifespanField } from '../store/types.ts'
import { parseDuration } from '../util/duration.ts'

/** What lifespan fields call the grants that give a kind of token; `implicit` is the authorization endpoint. */
type NameOf<Field, Token extends string> = Field extends `${infer Name}_grant_${Token}_token_lifespan`
  ? Name
  : never

export type IssuingGrant = NameOf<LifespanField, 'access'>
export type IdentifyingGrant = NameOf<LifespanField, 'id'>
export type RefreshingGrant = NameOf<LifespanField, 'refresh'>

/** Seconds an access token lives: the client's own setting for the grant, or the configured one. */
export function accessTokenLifespan(ttl: Lifetimes, client: ClientMetadata, grant: IssuingGrant): number {
  return own(client, grant, 'access') ?? ttl.accessToken
}

/** Seconds an ID token lives. */
export function idTokenLifespan(ttl: Lifetimes, client: ClientMetadata, grant: IdentifyingGrant): number {
  return own(client, grant, 'id') ?? ttl.idToken
}

/** Seconds a refresh token lives; null for ever, which a client asks for with a negative duration. */
export function refreshTokenLifespan(
  ttl: Lifetimes,
  client: ClientMetadata,
  grant: RefreshingGrant,
): number | null {
  const seconds = own(client, grant, 'refresh')
  if (seconds === undefined) return ttl.refreshToken
  return seconds < 0 ? null : seconds
}

function own(
  client: ClientMetadata,
  grant: IssuingGrant,
  token: 'access' | 'id' | 'refresh',
): number | undefined {
  const name = `${grant}_grant_${token}_token_lifespan`
  const field = LIFESPAN_FIELDS.find((known) => known === name)
  const seconds = parseDuration((field && client[field]) ?? '')
  return seconds && Math.floor(seconds)
}
