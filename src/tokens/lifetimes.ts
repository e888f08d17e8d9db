import { listsGrantType } from '../clients/grant-types.ts'
import {
  accessTokenLifespan,
  familyLifespan,
  idTokenLifespan,
  type RefreshingGrant,
  refreshTokenLifespan,
} from '../clients/lifespans.ts'
import type { Config } from '../config/types.ts'
import type { GrantRecord } from '../ledger/types.ts'
import type { ClientRecord } from '../store/types.ts'
import { after, type Seconds, seconds } from '../util/clock.ts'

/** Lifetimes, in seconds, of the tokens that a grant type gives to a client; a null `refreshToken` never expires. */
export interface TokenLifetimes {
  readonly accessToken: Seconds
  readonly idToken: Seconds
  readonly refreshToken: Seconds | null
  /** How long after the consent its tokens can be refreshed; null for no limit. */
  readonly family: Seconds | null
}

/** The client's own lifespans, and the configured ones where it has none (contract 2.1). */
export function lifetimesFor({ ttl }: Config, client: ClientRecord, grant: RefreshingGrant): TokenLifetimes {
  const { metadata } = client
  return {
    accessToken: accessTokenLifespan(ttl, metadata, grant),
    idToken: idTokenLifespan(ttl, metadata, grant),
    refreshToken: refreshTokenLifespan(ttl, metadata, grant),
    family: familyLifespan(ttl, metadata),
  }
}

/** Whether a client gets refresh tokens for these scopes (OIDC Core section 11, contract 1.3.3). */
export function isRefreshable(client: ClientRecord, scope: readonly string[]): boolean {
  const offline = scope.includes('offline') || scope.includes('offline_access')
  return offline && listsGrantType(client, 'refresh_token')
}

/** The grants of a user whose tokens a client may refresh, each with a lifespan of its own. */
const OF_USERS = ['authorization_code', 'device_authorization', 'refresh_token'] as const

/**
 * When every token of a grant with these scopes will have ended that is not refreshed once more: of this grant, and of
 * those that the client got of before.
 *
 * @param codeExpiresAt - until when the grant's code can be redeemed
 * @returns seconds since the epoch; null for never
 */
export function longestEnd(
  config: Config,
  client: ClientRecord,
  scope: readonly string[],
  codeExpiresAt: Seconds,
): Seconds | null {
  const kept = OF_USERS.map((grant) =>
    keepFor(lifetimesFor(config, client, grant), isRefreshable(client, scope)),
  )
  const longest = kept.reduce((one, other) =>
    one === null || other === null ? null : seconds(Math.max(one, other)),
  )
  return longest === null ? null : after(codeExpiresAt, longest)
}

/** When the tokens of a grant can no longer be refreshed, and all of them end; null for never. */
export function familyEnd(
  { ttl }: Config,
  client: ClientRecord,
  { handledAt, scope }: Pick<GrantRecord, 'handledAt' | 'scope'>,
): Seconds | null {
  const family = isRefreshable(client, scope) ? familyLifespan(ttl, client.metadata) : null
  return family === null ? null : after(handledAt, family)
}

/**
 * The lifetimes of tokens of a grant that are made at a time: none outlives the time for which the grant can be
 * refreshed.
 */
export function withinFamily(
  lifetimes: TokenLifetimes,
  client: ClientRecord,
  { handledAt, scope }: Pick<GrantRecord, 'handledAt' | 'scope'>,
  issuedAt: Seconds,
): TokenLifetimes {
  const { family } = lifetimes
  if (family === null || !isRefreshable(client, scope)) return lifetimes
  const left = Math.max(0, handledAt + family - issuedAt)
  const within = (lifetime: Seconds): Seconds => seconds(Math.min(lifetime, left))
  return {
    accessToken: within(lifetimes.accessToken),
    idToken: within(lifetimes.idToken),
    refreshToken: within(lifetimes.refreshToken ?? seconds(left)),
    family,
  }
}

/** How long the grant's row must be kept for these tokens, in seconds; null for ever. */
export function keepFor(lifetimes: TokenLifetimes, refreshable: boolean): Seconds | null {
  if (!refreshable) return lifetimes.accessToken
  return lifetimes.refreshToken === null
    ? null
    : seconds(Math.max(lifetimes.refreshToken, lifetimes.accessToken))
}

/** The limit of refreshing as ledgers take it; those of an older release do not know it, so it is left out for none. */
export const familyOf = ({ family = null }: Partial<TokenLifetimes>): { readonly familySeconds?: Seconds } =>
  family === null ? {} : { familySeconds: family }
