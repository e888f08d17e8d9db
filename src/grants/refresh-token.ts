import { audienceOf, invalidTarget, resourcesIn } from '../clients/resource.ts'
import type { RequestContext } from '../context.ts'
import { invalidRequest, OAuthError } from '../errors/oauth-error.ts'
import { jurisdictionOf } from '../ledger/owner.ts'
import type { HookStep, IssuedGeneration, RefreshResult } from '../ledger/types.ts'
import { outlives } from '../store/book-ends.ts'
import type { ClientRecord } from '../store/types.ts'
import { prepareTokens } from '../tokens/addressee.ts'
import { type GrantToken, refreshTokens } from '../tokens/formats.ts'
import { issueTokens } from '../tokens/issue.ts'
import { familyOf, keepFor, lifetimesFor, type TokenLifetimes } from '../tokens/lifetimes.ts'
import { partOf } from '../tokens/targets.ts'
import { after, type Seconds } from '../util/clock.ts'
import { issuedCredential } from './credential.ts'
import { refusedGrant } from './ended.ts'
import { defineGrant } from './grant.ts'
import { type GrantedRequest, withHooks } from './hook.ts'

/**
 * Refreshes (RFC 6749 section 6); `scope` limits the new access token, and nothing else. Within the grace period every
 * caller gets the same successor. A superseded token used later counts as stolen and ends the grant (RFC 9700 section
 * 4.14.2).
 */
export const refreshToken = defineGrant({
  type: 'refresh_token',
  shortName: 'refresh_token',
  publicClients: true,
  scopePolicy: 'consented',
  credential: issuedCredential({
    parameter: 'refresh_token',
    use: 'refresh_token',
    format: refreshTokens,
    unknown: 'refresh_token_unknown',
    expired: { code: 'invalid_grant', reason: 'refresh_token_expired' },
    reused: 'refresh_token_reused',
  }),
  async run(ctx, request) {
    const { client, form, credential: token } = request
    const lifetimes = lifetimesFor(ctx.rt.config, client, 'refresh_token')
    const addressee = await prepareTokens(ctx.rt, request)
    const wanted = { resources: resourcesIn(form), scope: form.scopes() }
    const asked = { client, form, lifetimes, ...wanted }
    const result = await advance(ctx, asked, token, keepFor(lifetimes, true))
    if (result.status === 'reused')
      return { reusedGrant: token.grantId, owner: token.owner, ends: result.ends }
    if (result.status === 'gone')
      throw await refusedGrant(ctx, { ...token, clientId: client.id }, 'refresh_token')
    if (result.status !== 'issued') throw refusal(result)
    const { via, generation } = result
    ctx.told({ grant: token.grantId, generation, via })
    if (via === 'fast_forward')
      ctx.audit('token.fast_forward', { client_id: client.id, grant: token.grantId, generation }, token.owner)
    noteLife(ctx, token, result, lifetimes)
    const part = partOf(result.grant, wanted)
    return issueTokens(ctx, addressee, { owner: token.owner, ...result, part }, lifetimes)
  },
})

/** Tells the grants book, after the response, that the tokens of a grant live on. Seldom is there anything to tell. */
function noteLife(
  { rt: { book, config }, defer }: RequestContext,
  { owner, expiresAt: before }: Pick<GrantToken, 'owner'> & { readonly expiresAt: Seconds | null },
  { grant, issuedAt }: IssuedGeneration,
  { refreshToken }: TokenLifetimes,
): void {
  const { subject, clientId, scope, handledAt } = grant
  const expiresAt = refreshToken === null ? null : after(issuedAt, refreshToken)
  if (!book.isKept || !outlives({ subject, expiresAt }, before)) return
  const { jurisdictions } = config.residency
  const place = { jurisdiction: jurisdictionOf(owner), jurisdictions }
  defer(book.renew({ subject, clientId, scope, grantedAt: handledAt, expiresAt, ...place }, issuedAt))
}

/**
 * Advances the grant in the ledger. A refusal because of a limit in a cached client is checked with the source first.
 */
async function advance(
  ctx: RequestContext,
  request: GrantedRequest,
  token: GrantToken,
  keepSeconds: Seconds | null,
): Promise<RefreshResult> {
  const { config, ledgers, clients, book } = ctx.rt
  const { client } = request
  const ask = (limits: ClientRecord, hook: HookStep | undefined): Promise<RefreshResult> =>
    ledgers.call(token.owner, 'refresh', {
      attempt: ctx.attempt,
      id: token.grantId,
      clientId: client.id,
      generation: token.generation,
      grace: config.oauth2.grace,
      limits: {
        scope: limits.metadata.scope.split(' '),
        audience: audienceOf(config, limits),
        strategy: config.strategies.scope,
      },
      keepSeconds,
      ...familyOf(request.lifetimes),
      resources: request.resources,
      // A ledger of an older release does not know it; only requests that name scopes need a newer one.
      ...(request.scope.length > 0 && { scope: request.scope }),
      hook,
      tellEnds: book.isKept,
    })
  const result = await withHooks(ctx, request, (hook) => ask(client, hook))
  if (result.status !== 'scope_lost' && result.status !== 'audience_lost') return result
  const current = await clients.fresh(client.id)
  if (current === undefined || current.version === client.version) return result
  return withHooks(ctx, request, (hook) => ask(current, hook))
}

function refusal(result: Exclude<RefreshResult, { status: 'issued' | 'reused' | 'gone' }>): OAuthError {
  switch (result.status) {
    case 'scope_lost':
      return new OAuthError('invalid_scope', 'scope_lost', { scope: result.value })
    case 'audience_lost':
      return invalidRequest('audience_lost', { audience: result.value })
    case 'scope_refused':
      return new OAuthError('invalid_scope', 'scope_not_consented', { scope: result.value })
    case 'target_refused':
      return invalidTarget(result.value)
    case 'offline_not_granted':
      return new OAuthError('scope_not_granted', 'offline_not_granted')
  }
}
