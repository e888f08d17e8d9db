import type { BlobInput } from './types.ts'
import type { Work } from './work.ts'

const INSERT = 'INSERT OR REPLACE INTO blobs (id, expires, data) VALUES (?, ?, ?)'

function findBlob(work: Work, id: string): { data: string; expires: number } | undefined {
  const query = 'SELECT data, expires FROM blobs WHERE id = ? AND expires > ?'
  return work.tables.rows<{ data: string; expires: number }>('blobs', query, id, work.now)[0]
}

/** Keeps a text under a name until it expires; what is kept long enough already costs nothing. */
export function putBlob(work: Work, input: BlobInput): void {
  const known = findBlob(work, input.id)
  if (known !== undefined && known.data === input.data && known.expires >= input.expiresAt) return
  work.tables.make('blobs')
  work.sql.exec(INSERT, input.id, input.expiresAt, input.data)
  work.wake(input.expiresAt)
}

/** The text kept under a name, null when there is none or it expired. */
export function getBlob(work: Work, id: string): string | null {
  return findBlob(work, id)?.data ?? null
}
