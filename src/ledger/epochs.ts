import { after, milliseconds, type Seconds } from '../util/clock.ts'
import type { ClientId } from '../util/ids.ts'
import { type EpochKey, LOGINS, SUBJECT } from './schema.ts'
import { alive, later, type Transaction, type View } from './transaction.ts'

/**
 * The epoch of a flow of this client: the newest revocation known, of the client's or all of the subject's grants.
 * Epochs are times and only rise within a ledger, so the greater of the two stands for both. A row that was cleaned
 * up gives a smaller number, which refuses nobody: see `epochHolds`.
 */
export const currentEpoch = (view: View, clientId: ClientId): number => newest(view, SUBJECT, clientId)

/** The epoch of logins: when all sessions of the subject were last ended, as far as logins under way may not know; ms. */
export const loginEpoch = (view: View): number => newest(view, LOGINS, LOGINS)

const newest = ({ tables, now }: View, one: EpochKey, other: EpochKey): number =>
  tables.extreme('epochs', 'MAX', 'value', 'WHERE client IN (?, ?) AND expires > ?', one, other, now) ?? 0

/** Whether nothing was revoked since this epoch was read. */
export function epochHolds(view: View, clientId: ClientId, epoch: number): boolean {
  return currentEpoch(view, clientId) <= epoch
}

/**
 * Makes every flow under way for a client, or for SUBJECT, worthless; for LOGINS, every login that was accepted before
 * now and not brought here yet. The row outlives those flows.
 * @param flowLifetime how long a flow may live, seconds.
 */
export function raiseEpoch(
  tx: Transaction,
  client: EpochKey,
  { attempt, flowLifetime }: { readonly attempt: string; readonly flowLifetime: Seconds },
): void {
  const all = tx.tables.select('epochs', '*')
  const own = all.find((row) => row.client === client)
  if (own?.attempt === attempt && alive(own.expires, tx.now)) return
  // Above every number ever handed out here, whichever client it was for, even if the clock stepped back.
  const value = milliseconds(Math.max(tx.nowMs, ...all.map((row) => row.value + 1)))
  const expires = later(own?.expires ?? tx.now, after(tx.now, flowLifetime))
  tx.tables.insert('epochs', { client, value, attempt, expires })
  tx.wake(expires, 'tombstone')
}
