import { after, type Seconds, seconds } from '../util/clock.ts'
import type { Sid } from '../util/ids.ts'
import { keepSpent } from './consumed.ts'
import { endForErasure } from './end-sessions.ts'
import { raiseEpoch } from './epochs.ts'
import { indexRecipients, isIndexed } from './indexes.ts'
import { type Notice, noticesOf } from './notices.ts'
import { ERASED, LOGINS, SUBJECT } from './schema.ts'
import { alive, later, type Transaction } from './transaction.ts'

export interface EraseInput {
  /** The HTTP request that asks (types.ts). */
  readonly attempt: string
  /** The longest time a flow may take: what refuses the flows in progress is kept that long. */
  readonly flowLifetime: Seconds
  /** Whether the identity provider is asked to end its sessions too. */
  readonly endsProviderSession: boolean
}

export interface Erased {
  /** When it was, seconds since the epoch. Absent from a ledger of a release before. */
  readonly at?: Seconds
  /** The notices that this attempt queued and that are not settled yet. */
  readonly notices: readonly Notice[]
  /**
   * The sessions whose clients could not be read, so that none was told, of those that the call itself ended; absent if
   * there are none, and in the answer to a repeated attempt. The log names each.
   */
  readonly untold?: readonly Sid[]
}

/** What is left of a session: its id, until the directory has forgotten it. */
export const FORGOTTEN = {
  ...{ subject: '', auth_time: seconds(0), remember: 0, ends: null, ended: 1 },
  ...{ provider_session: '', recipients: '[]', used: seconds(0), ended_at: null },
} as const

/**
 * Ends all of a subject, tells its clients, and forgets it. Grants are deleted at once. Of sessions only the ids are
 * left, which the alarm that follows at once removes from the directory; it comes by itself to those that are too many
 * for one call. Epochs and the ids of their sessions refuse every flow in progress: they name nobody, and the alarm deletes them when the last of
 * these flows is over; that of logins when it would have been deleted anyway, if all sessions were ended before: a login
 * of before that is refused for longer than a flow takes. A session whose clients cannot be read is erased all the same:
 * it is logged, and named in the answer. A notice stays until it is settled, and the id of a used assertion until that has expired.
 */
export function erase(tx: Transaction, input: EraseInput): Erased {
  const { attempt, flowLifetime } = input
  const own = tx.tables.find('epochs', ERASED)
  if (own?.attempt === attempt && alive(own.expires, tx.now))
    return { at: tx.now, notices: noticesOf(tx, attempt) }
  const earlier = tx.tables.find('epochs', LOGINS)?.expires ?? null
  const { notices, untold } = endForErasure(tx, { ...input, notify: true, revoke: false })
  const expires = after(tx.now, flowLifetime)
  tx.tables.deleteWhere('epochs', 'WHERE client NOT IN (?, ?)', LOGINS, ERASED)
  for (const client of [ERASED, SUBJECT, LOGINS] as const) {
    raiseEpoch(tx, client, { attempt, flowLifetime })
    const outlived = client === LOGINS && earlier !== null ? later(earlier, expires) : expires
    tx.tables.update('epochs', client, { expires: outlived })
  }
  if (!isIndexed(tx)) indexRecipients(tx, 'AND sid IN (SELECT sid FROM sessions WHERE ended = 0)')
  tx.tables.deleteWhere('grants', '')
  tx.tables.deleteWhere('remembered', '')
  const until = after(tx.now, flowLifetime)
  for (const row of tx.tables.select('sessions', ['sid', 'flow_expires'], 'WHERE ended = 1'))
    keepSpent(tx, row, until)
  tx.tables.updateWhere('sessions', { ...FORGOTTEN, expires: tx.now }, 'WHERE ended = 1')
  tx.wake(tx.now, 'notice')
  return { at: tx.now, notices, ...(untold.length > 0 && { untold }) }
}
