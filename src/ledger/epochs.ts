import { after, milliseconds, type Seconds } from '../util/clock.ts'
import type { ClientId } from '../util/ids.ts'
import { type EpochKey, LOGINS, SUBJECT } from './schema.ts'
import { alive, later, type Transaction, type View } from './transaction.ts'

/**
 * Returns the epoch that a flow of this client starts with: when the client's grants, or all of the subject's grants,
 * were last revoked (ms; 0 if not known). Epochs only rise within a ledger, so the greater of the two stands for both.
 * Once its row is deleted, an epoch is a smaller number and refuses no flow: see `epochHolds`.
 */
export const currentEpoch = (view: View, clientId: ClientId): number => newest(view, SUBJECT, clientId)

/** Returns the epoch of logins: when all sessions of the subject were last ended, ms; 0 if not lately. */
export const loginEpoch = (view: View): number => newest(view, LOGINS, LOGINS)

const newest = ({ tables, now }: View, one: EpochKey, other: EpochKey): number =>
  tables.extreme('epochs', 'MAX', 'value', 'WHERE client IN (?, ?) AND expires > ?', one, other, now) ?? 0

/** Whether nothing was revoked since `epoch` was read. */
export function epochHolds(view: View, clientId: ClientId, epoch: number): boolean {
  return currentEpoch(view, clientId) <= epoch
}

/**
 * Raises an epoch. That invalidates every flow in progress for a client, or with SUBJECT for all clients; with LOGINS
 * every login that the login app accepted but that is not committed yet. The row outlives those flows.
 * @param flowLifetime the longest time a flow may take, seconds.
 */
export function raiseEpoch(
  tx: Transaction,
  client: EpochKey,
  { attempt, flowLifetime }: { readonly attempt: string; readonly flowLifetime: Seconds },
): void {
  const all = tx.tables.select('epochs', '*')
  const own = all.find((row) => row.client === client)
  if (own?.attempt === attempt && alive(own.expires, tx.now)) return
  // Above every epoch that this ledger gave out for any client, even if the clock was set back.
  const value = milliseconds(Math.max(tx.nowMs, ...all.map((row) => row.value + 1)))
  const expires = later(own?.expires ?? tx.now, after(tx.now, flowLifetime))
  tx.tables.insert('epochs', { client, value, attempt, expires })
  tx.wake(expires, 'tombstone')
}
