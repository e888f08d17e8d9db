import type { RequestContext } from '../context.ts'
import { OAuthError } from '../errors/oauth-error.ts'
import type { Owner } from '../ledger/owner.ts'
import type { Runtime } from '../runtime.ts'
import type { ClientId } from '../util/ids.ts'

/**
 * Marks in the grants book, after the response, what was ended: of which clients nothing is alive, the ledger says.
 *
 * @param owner - the ledger of the subject
 * @param clientId - the client in question; null for all
 */
export function noteEnds({ rt, defer }: RequestContext, owner: Owner, clientId: ClientId | null): void {
  if (rt.book.isKept) defer(writeEnds(rt, owner, clientId))
}

async function writeEnds({ ledgers, book }: Runtime, owner: Owner, clientId: ClientId | null): Promise<void> {
  try {
    const { subject, ...left } = await ledgers.call(owner, 'standing', { clientId })
    if (subject !== null) await book.end({ subject, clientId, ...left })
  } catch (thrown) {
    // The ledger client has logged it, and the row goes when its time has come.
    if (!(thrown instanceof OAuthError)) throw thrown
  }
}
