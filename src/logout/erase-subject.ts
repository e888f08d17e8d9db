import type { RequestContext } from '../context.ts'
import { jurisdictionOf, type Owner, ownerOf, ownersOf } from '../ledger/owner.ts'
import { nowSeconds, type Seconds, seconds } from '../util/clock.ts'
import type { Sid } from '../util/ids.ts'
import { deliverNotices } from './notices.ts'

/** What became of an erasure. */
interface Erasure {
  readonly erased: string[]
  readonly notErased: string[]
  readonly untold: Sid[]
  /** When the last ledger erased. */
  at: Seconds
  /** What failed first. */
  failure: { readonly thrown: unknown } | undefined
}

/**
 * Erases a subject: its sessions, consents and tokens end, clients and identity provider are told of the sessions, and
 * ledgers and grants book forget it. May be repeated. Throws what a ledger or the book throws, if not all of it is known
 * to have happened; what happened stays so. An audit line says what did, and what is not known to have.
 *
 * @returns the sessions whose clients could not be read, so that none of them is told: of those that the ledgers ended
 *   within the call. The ledger's log names each
 */
export async function eraseSubject(ctx: RequestContext, subject: string): Promise<readonly Sid[]> {
  const { rt } = ctx
  const done: Erasure = { erased: [], notErased: [], untold: [], at: seconds(0), failure: undefined }
  // Where one ledger fails, the others erase all the same.
  for (const owner of ownersOf('subject', subject, rt.config.residency))
    await step(done, `ledger:${jurisdictionOf(owner)}`, () => eraseIn(ctx, owner, done))
  if (done.failure === undefined) await step(done, 'grants_book', () => rt.book.erase(subject, done.at))
  else done.notErased.push('grants_book')
  tell(ctx, subject, done)
  if (done.failure !== undefined) throw done.failure.thrown
  return done.untold
}

async function step(done: Erasure, name: string, erase: () => Promise<void>): Promise<void> {
  try {
    await erase()
    done.erased.push(name)
  } catch (thrown) {
    done.notErased.push(name)
    done.failure ??= { thrown }
  }
}

async function eraseIn(ctx: RequestContext, owner: Owner, done: Erasure): Promise<void> {
  const { rt, attempt } = ctx
  const flowLifetime = rt.config.ttl.loginConsentRequest
  const endsProviderSession = rt.config.identityProvider !== null
  const input = { attempt, flowLifetime, endsProviderSession }
  const { notices, at, untold = [] } = await rt.ledgers.call(owner, 'erase', input)
  done.untold.push(...untold)
  done.at = seconds(Math.max(done.at, at ?? nowSeconds()))
  if (notices.length > 0) ctx.defer(deliverNotices(rt, owner, notices))
}

/** Writes the audit line. No later request can tell which sessions nobody was told of, so it names them. */
function tell({ rt, audit }: RequestContext, subject: string, done: Erasure): void {
  const { erased, notErased, untold } = done
  const owner = ownerOf('subject', subject, rt.config.residency.jurisdiction)
  const untoldSessions = untold.length > 0 ? { untold_sessions: untold } : {}
  if (done.failure === undefined) audit('subject.erased', untoldSessions, owner)
  else audit('subject.erasure_incomplete', { erased, not_erased: notErased, ...untoldSessions }, owner)
}
