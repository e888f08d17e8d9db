import { findClientOrAskSource } from '../clients/lookup.ts'
import type { RequestContext } from '../context.ts'
import type { Expiring } from '../crypto/sealed.ts'
import { kindOf } from '../keys/jwt-kind.ts'
import { isSignedBy, readJwt } from '../keys/read-jwt.ts'
import { ACCESS_TOKEN_SET } from '../keys/ring.ts'
import { clientShard, type Owner } from '../ledger/owner.ts'
import type { StoredGrant } from '../ledger/types.ts'
import type { ClientRecord } from '../store/types.ts'
import { nowSeconds, type Seconds } from '../util/clock.ts'
import type { ClientId } from '../util/ids.ts'
import {
  accessJtis,
  accessTokens,
  type GrantToken,
  refreshTokens,
  type SelfContainedToken,
  stampFits,
} from './formats.ts'
import { familyEnd } from './lifetimes.ts'
import { narrowed } from './targets.ts'

/** A token that opened: this server issued it, but it may have expired or been revoked. */
export type OpenedToken =
  | { readonly use: 'access_token'; readonly token: Expiring<GrantToken | SelfContainedToken> }
  | { readonly use: 'refresh_token'; readonly token: Expiring<GrantToken> }

/** An active token with its grant's row; a token without a grant carries its own claims. */
export type ActiveToken =
  | {
      readonly use: 'access_token' | 'refresh_token'
      readonly grant: StoredGrant
      readonly token: Expiring<GrantToken>
    }
  | { readonly use: 'access_token'; readonly grant: null; readonly token: Expiring<SelfContainedToken> }

/**
 * Opens a token of any kind: opaque with or without prefix, or a JWT whose `jti` is an envelope. `undefined`, without a
 * storage read, for a token that was not issued here (design rule 1).
 */
export async function openToken(ctx: RequestContext, text: string): Promise<OpenedToken | undefined> {
  if (text.split('.').length === 3) return openJwt(ctx, text)
  if (!text.startsWith('ory_rt_')) {
    const token = await accessTokens.open(ctx.rt, text)
    if (token !== undefined) return { use: 'access_token', token }
    // An envelope by itself never begins so, and so no refresh token does.
    if (text.startsWith('ory_at_')) return undefined
  }
  const token = await refreshTokens.open(ctx.rt, text)
  return token === undefined ? undefined : { use: 'refresh_token', token }
}

/** Opens the `jti` before any key is looked up, then verifies the signature with the published keys. */
async function openJwt({ rt }: RequestContext, jwt: string): Promise<OpenedToken | undefined> {
  const read = readJwt(jwt)
  if (read === undefined || kindOf(read) !== 'access_token') return undefined
  const { jti } = read.claims
  const token = typeof jti === 'string' ? await accessJtis.open(rt, jti) : undefined
  const genuine = token !== undefined && (await isSignedBy(rt.keys, ACCESS_TOKEN_SET, jwt))
  return genuine ? { use: 'access_token', token } : undefined
}

export const isExpired = ({ expiresAt }: { readonly expiresAt: Seconds | null }): boolean =>
  expiresAt !== null && expiresAt <= nowSeconds()

/** The ledger that records the revocation of a token without a grant. */
export const shardOf = (token: SelfContainedToken): Owner =>
  clientShard(token.clientId, token.id, token.shards)

/** Asks the token's ledger and the current client whether a token is active; `undefined` if it is not. */
export async function findActive(
  ctx: RequestContext,
  { use, token }: OpenedToken,
): Promise<ActiveToken | undefined> {
  if (isExpired(token)) return undefined
  const { ledgers, config } = ctx.rt
  if (token.type === 'client') {
    const revoked = await ledgers.call(shardOf(token), 'isIdRevoked', { id: token.id })
    const fits = !revoked && (await honouring(ctx, token.clientId, use, token)) !== undefined
    return fits ? { use: 'access_token', grant: null, token } : undefined
  }
  const { grantId: id, generation, owner } = token
  const grant = await ledgers.call(owner, 'inspect', { id, generation, grace: config.oauth2.grace, use })
  const client = grant === null ? undefined : await honouring(ctx, grant.clientId, use, token)
  if (grant === null || client === undefined) return undefined
  // A limit that was shortened since counts for what was issued before.
  const expiresAt = earlier(token.expiresAt, familyEnd(config, client, grant))
  return isExpired({ expiresAt })
    ? undefined
    : { use, grant: narrowed(grant, token), token: { ...token, expiresAt } }
}

/** The earlier of two ends; null is never. */
const earlier = (left: Seconds | null, right: Seconds | null): Seconds | null =>
  left === null || (right !== null && right < left) ? right : left

/** The current client, if it still accepts tokens with this stamp; asks the source before it says no. */
function honouring(
  ctx: RequestContext,
  clientId: ClientId,
  use: OpenedToken['use'],
  token: GrantToken | SelfContainedToken,
): Promise<ClientRecord | undefined> {
  ctx.seen(clientId)
  const fits = (client: ClientRecord): boolean => stampFits(use, token, client)
  return findClientOrAskSource(ctx.rt, clientId, fits)
}
