import { lifespanOf } from '../clients/lifespans.ts'
import type { Config } from '../config/types.ts'
import type { ClientRecord } from '../store/types.ts'

/** Grants that have lifespans of their own (contract 2.1). */
export type LifespanGrant = 'authorization_code' | 'refresh_token' | 'client_credentials'

/** Lifetimes in seconds of the tokens one grant issues to one client; `refreshToken` null never expires. */
export interface TokenLifetimes {
  readonly accessToken: number
  readonly idToken: number
  readonly refreshToken: number | null
}

/** The client's own lifespans where it has them, the configured ones otherwise. */
export function lifetimesFor(config: Config, client: ClientRecord, grant: LifespanGrant): TokenLifetimes {
  const { ttl } = config
  if (grant === 'client_credentials') {
    const accessToken =
      lifespanOf(client, 'client_credentials_grant_access_token_lifespan') ?? ttl.accessToken
    return { accessToken, idToken: ttl.idToken, refreshToken: null }
  }
  return {
    accessToken: lifespanOf(client, `${grant}_grant_access_token_lifespan`) ?? ttl.accessToken,
    idToken: lifespanOf(client, `${grant}_grant_id_token_lifespan`) ?? ttl.idToken,
    refreshToken: lifespanOf(client, `${grant}_grant_refresh_token_lifespan`) ?? ttl.refreshToken,
  }
}

/** How long a grant's row must live for these tokens, seconds; null for ever. */
export function keepFor(lifetimes: TokenLifetimes, refreshable: boolean): number | null {
  if (!refreshable) return lifetimes.accessToken
  return lifetimes.refreshToken === null ? null : Math.max(lifetimes.refreshToken, lifetimes.accessToken)
}
