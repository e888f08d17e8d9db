import { DEVICE_GRANT, listsGrantType } from '../clients/grant-types.ts'
import type { RefreshingGrant } from '../clients/lifespans.ts'
import { invalidTarget, resourcesIn } from '../clients/resource.ts'
import type { RequestContext } from '../context.ts'
import type { ConsentedGrant } from '../ledger/types.ts'
import { prepareTokens } from '../tokens/addressee.ts'
import { issueTokens, type TokenResponse } from '../tokens/issue.ts'
import { familyOf, keepFor, lifetimesFor } from '../tokens/lifetimes.ts'
import { partOf } from '../tokens/targets.ts'
import { refusedGrant } from './ended.ts'
import type { GrantName, GrantRequest, Reused } from './grant.ts'
import { withHooks } from './hook.ts'

/** Issues the first tokens of a grant, once. A second redemption of its code revokes them. */
export async function redeemGrant(
  ctx: RequestContext,
  request: Omit<GrantRequest<unknown>, 'credential'>,
  name: GrantName<RefreshingGrant>,
  grant: ConsentedGrant,
): Promise<TokenResponse | Reused> {
  const { client, form } = request
  const lifetimes = lifetimesFor(ctx.rt.config, client, name.shortName)
  const addressee = await prepareTokens(ctx.rt, request)
  const resources = resourcesIn(form)
  const result = await withHooks(ctx, { client, form, lifetimes, resources, scope: [] }, (hook) =>
    ctx.rt.ledgers.call(grant.owner, 'redeem', {
      attempt: ctx.attempt,
      id: grant.grantId,
      clientId: client.id,
      epoch: grant.epoch,
      keepSeconds: keepFor(lifetimes, listsGrantType(client, 'refresh_token')),
      ...(listsGrantType(client, 'refresh_token') && familyOf(lifetimes)),
      spareReused: name.type === DEVICE_GRANT,
      resources,
      hook,
      tellEnds: ctx.rt.book.isKept,
    }),
  )
  switch (result.status) {
    case 'reused':
      return { reusedGrant: grant.grantId, owner: grant.owner, ends: result.ends }
    case 'gone':
      throw await refusedGrant(ctx, { ...grant, clientId: client.id }, 'code')
    case 'target_refused':
      throw invalidTarget(result.value)
    case 'issued': {
      ctx.told({ grant: grant.grantId })
      // A code gives all the scopes that the user consented to (RFC 6749 section 4.1.3).
      const part = partOf(result.grant, { resources, scope: [] })
      return issueTokens(ctx, addressee, { owner: grant.owner, ...result, part }, lifetimes)
    }
  }
}
