import type { RequestContext } from '../context.ts'
import { jurisdictionOf, type Owner } from '../ledger/owner.ts'
import type { Ends } from '../ledger/types.ts'

/**
 * Marks in the grants book, after the response, what was ended. A ledger knows what it has itself, and not what the
 * subject's ledgers in other jurisdictions have: the book does.
 *
 * @param owner - whose ledger told of it
 * @param ends - what it told, which was asked for with `tellEnds`; absent if something of it is alive there
 */
export function noteEnds({ rt, defer }: RequestContext, owner: Owner, ends: Ends | undefined): void {
  if (ends === undefined) return
  const { jurisdictions } = rt.config.residency
  defer(rt.book.end({ ...ends, jurisdiction: jurisdictionOf(owner), jurisdictions }))
}
