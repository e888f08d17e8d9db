import type { RequestContext } from '../context.ts'
import type { EndSessionsInput, RevokeGrantsInput } from '../ledger/types.ts'
import { nowSeconds } from '../util/clock.ts'

/** Ends login sessions of an owner; tokens stay. Throws `temporarily_unavailable`. */
export async function endSessions(
  { rt, attempt, audit }: RequestContext,
  owner: string,
  target: EndSessionsInput['target'],
): Promise<void> {
  const flowLifetime = rt.config.ttl.loginConsentRequest
  const { ended } = await rt.ledgers.call(owner, 'endSessions', { attempt, target, flowLifetime })
  for (const sid of ended) audit('session.ended', { sid })
}

/** Revokes grants of an owner with all their tokens. Throws `temporarily_unavailable`. */
export async function revokeGrants(
  { rt, attempt, audit, defer }: RequestContext,
  owner: string,
  target: RevokeGrantsInput['target'],
): Promise<void> {
  const flowLifetime = rt.config.ttl.loginConsentRequest
  const { revoked } = await rt.ledgers.call(owner, 'revokeGrants', { attempt, target, flowLifetime })
  if (revoked.length === 0) return
  audit('consent.revoked', { grants: revoked })
  defer(rt.book.revoke(revoked, nowSeconds()))
}
