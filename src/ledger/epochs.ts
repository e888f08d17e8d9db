import { after, milliseconds, type Seconds } from '../util/clock.ts'
import type { ClientId } from '../util/ids.ts'
import { type EpochKey, ERASED, LOGINS, SUBJECT, TOKENS } from './schema.ts'
import { alive, later, type Transaction, type View } from './transaction.ts'

type Tabled = Pick<View, 'tables'>

/**
 * Returns the epoch that a flow of this client starts with: when the client's grants, or all of the subject's grants,
 * were last revoked (ms; 0 if not known). Epochs only rise within a ledger, so the greater of the two stands for both.
 * A grant that was stamped with less has ended.
 */
export const currentEpoch = (view: View, clientId: ClientId): number => newest(view, SUBJECT, clientId)

/** Returns the epoch of logins: when all sessions of the subject were last ended, ms; 0 if not lately. */
export const loginEpoch = (view: Tabled): number => newest(view, LOGINS, LOGINS)

/** Returns the epoch of tokens: when all tokens of the subject last ended with its sessions, ms; 0 if not lately. */
export const tokenEpoch = (view: Tabled): number => newest(view, TOKENS, TOKENS)

/** Returns the epoch of what was erased: when the subject last was, ms; 0 if not lately. */
export const erasedEpoch = (view: Tabled): number => newest(view, ERASED, ERASED)

/** Returns what a new row is stamped with: the greatest epoch of this ledger; 0 if none was ever raised. */
export const presentEpoch = ({ tables }: Tabled): number => tables.extreme('epochs', 'MAX', 'value') ?? 0

const newest = ({ tables }: Tabled, one: EpochKey, other: EpochKey): number =>
  tables.extreme('epochs', 'MAX', 'value', 'WHERE client IN (?, ?)', one, other) ?? 0

/** Whether nothing was revoked since `epoch` was read. */
export function epochHolds(view: View, clientId: ClientId, epoch: number): boolean {
  return currentEpoch(view, clientId) <= epoch
}

/**
 * Raises an epoch above every other of this ledger. That ends at once whatever was stamped before: with a client its
 * grants and its flows in progress, with SUBJECT those of all clients, with TOKENS all tokens, with LOGINS all sessions
 * and every login that the login app accepted but that is not committed yet. The row outlives those flows; the
 * clean-up keeps the greatest as long as there are rows, so that no number is used twice.
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
