import { audienceOf, invalidTarget, resourcesIn } from '../clients/resource.ts'
import type { RequestContext } from '../context.ts'
import type { Expiring } from '../crypto/sealed.ts'
import { invalidGrant, invalidRequest, OAuthError } from '../errors/oauth-error.ts'
import type { HookStep, RefreshResult } from '../ledger/types.ts'
import type { ClientRecord } from '../store/types.ts'
import { isExpired } from '../tokens/active-token.ts'
import { type GrantToken, refreshTokens } from '../tokens/formats.ts'
import { issueTokens, prepareTokens } from '../tokens/issue.ts'
import { keepFor, lifetimesFor } from '../tokens/lifetimes.ts'
import { targetsIn } from '../tokens/targets.ts'
import type { Seconds } from '../util/clock.ts'
import { type GrantHandler, refuseReused, requireGrantType, requireStamp } from './handler.ts'
import { type HookedRequest, withHooks } from './hook.ts'
import { underAttempt } from './idempotency.ts'

const AUDITED = {
  advance: 'token.refreshed',
  repeat: 'token.refreshed',
  grace: 'token.grace_hit',
  fast_forward: 'token.fast_forward',
} as const

/**
 * Refreshes (RFC 6749 section 6). Within the grace period every caller gets the one current successor; a refresh
 * token used after that is taken for stolen, and the whole family dies (RFC 9700 section 4.14.2).
 */
export const refreshToken: GrantHandler = async (ctx, registered, form) => {
  const allowed = await requireGrantType(ctx, registered, 'refresh_token')
  const presented = form.require('refresh_token')
  const token = await refreshTokens.open(ctx.rt, presented)
  if (token === undefined) throw invalidGrant()
  if (isExpired(token)) throw invalidGrant('The refresh token has expired.')
  const client = await requireStamp(ctx, allowed, 'refresh_token', token)
  const lifetimes = lifetimesFor(ctx.rt.config, client, 'refresh_token')
  const addressee = await prepareTokens(ctx.rt, client)
  return underAttempt(ctx.attempt, client.id, presented, async (attempt) => {
    const result = await advance(ctx, { client, form, lifetimes }, token, keepFor(lifetimes, true), attempt)
    if (result.status !== 'issued') throw refusal(ctx, client, token, result)
    ctx.audit(AUDITED[result.via], {
      client_id: client.id,
      grant: token.grantId,
      generation: result.generation,
    })
    const targets = targetsIn(result.grant, resourcesIn(form))
    return issueTokens(ctx, addressee, { owner: token.owner, ...result, targets }, lifetimes)
  })
}

/** Asks the ledger; a limit that a cached client copy does not cover counts only if the source says so too. */
async function advance(
  ctx: RequestContext,
  request: HookedRequest,
  token: GrantToken,
  keepSeconds: Seconds | null,
  attempt: string,
): Promise<RefreshResult> {
  const { config, ledgers, clients } = ctx.rt
  const { client } = request
  const ask = (limits: ClientRecord, hook: HookStep | undefined): Promise<RefreshResult> =>
    ledgers.call(token.owner, 'refresh', {
      attempt,
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
      resources: resourcesIn(request.form),
      hook,
    })
  const result = await withHooks(ctx, request, (hook) => ask(client, hook))
  if (result.status !== 'scope_lost' && result.status !== 'audience_lost') return result
  const current = await clients.fresh(client.id)
  if (current === undefined || current.version === client.version) return result
  return withHooks(ctx, request, (hook) => ask(current, hook))
}

function refusal(
  ctx: RequestContext,
  client: ClientRecord,
  token: Expiring<GrantToken>,
  result: Exclude<RefreshResult, { status: 'issued' }>,
): OAuthError {
  switch (result.status) {
    case 'scope_lost':
      return new OAuthError('invalid_scope', `The client may no longer have scope '${result.value}'.`)
    case 'audience_lost':
      return invalidRequest(`The client may no longer have audience '${result.value}'.`)
    case 'target_refused':
      return invalidTarget(result.value)
    case 'offline_not_granted':
      return new OAuthError(
        'scope_not_granted',
        "The grant has neither scope 'offline' nor 'offline_access'.",
      )
    case 'gone':
      return invalidGrant()
    case 'reused':
      return refuseReused(ctx, client, token.grantId, 'refresh_token')
  }
}
