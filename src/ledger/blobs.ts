import type { Seconds } from '../util/clock.ts'
import { findAlive, type Transaction, type View } from './transaction.ts'

export interface BlobInput {
  /** The name that the text is stored under. */
  readonly id: string
  /** The text to store. */
  readonly data: string
  readonly expiresAt: Seconds
}

/** Stores a text under an id until it expires. Writes nothing if the same text is already stored for long enough. */
export function putBlob(tx: Transaction, { id, data, expiresAt: expires }: BlobInput): null {
  const known = findAlive(tx, 'blobs', id)
  if (known === undefined || known.data !== data || known.expires < expires) {
    tx.tables.insert('blobs', { id, expires, data })
    tx.wake(expires)
  }
  return null
}

/** Returns the text stored under an id; null if there is none or it expired. */
export function getBlob(view: View, { id }: { readonly id: string }): string | null {
  return findAlive(view, 'blobs', id)?.data ?? null
}
