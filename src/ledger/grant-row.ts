import type { ClientId, GrantId } from '../util/ids.ts'
import { GRANT_COLUMNS, type GrantWithSession, type Row } from './schema.ts'
import { asItStands } from './standing.ts'
import type { View } from './transaction.ts'

/** A row of `grants`. */
export type GrantRow = Row<'grants'>

/**
 * Returns the row of a grant as it stands, also of a revoked one; undefined if there is none, it expired or it ended with
 * others.
 */
export function findGrant(view: View, id: GrantId): GrantWithSession | undefined {
  const row = view.tables.findGrant(id, view.now, GRANT_COLUMNS)
  return row === undefined ? undefined : asItStands(view, row)
}

/** Returns the row of a grant, also of a revoked one; undefined if it belongs to another client. */
export function findOwn(
  view: View,
  { id, clientId }: { readonly id: GrantId; readonly clientId: ClientId },
): GrantWithSession | undefined {
  const row = findGrant(view, id)
  return row?.client === clientId ? row : undefined
}
