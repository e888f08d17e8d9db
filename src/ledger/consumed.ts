import { findAlive, type Transaction } from './transaction.ts'
import type { ConsumeInput } from './types.ts'

/**
 * How long an id stays spent beyond its end, seconds. That end was judged elsewhere, by another clock, and before keys
 * were fetched and hooks asked: a replay must not come through in between.
 */
const MARGIN = 60

const findConsumed = (tx: Transaction, id: string): { readonly attempt: string } | undefined =>
  findAlive<{ attempt: string; expires: number }>(tx, 'consumed', id)

/** Spends an id until a minute after it expires; `first` for the attempt that did it, however often it asks. */
export function consumeId(
  tx: Transaction,
  { id, attempt, expiresAt }: ConsumeInput,
): { readonly first: boolean } {
  const known = findConsumed(tx, id)
  if (known !== undefined) return { first: known.attempt === attempt }
  const expires = expiresAt + MARGIN
  tx.tables.insert('consumed', { id, attempt, expires })
  tx.wake(expires)
  return { first: true }
}

/** How many ids are spent here. */
export function countConsumed({ tables, now }: Transaction): number {
  return tables.rows('consumed', 'SELECT 1 FROM consumed WHERE expires > ?', now).length
}

/** Whether an id is spent, and has not expired a minute ago. */
export function isConsumed(tx: Transaction, { id }: { readonly id: string }): boolean {
  return findConsumed(tx, id) !== undefined
}
