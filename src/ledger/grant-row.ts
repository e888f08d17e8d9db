import type { ClientId, GrantId } from '../util/ids.ts'
import type { Row } from './schema.ts'
import { asItStands } from './standing.ts'
import { findAlive, type View } from './transaction.ts'

/** A row of `grants`. */
export type GrantRow = Row<'grants'>

/**
 * Returns the row of a grant as it stands, also of a revoked one; undefined if there is none, it expired or it ended with
 * others.
 */
export function findGrant(view: View, id: GrantId): GrantRow | undefined {
  const row = findAlive(view, 'grants', id)
  return row === undefined ? undefined : asItStands(view, row)
}

/** Returns the row of a grant, also of a revoked one; undefined if it belongs to another client. */
export function findOwn(
  view: View,
  { id, clientId }: { readonly id: GrantId; readonly clientId: ClientId },
): GrantRow | undefined {
  const row = findGrant(view, id)
  return row?.client === clientId ? row : undefined
}
