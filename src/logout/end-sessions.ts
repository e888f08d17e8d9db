import type { RequestContext } from '../context.ts'
import type { Owner } from '../ledger/owner.ts'
import type { EndSessionsInput, LogoutRecipient, Revoked, RevokeGrantsInput } from '../ledger/types.ts'
import type { GrantId } from '../util/ids.ts'
import { noteEnds } from './note-ends.ts'
import { deliverNotices } from './notices.ts'

/**
 * Ends login sessions of an owner. Notices go to their clients after the response, and again by the ledger's alarm if a
 * client cannot be reached; none if a new login takes the session's place. The end of one session goes to the identity
 * provider in the same way; the end of all does not, as in Hydra (contract 1.4.3). Tokens remain valid, unless
 * configured otherwise. Throws `temporarily_unavailable`.
 *
 * @returns the clients to notify in the browser; a repeated call returns the same
 */
export async function endSessions(
  ctx: RequestContext,
  owner: Owner,
  target: EndSessionsInput['target'],
  notify = true,
): Promise<readonly LogoutRecipient[]> {
  const { rt, attempt } = ctx
  const flowLifetime = rt.config.ttl.loginConsentRequest
  const revoke = notify && rt.config.oauth2.revokeTokensOnLogout
  const endsProviderSession = notify && target !== 'all' && rt.config.identityProvider !== null
  const tellEnds = rt.book.isKept
  const input = { attempt, target, flowLifetime, notify, endsProviderSession, revoke, tellEnds }
  const { ended, moreEnded, notices, told, ...tokens } = await rt.ledgers.call(owner, 'endSessions', input)
  for (const sid of ended) ctx.audit('session.ended', { sid }, owner)
  if (moreEnded) ctx.audit('session.ended', { more: true }, owner)
  noteRevoked(ctx, owner, 'token.revoked', tokens)
  if (notices.length > 0) ctx.defer(deliverNotices(rt, owner, notices))
  return told
}

/** Revokes consents of an owner, and all tokens that rest on them. Throws `temporarily_unavailable`. */
export async function revokeGrants(
  ctx: RequestContext,
  owner: Owner,
  target: RevokeGrantsInput['target'],
): Promise<void> {
  const { rt, attempt } = ctx
  const flowLifetime = rt.config.ttl.loginConsentRequest
  const input = { attempt, target, flowLifetime, tellEnds: rt.book.isKept }
  const consents = await rt.ledgers.call(owner, 'revokeGrants', input)
  noteRevoked(ctx, owner, 'consent.revoked', consents)
}

/**
 * Revokes a grant that no tokens were issued for yet. Throws `temporarily_unavailable`.
 *
 * @returns false if there are tokens; the grant then stays
 */
export async function retractGrant(ctx: RequestContext, owner: Owner, id: GrantId): Promise<boolean> {
  const { rt, attempt } = ctx
  const flowLifetime = rt.config.ttl.loginConsentRequest
  const input = { attempt, id, flowLifetime, tellEnds: rt.book.isKept }
  const result = await rt.ledgers.call(owner, 'retractGrant', input)
  if (result.status === 'redeemed') return false
  noteRevoked(ctx, owner, 'consent.revoked', result)
  return true
}

/** How many ids of grants one audit line holds. */
const LISTED = 20

/** Writes what a revocation ended to the audit log, and after the response to the grants book. */
function noteRevoked(
  ctx: RequestContext,
  owner: Owner,
  event: 'token.revoked' | 'consent.revoked',
  { revoked, more, ends }: Revoked,
): void {
  if (revoked.length === 0 && more === undefined) return
  const grants = revoked.slice(0, LISTED)
  const unlisted = more === true || grants.length < revoked.length
  ctx.audit(event, { grants, ...(unlisted && { count: revoked.length }), ...(more && { more }) }, owner)
  noteEnds(ctx, owner, ends)
}
