import type { RequestContext } from '../context.ts'
import { OAuthError } from '../errors/oauth-error.ts'
import type { ClientRecord } from '../store/types.ts'
import { prepareSigners } from '../tokens/access-token.ts'
import { checkCodeVerifier, checkRedirectUriAgain } from '../tokens/code.ts'
import { type AuthorizationCode, openCode } from '../tokens/formats.ts'
import { issueTokens } from '../tokens/issue.ts'
import { keepFor, lifetimesFor } from '../tokens/lifetimes.ts'
import { nowSeconds } from '../util/clock.ts'
import { underAttempt } from './attempts.ts'
import { type GrantHandler, requireGrantType, requireStamp } from './grant.ts'

/**
 * Redeems an authorization code (RFC 6749 section 4.1.3), once. Everything that can be refused is refused before
 * the ledger is asked; a second redemption by the right client revokes what the first gave.
 */
export const authorizationCode: GrantHandler = async (ctx, registered, form) => {
  const allowed = await requireGrantType(ctx, registered, 'authorization_code')
  const presented = form.require('code')
  const code = await openCode(ctx.rt, presented)
  if (code === undefined || (code.expiresAt ?? 0) <= nowSeconds()) throw new OAuthError('invalid_grant')
  const client = await requireStamp(ctx, allowed, 'code', code)
  checkRedirectUriAgain(code.redirectUri, form.get('redirect_uri'))
  checkCodeVerifier(code.codeChallenge, form.get('code_verifier'))
  const lifetimes = lifetimesFor(ctx.rt.config, client, 'authorization_code')
  const refreshes = (client.metadata.grant_types ?? []).includes('refresh_token')
  await prepareSigners(ctx.rt, client)
  return underAttempt(ctx.attempt, client.id, presented, async (attempt) => {
    const result = await ctx.rt.ledgers.call(code.owner, 'redeem', {
      attempt,
      id: code.grantId,
      clientId: client.id,
      epoch: code.epoch,
      keepSeconds: keepFor(lifetimes, refreshes),
    })
    if (result.status !== 'issued') throw refusal(ctx, client, code, result.status)
    ctx.audit('token.issued', {
      client_id: client.id,
      grant: code.grantId,
      grant_type: 'authorization_code',
    })
    return issueTokens(ctx, client, { owner: code.owner, ...result }, lifetimes)
  })
}

function refusal(
  ctx: RequestContext,
  client: ClientRecord,
  { grantId }: AuthorizationCode,
  status: 'reused' | 'gone',
): OAuthError {
  if (status === 'reused') {
    ctx.audit('token.reuse_detected', { client_id: client.id, grant: grantId, credential: 'code' })
    ctx.defer(ctx.rt.book.revoke([grantId], nowSeconds()))
  }
  return new OAuthError('invalid_grant')
}
