import type { SpendInput } from './types.ts'
import { findAlive, type Work } from './work.ts'

/**
 * How long an id stays spent beyond its end, seconds. That end was judged elsewhere, by another clock, and before keys
 * were fetched and hooks asked: a replay must not come through in between.
 */
const MARGIN = 60

const findSpent = (work: Work, id: string): { readonly attempt: string } | undefined =>
  findAlive<{ attempt: string; expires: number }>(work, 'spent', id)

/** Spends an id until a minute after it expires; `first` for the attempt that did it, however often it asks. */
export function spend(work: Work, { id, attempt, expiresAt }: SpendInput): { readonly first: boolean } {
  const known = findSpent(work, id)
  if (known !== undefined) return { first: known.attempt === attempt }
  const expires = expiresAt + MARGIN
  work.tables.insert('spent', { id, attempt, expires })
  work.wake(expires)
  return { first: true }
}

/** How many ids are spent here. */
export function countSpent({ tables, now }: Work): number {
  return tables.rows('spent', 'SELECT 1 FROM spent WHERE expires > ?', now).length
}

/** Whether an id is spent, and has not expired a minute ago. */
export function isSpent(work: Work, { id }: { readonly id: string }): boolean {
  return findSpent(work, id) !== undefined
}
