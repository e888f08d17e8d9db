import type { Lifetimes } from '../config/types.ts'
import { LIFESPAN_FIELDS } from '../store/client-metadata.ts'
import type { ClientMetadata, LifespanField } from '../store/types.ts'
import { type Seconds, seconds } from '../util/clock.ts'
import { parseDuration } from '../util/duration.ts'

/**
 * The names that lifespan fields have for grants that give a kind of token; `implicit` is the authorization endpoint.
 */
type NameOf<Field, Token extends string> = Field extends `${infer Name}_grant_${Token}_token_lifespan`
  ? Name
  : never

export type IssuingGrant = NameOf<LifespanField, 'access'>
export type IdentifyingGrant = NameOf<LifespanField, 'id'>
export type RefreshingGrant = NameOf<LifespanField, 'refresh'>

/** Lifetime of an access token in seconds: the client's own for this grant, or the configured one. */
export function accessTokenLifespan(ttl: Lifetimes, client: ClientMetadata, grant: IssuingGrant): Seconds {
  return own(client, grant, 'access') ?? ttl.accessToken
}

/** Lifetime of an ID token, in seconds. */
export function idTokenLifespan(ttl: Lifetimes, client: ClientMetadata, grant: IdentifyingGrant): Seconds {
  return own(client, grant, 'id') ?? ttl.idToken
}

/** Lifetime of a refresh token in seconds; null if it never expires, which a client requests by a negative duration. */
export function refreshTokenLifespan(
  ttl: Lifetimes,
  client: ClientMetadata,
  grant: RefreshingGrant,
): Seconds | null {
  const lifespan = own(client, grant, 'refresh')
  if (lifespan === undefined) return ttl.refreshToken
  return lifespan < 0 ? null : lifespan
}

/**
 * How long after the consent the tokens of a grant can be refreshed, in seconds; null for no limit, which a client has by
 * a negative duration.
 */
export function familyLifespan(
  ttl: Lifetimes,
  { refresh_token_family_lifespan: own }: ClientMetadata,
): Seconds | null {
  const lifespan = parseDuration(own ?? '')
  if (lifespan === undefined) return ttl.refreshTokenFamily
  return lifespan < 0 ? null : seconds(Math.floor(lifespan))
}

function own(
  client: ClientMetadata,
  grant: IssuingGrant,
  token: 'access' | 'id' | 'refresh',
): Seconds | undefined {
  const name = `${grant}_grant_${token}_token_lifespan`
  const field = LIFESPAN_FIELDS.find((known) => known === name)
  const lifespan = parseDuration((field && client[field]) ?? '')
  return lifespan === undefined ? undefined : seconds(Math.floor(lifespan))
}

/** The lifetimes that settings give the three kinds of tokens; null is unlimited. */
type TokenLifetimes = Pick<Lifetimes, 'accessToken' | 'idToken' | 'refreshToken'>

/** The lifetime in seconds that settings give the tokens of a field; infinite if it is unlimited. */
export function configuredLifespan(ttl: TokenLifetimes, field: LifespanField): number {
  const presets = { access: ttl.accessToken, id: ttl.idToken, refresh: ttl.refreshToken }
  const preset = Object.entries(presets).find(([token]) => field.endsWith(`_${token}_token_lifespan`))?.[1]
  return preset ?? Number.POSITIVE_INFINITY
}

/** A lifespan in seconds; infinite for a negative one. */
export function secondsOf(lifespan: string): number {
  const duration = parseDuration(lifespan) ?? Number.POSITIVE_INFINITY
  return duration < 0 ? Number.POSITIVE_INFINITY : duration
}
