import type { Sid } from '../util/ids.ts'
import { LAST_CHARACTER, type Owner } from './owner.ts'
import type { Transaction, View } from './transaction.ts'

/** A session and the owner whose ledger holds it. */
export interface DirectoryEntry {
  readonly sid: Sid
  readonly owner: Owner
}

/** Binds a session id to an owner, unless it is bound already. Returns the owner that it is bound to. */
export function bindSession(
  { tables }: Transaction,
  { sid, owner }: DirectoryEntry,
): { readonly owner: Owner } {
  const known = tables.find('directory', sid)
  if (known === undefined) tables.insert('directory', { sid, owner })
  return { owner: known?.owner ?? owner }
}

export interface UnbindInput {
  readonly sids: readonly Sid[]
  /** The owner that asks, whose entries alone are deleted. Absent from ledgers of an older release. */
  readonly owner?: Owner
}

/** Deletes the entries of session ids. An id may be another owner's: the login that lost it left a row. */
export function unbindSessions({ tables }: Transaction, { sids, owner }: UnbindInput): null {
  const own = sids.filter((sid) => owner === undefined || tables.find('directory', sid)?.owner === owner)
  tables.delete('directory', own)
  return null
}

/**
 * Returns the entries whose session id starts with a prefix, at most 16. The prefix is a `sid`, or the part of it that
 * a `consent_request_id` shares. An empty prefix finds nothing.
 */
export function owners({ tables }: View, { prefix }: { readonly prefix: string }): readonly DirectoryEntry[] {
  if (prefix === '') return []
  return tables.select(
    'directory',
    '*',
    'WHERE sid >= ? AND sid < ? ORDER BY sid LIMIT 16',
    prefix,
    prefix + LAST_CHARACTER,
  )
}
