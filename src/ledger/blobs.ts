import { findAlive, type Transaction } from './transaction.ts'
import type { BlobInput } from './types.ts'

type BlobRow = { readonly data: string; readonly expires: number }

const findBlob = (tx: Transaction, id: string): BlobRow | undefined => findAlive<BlobRow>(tx, 'blobs', id)

/** Keeps a text under a name until it expires; what is kept long enough already costs nothing. */
export function putBlob(tx: Transaction, { id, data, expiresAt: expires }: BlobInput): null {
  const known = findBlob(tx, id)
  if (known === undefined || known.data !== data || known.expires < expires) {
    tx.tables.insert('blobs', { id, expires, data })
    tx.wake(expires)
  }
  return null
}

/** The text kept under a name, null when there is none or it expired. */
export function getBlob(tx: Transaction, { id }: { readonly id: string }): string | null {
  return findBlob(tx, id)?.data ?? null
}
