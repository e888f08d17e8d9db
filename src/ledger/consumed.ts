import { after, type Seconds, seconds } from '../util/clock.ts'
import { findAlive, type Transaction, type View } from './transaction.ts'

/**
 * How long an id stays spent beyond its end, seconds. That end was judged elsewhere, by another clock, and before keys
 * were fetched and hooks asked: a replay must not come through in between.
 */
const MARGIN = seconds(60)

export interface ConsumeInput {
  readonly attempt: string
  /** What is spent: a `jti`, or the id of a revoked token. */
  readonly id: string
  /** When it ends by itself. */
  readonly expiresAt: Seconds
}

/** Spends an id until a minute after it expires; `first` for the attempt that did it, however often it asks. */
export function consumeId(
  tx: Transaction,
  { id, attempt, expiresAt }: ConsumeInput,
): { readonly first: boolean } {
  const known = findAlive(tx, 'consumed', id)
  if (known !== undefined) return { first: known.attempt === attempt }
  const expires = after(expiresAt, MARGIN)
  tx.tables.insert('consumed', { id, attempt, expires })
  tx.wake(expires)
  return { first: true }
}

/** How many ids are spent here. */
export const countConsumed = ({ tables, now }: View): number =>
  tables.count('consumed', 'WHERE expires > ?', now)

/** Whether an id is spent, and has not expired a minute ago. */
export const isConsumed = (view: View, { id }: { readonly id: string }): boolean =>
  findAlive(view, 'consumed', id) !== undefined
