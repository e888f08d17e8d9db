import type { Transaction } from './transaction.ts'
import type { DirectoryEntry } from './types.ts'

type DirectoryRow = { readonly sid: string; readonly owner: string }

/** Sorts after every character that can follow a prefix. */
const LAST = '\u{10FFFF}'

/** Notes which owner a session id belongs to, and returns it: the first one keeps it, saying so again costs nothing. */
export function bindSession(
  { tables }: Transaction,
  { sid, owner }: DirectoryEntry,
): { readonly owner: string } {
  const known = tables.find<DirectoryRow>('directory', sid)
  if (known === undefined) tables.insert('directory', { sid, owner })
  return { owner: known?.owner ?? owner }
}

/** Forgets session ids. */
export function unbindSessions(
  { tables }: Transaction,
  { sids }: { readonly sids: readonly string[] },
): null {
  tables.delete('directory', sids)
  return null
}

/** Entries whose session id starts with the prefix; an empty prefix finds nothing. */
export function owners(
  { tables }: Transaction,
  { prefix }: { readonly prefix: string },
): readonly DirectoryEntry[] {
  if (prefix === '') return []
  const query = 'SELECT * FROM directory WHERE sid >= ? AND sid < ? ORDER BY sid LIMIT 16'
  return tables.rows<DirectoryRow>('directory', query, prefix, prefix + LAST)
}
