import type { Seconds } from '../util/clock.ts'
import { findAlive, type Transaction, type View } from './transaction.ts'

export interface BlobInput {
  readonly id: string
  readonly data: string
  readonly expiresAt: Seconds
}

/** Keeps a text under a name until it expires; what is kept long enough already costs nothing. */
export function putBlob(tx: Transaction, { id, data, expiresAt: expires }: BlobInput): null {
  const known = findAlive(tx, 'blobs', id)
  if (known === undefined || known.data !== data || known.expires < expires) {
    tx.tables.insert('blobs', { id, expires, data })
    tx.wake(expires)
  }
  return null
}

/** The text kept under a name, null when there is none or it expired. */
export function getBlob(view: View, { id }: { readonly id: string }): string | null {
  return findAlive(view, 'blobs', id)?.data ?? null
}
