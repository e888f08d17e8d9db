import { accessTokenLifespan } from '../clients/lifespans.ts'
import type { RequestContext } from '../context.ts'
import { makeAccessToken } from '../tokens/access-token.ts'
import type { AccessTokenAddressee } from '../tokens/addressee.ts'
import { stampOf } from '../tokens/formats.ts'
import { responseWith, type TokenResponse } from '../tokens/issue.ts'
import { randomText } from '../util/base64url.ts'
import { after, nowSeconds } from '../util/clock.ts'
import type { JsonObject } from '../util/json.ts'
import type { GrantName } from './grant.ts'

/** Number of ledgers that share a client's revocations, if the client has no number of its own. */
const DEFAULT_SHARDS = 8

/** The claims of a token without a grant; `subject` is null if the token represents the client itself. */
export interface SelfContainedClaims {
  readonly grant: GrantName
  readonly subject: string | null
  readonly scope: readonly string[]
  readonly audience: readonly string[]
}

/**
 * Makes a token without a grant: it carries its claims, and nothing is stored (design section 3).
 *
 * @param custom - custom claims, which only a token hook can give
 */
export async function issueSelfContainedToken(
  ctx: RequestContext,
  addressee: AccessTokenAddressee,
  { grant, subject, scope, audience }: SelfContainedClaims,
  custom: JsonObject,
): Promise<TokenResponse> {
  const { client } = addressee
  const issuedAt = nowSeconds()
  const lifetime = accessTokenLifespan(ctx.rt.config.ttl, client.metadata, grant.shortName)
  const id = randomText(16)
  const common = { scope, audience, custom, issuedAt }
  const accessToken = await makeAccessToken(
    ctx.rt,
    addressee,
    {
      type: 'client',
      clientId: client.id,
      id,
      shards: client.metadata.ledger_shards ?? DEFAULT_SHARDS,
      subject,
      cnf: addressee.confirmation,
      ...common,
      ...stampOf(client),
    },
    { subject: subject ?? client.id, expiresAt: after(issuedAt, lifetime), ...common },
  )
  return responseWith(ctx.rt, addressee, accessToken, lifetime, scope)
}
