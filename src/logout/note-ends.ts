import type { RequestContext } from '../context.ts'
import type { Ends } from '../ledger/types.ts'

/**
 * Marks in the grants book, after the response, what was ended.
 *
 * @param ends - what the ledger told of it, which was asked for with `tellEnds`; absent if something of it is alive
 */
export function noteEnds({ rt, defer }: RequestContext, ends: Ends | undefined): void {
  if (ends !== undefined) defer(rt.book.end(ends))
}
