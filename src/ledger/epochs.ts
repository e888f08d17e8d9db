import { alive, later, type Transaction } from './transaction.ts'

/** Key of the epoch that counts for every client of the subject. */
export const SUBJECT = ''

/** Key of the epoch of logins; no client id has a control character. */
export const LOGINS = '\u0000logins'

type EpochRow = {
  readonly client: string
  readonly value: number
  readonly attempt: string
  readonly expires: number
}

/**
 * The epoch of a flow of this client: the newest revocation known, of the client's or all of the subject's grants.
 * Epochs are times and only rise within a ledger, so the greater of the two stands for both. A row that was cleaned
 * up gives a smaller number, which refuses nobody: see `epochHolds`.
 */
export const currentEpoch = (tx: Transaction, clientId: string): number => newest(tx, SUBJECT, clientId)

/** The epoch of logins: when all sessions of the subject were last ended, as far as logins under way may not know; ms. */
export const loginEpoch = (tx: Transaction): number => newest(tx, LOGINS, LOGINS)

function newest(tx: Transaction, one: string, other: string): number {
  const query = 'SELECT MAX(value) AS value FROM epochs WHERE client IN (?, ?) AND expires > ?'
  const [row] = tx.tables.rows<{ value: number | null }>('epochs', query, one, other, tx.now)
  return row?.value ?? 0
}

/** Whether nothing was revoked since this epoch was read. */
export function epochHolds(tx: Transaction, clientId: string, epoch: number): boolean {
  return currentEpoch(tx, clientId) <= epoch
}

/**
 * Makes every flow under way for a client, or for SUBJECT, worthless; for LOGINS, every login that was accepted before
 * now and not brought here yet. The row outlives those flows.
 * @param flowLifetime how long a flow may live, seconds.
 */
export function raiseEpoch(
  tx: Transaction,
  client: string,
  { attempt, flowLifetime }: { readonly attempt: string; readonly flowLifetime: number },
): void {
  const all = tx.tables.rows<EpochRow>('epochs', 'SELECT * FROM epochs')
  const own = all.find((row) => row.client === client)
  if (own?.attempt === attempt && alive(own.expires, tx.now)) return
  // Above every number ever handed out here, whichever client it was for, even if the clock stepped back.
  const value = Math.max(tx.nowMs, ...all.map((row) => row.value + 1))
  const expires = later(own?.expires ?? 0, tx.now + flowLifetime)
  tx.tables.insert('epochs', { client, value, attempt, expires })
  tx.wake(expires, 'tombstone')
}
