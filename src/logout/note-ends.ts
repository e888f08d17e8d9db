import type { RequestContext } from '../context.ts'
import type { Ends } from '../ledger/types.ts'

/**
 * Marks in the grants book, after the response, what was ended. Where a subject may have a ledger in each of several
 * jurisdictions, no ledger knows whether another one has something alive, so nothing is marked: rows go when they expire.
 *
 * @param ends - what the ledger told of it, which was asked for with `tellEnds`; absent if something of it is alive
 */
export function noteEnds({ rt, defer }: RequestContext, ends: Ends | undefined): void {
  if (ends === undefined || rt.config.residency.jurisdictions.length > 1) return
  defer(rt.book.end(ends))
}
