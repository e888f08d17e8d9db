import {
  accessTokenLifespan,
  idTokenLifespan,
  type RefreshingGrant,
  refreshTokenLifespan,
} from '../clients/lifespans.ts'
import type { Config } from '../config/types.ts'
import type { ClientRecord } from '../store/types.ts'
import { type Seconds, seconds } from '../util/clock.ts'

/** Lifetimes, in seconds, of the tokens that a grant type gives to a client; a null `refreshToken` never expires. */
export interface TokenLifetimes {
  readonly accessToken: Seconds
  readonly idToken: Seconds
  readonly refreshToken: Seconds | null
}

/** The client's own lifespans, and the configured ones where it has none (contract 2.1). */
export function lifetimesFor(
  { ttl }: Config,
  { metadata }: ClientRecord,
  grant: RefreshingGrant,
): TokenLifetimes {
  return {
    accessToken: accessTokenLifespan(ttl, metadata, grant),
    idToken: idTokenLifespan(ttl, metadata, grant),
    refreshToken: refreshTokenLifespan(ttl, metadata, grant),
  }
}

/** How long the grant's row must be kept for these tokens, in seconds; null for ever. */
export function keepFor(lifetimes: TokenLifetimes, refreshable: boolean): Seconds | null {
  if (!refreshable) return lifetimes.accessToken
  return lifetimes.refreshToken === null
    ? null
    : seconds(Math.max(lifetimes.refreshToken, lifetimes.accessToken))
}
