import type { EnvelopeKind, Opened } from '../crypto/types.ts'
import { ownerOf } from '../ledger/owner.ts'
import type { Runtime } from '../runtime.ts'
import { toBase64url } from '../util/base64url.ts'
import { sha256 } from '../util/digest.ts'

/** Largest flow state, in bytes of JSON, that travels in the URL: keeps every redirect under 2,000 characters. */
const MAX_INLINE_BYTES = 1100

/** How much longer than its flow such state is kept, in seconds: an expired flow must still name its request. */
const KEEP_SECONDS = 24 * 3600

/**
 * Seals flow state for a URL. State that is too large (a consent app's `context` and `session` may have 64 KB)
 * is left in a ledger of its own, and only its digest travels (design section 5). `data` must be an array.
 */
export async function sealFlow(
  rt: Runtime,
  kind: EnvelopeKind,
  data: readonly unknown[],
  expiresAt: number,
): Promise<string> {
  const text = JSON.stringify(data)
  const bytes = new TextEncoder().encode(text)
  if (bytes.byteLength <= MAX_INLINE_BYTES) return rt.envelopes.seal(kind, data, expiresAt)
  const id = toBase64url(sha256(bytes))
  await rt.ledgers.call(ownerOf('flow', id), 'putBlob', {
    id,
    data: text,
    expiresAt: expiresAt + KEEP_SECONDS,
  })
  return rt.envelopes.seal(kind, id, expiresAt)
}

/** Opens flow state; `undefined` for anything that was not sealed here as this kind, decided without storage. */
export async function openFlow(rt: Runtime, kind: EnvelopeKind, text: string): Promise<Opened | undefined> {
  const opened = await rt.envelopes.open(kind, text)
  if (opened === undefined || typeof opened.data !== 'string') return opened
  const blob = await rt.ledgers.call(ownerOf('flow', opened.data), 'getBlob', { id: opened.data })
  return blob === null ? undefined : { expiresAt: opened.expiresAt, data: JSON.parse(blob) }
}
