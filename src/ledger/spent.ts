import type { SpendInput } from './types.ts'
import type { Work } from './work.ts'

/**
 * How long an id stays spent beyond its end, seconds. That end was judged elsewhere, by another clock, and before keys
 * were fetched and hooks asked: a replay must not come through in between.
 */
const MARGIN = 60

const INSERT = 'INSERT OR REPLACE INTO spent (id, attempt, expires) VALUES (?, ?, ?)'

function findSpent(work: Work, id: string): { attempt: string } | undefined {
  const query = 'SELECT attempt FROM spent WHERE id = ? AND expires > ?'
  return work.tables.rows<{ attempt: string }>('spent', query, id, work.now)[0]
}

/** Spends an id until a minute after it expires; `first` for the attempt that did it, however often it asks. */
export function spend(work: Work, input: SpendInput): { readonly first: boolean } {
  const known = findSpent(work, input.id)
  if (known !== undefined) return { first: known.attempt === input.attempt }
  work.tables.make('spent')
  const expires = input.expiresAt + MARGIN
  work.sql.exec(INSERT, input.id, input.attempt, expires)
  work.wake(expires)
  return { first: true }
}

/** How many ids are spent here; for those who are about to spend another. */
export function countSpent(work: Work): number {
  work.tables.make('spent')
  const query = 'SELECT count(*) AS total FROM spent WHERE expires > ?'
  return work.sql.exec<{ total: number }>(query, work.now).one().total
}

/** Whether an id is spent, and has not expired a minute ago. */
export function isSpent(work: Work, id: string): boolean {
  return findSpent(work, id) !== undefined
}
