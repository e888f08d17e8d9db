import type { RequestContext } from '../context.ts'
import { ownerOf, ownersOf } from '../ledger/owner.ts'
import { nowSeconds, seconds } from '../util/clock.ts'
import type { Sid } from '../util/ids.ts'
import { deliverNotices } from './notices.ts'

/**
 * Erases a subject: its sessions, consents and tokens end, clients and identity provider are told of the sessions, and
 * ledger and grants book forget it. May be repeated. Throws `temporarily_unavailable` if not all of it is known to have
 * happened; what happened stays so.
 *
 * @returns the sessions whose clients could not be read, so that none of them is told: of those that the ledgers ended
 *   within the call. The ledger's log names each
 */
export async function eraseSubject(ctx: RequestContext, subject: string): Promise<readonly Sid[]> {
  const { rt, attempt } = ctx
  const flowLifetime = rt.config.ttl.loginConsentRequest
  const endsProviderSession = rt.config.identityProvider !== null
  const input = { attempt, flowLifetime, endsProviderSession }
  let erasedAt = seconds(0)
  const notTold: Sid[] = []
  for (const owner of ownersOf('subject', subject, rt.config.residency)) {
    const { notices, at, untold = [] } = await rt.ledgers.call(owner, 'erase', input)
    notTold.push(...untold)
    erasedAt = seconds(Math.max(erasedAt, at ?? nowSeconds()))
    if (notices.length > 0) ctx.defer(deliverNotices(rt, owner, notices))
  }
  // No later call can tell which these were, so the audit line does: what follows may fail.
  const fields = notTold.length > 0 ? { untold_sessions: notTold } : {}
  ctx.audit('subject.erased', fields, ownerOf('subject', subject, rt.config.residency.jurisdiction))
  await rt.book.erase(subject, erasedAt)
  return notTold
}
