import type { BlobInput } from './types.ts'
import { findAlive, type Work } from './work.ts'

type BlobRow = { readonly data: string; readonly expires: number }

const findBlob = (work: Work, id: string): BlobRow | undefined => findAlive<BlobRow>(work, 'blobs', id)

/** Keeps a text under a name until it expires; what is kept long enough already costs nothing. */
export function putBlob(work: Work, { id, data, expiresAt: expires }: BlobInput): null {
  const known = findBlob(work, id)
  if (known === undefined || known.data !== data || known.expires < expires) {
    work.tables.insert('blobs', { id, expires, data })
    work.wake(expires)
  }
  return null
}

/** The text kept under a name, null when there is none or it expired. */
export function getBlob(work: Work, { id }: { readonly id: string }): string | null {
  return findBlob(work, id)?.data ?? null
}
