import type { Sid } from '../util/ids.ts'
import type { Owner } from './owner.ts'
import type { Transaction, View } from './transaction.ts'

/** Whose a session is. */
export interface DirectoryEntry {
  readonly sid: Sid
  readonly owner: Owner
}

/** Sorts after every character that can follow a prefix. */
const LAST = '\u{10FFFF}'

/** Notes which owner a session id belongs to, and returns it: the first one keeps it, saying so again costs nothing. */
export function bindSession(
  { tables }: Transaction,
  { sid, owner }: DirectoryEntry,
): { readonly owner: Owner } {
  const known = tables.find('directory', sid)
  if (known === undefined) tables.insert('directory', { sid, owner })
  return { owner: known?.owner ?? owner }
}

/** Forgets session ids. */
export function unbindSessions({ tables }: Transaction, { sids }: { readonly sids: readonly Sid[] }): null {
  tables.delete('directory', sids)
  return null
}

/**
 * Entries whose session id starts with the prefix, 16 at most: a `sid`, or the part that a `consent_request_id` shares
 * with it. An empty prefix finds nothing.
 */
export function owners({ tables }: View, { prefix }: { readonly prefix: string }): readonly DirectoryEntry[] {
  if (prefix === '') return []
  return tables.select(
    'directory',
    '*',
    'WHERE sid >= ? AND sid < ? ORDER BY sid LIMIT 16',
    prefix,
    prefix + LAST,
  )
}
