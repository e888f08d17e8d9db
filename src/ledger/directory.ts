import type { DirectoryEntry } from './types.ts'
import type { Work } from './work.ts'

const INSERT = 'INSERT INTO directory (sid, owner) VALUES (?, ?)'

/** Sorts after every character that can follow a prefix. */
const LAST = '\u{10FFFF}'

/** Notes which owner a session id belongs to, and returns it: the first one keeps it, saying so again costs nothing. */
export function bindSession(work: Work, entry: DirectoryEntry): string {
  const known = owners(work, entry.sid).find(({ sid }) => sid === entry.sid)
  if (known !== undefined) return known.owner
  work.tables.make('directory')
  work.sql.exec(INSERT, entry.sid, entry.owner)
  return entry.owner
}

/** Forgets session ids. */
export function unbindSessions(work: Work, sids: readonly string[]): void {
  if (!work.tables.has('directory')) return
  for (const sid of sids) work.sql.exec('DELETE FROM directory WHERE sid = ?', sid)
}

/** Entries whose session id starts with the prefix; an empty prefix finds nothing. */
export function owners(work: Work, prefix: string): readonly DirectoryEntry[] {
  if (prefix === '') return []
  const query = 'SELECT sid, owner FROM directory WHERE sid >= ? AND sid < ? ORDER BY sid LIMIT 16'
  return work.tables.rows<{ sid: string; owner: string }>('directory', query, prefix, prefix + LAST)
}
