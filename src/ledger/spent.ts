import type { SpendInput } from './types.ts'
import type { Work } from './work.ts'

const INSERT = 'INSERT OR REPLACE INTO spent (id, attempt, expires) VALUES (?, ?, ?)'

function findSpent(work: Work, id: string): { attempt: string } | undefined {
  const query = 'SELECT attempt FROM spent WHERE id = ? AND expires > ?'
  return work.tables.rows<{ attempt: string }>('spent', query, id, work.now)[0]
}

/** Spends an id until it expires; `first` for the attempt that did it, however often it asks. */
export function spend(work: Work, input: SpendInput): { readonly first: boolean } {
  const known = findSpent(work, input.id)
  if (known !== undefined) return { first: known.attempt === input.attempt }
  work.tables.make('spent')
  work.sql.exec(INSERT, input.id, input.attempt, input.expiresAt)
  work.wake(input.expiresAt)
  return { first: true }
}

/** Whether an id is spent and has not expired. */
export function isSpent(work: Work, id: string): boolean {
  return findSpent(work, id) !== undefined
}
