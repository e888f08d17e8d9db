import { DEVICE_GRANT } from '../clients/lifespans.ts'
import { invalidTarget, resourcesIn } from '../clients/resource.ts'
import type { RequestContext } from '../context.ts'
import { invalidGrant } from '../errors/oauth-error.ts'
import type { ConsentedGrant } from '../ledger/types.ts'
import { prepareTokens } from '../tokens/addressee.ts'
import { checkCodeVerifier, checkRedirectUriAgain } from '../tokens/code-binding.ts'
import { authorizationCodes } from '../tokens/formats.ts'
import { issueTokens, type TokenResponse } from '../tokens/issue.ts'
import { keepFor, lifetimesFor } from '../tokens/lifetimes.ts'
import { targetsIn } from '../tokens/targets.ts'
import { nowSeconds } from '../util/clock.ts'
import { type GrantHandler, refuseReused, requireGrantType, requireStamp } from './handler.ts'
import { type HookedRequest, withHooks } from './hook.ts'
import { underAttempt } from './idempotency.ts'

/**
 * Redeems an authorization code (RFC 6749 section 4.1.3), once. Everything that can be refused is refused before
 * the ledger is asked; a second redemption by the right client revokes what the first gave.
 */
export const authorizationCode: GrantHandler = async (ctx, registered, form) => {
  const allowed = await requireGrantType(ctx, registered, 'authorization_code')
  const presented = form.require('code')
  const code = await authorizationCodes.open(ctx.rt, presented)
  if (code === undefined || (code.expiresAt ?? 0) <= nowSeconds()) throw invalidGrant()
  const client = await requireStamp(ctx, allowed, 'code', code)
  checkRedirectUriAgain(code.redirectUri, form.get('redirect_uri'))
  checkCodeVerifier(code.codeChallenge, form.get('code_verifier'))
  return redeemGrant(ctx, { client, form, grantType: 'authorization_code' }, presented, code)
}

interface RedeemedRequest extends Pick<HookedRequest, 'client' | 'form'> {
  readonly grantType: 'authorization_code' | typeof DEVICE_GRANT
}

/**
 * Redeems a grant that waits for its first tokens, once. A second redemption by code revokes them.
 *
 * @param presented - the code, by which a try whose answer was lost is known again
 */
export async function redeemGrant(
  ctx: RequestContext,
  { client, form, grantType }: RedeemedRequest,
  presented: string,
  grant: ConsentedGrant,
): Promise<TokenResponse> {
  const lifetimes = lifetimesFor(ctx.rt.config, client, grantType)
  const refreshes = (client.metadata.grant_types ?? []).includes('refresh_token')
  const addressee = await prepareTokens(ctx.rt, client)
  const resources = resourcesIn(form)
  return underAttempt(ctx.attempt, client.id, presented, async (attempt) => {
    const result = await withHooks(ctx, { client, form, lifetimes }, (hook) =>
      ctx.rt.ledgers.call(grant.owner, 'redeem', {
        attempt,
        id: grant.grantId,
        clientId: client.id,
        epoch: grant.epoch,
        keepSeconds: keepFor(lifetimes, refreshes),
        spareReused: grantType === DEVICE_GRANT,
        resources,
        hook,
      }),
    )
    if (result.status === 'reused') throw refuseReused(ctx, client, grant.grantId, 'code')
    if (result.status === 'gone') throw invalidGrant()
    if (result.status === 'target_refused') throw invalidTarget(result.value)
    ctx.audit('token.issued', { client_id: client.id, grant: grant.grantId, grant_type: grantType })
    const targets = targetsIn(result.grant, resources)
    return issueTokens(ctx, addressee, { owner: grant.owner, ...result, targets }, lifetimes)
  })
}
