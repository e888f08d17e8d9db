import { createHash, createHmac, hkdfSync, timingSafeEqual } from 'node:crypto'

/** SHA-256 of text (as UTF-8) or bytes. Synchronous, so a ledger may use it inside a transaction. */
export function sha256(data: string | Uint8Array): Uint8Array {
  return new Uint8Array(createHash('sha256').update(data).digest())
}

/** HMAC-SHA-256 (RFC 2104) over the given parts, in order. */
export function hmacSha256(key: Uint8Array, ...parts: readonly (string | Uint8Array)[]): Uint8Array {
  const mac = createHmac('sha256', key)
  for (const part of parts) mac.update(part)
  return new Uint8Array(mac.digest())
}

/** HKDF-SHA-256 (RFC 5869) without salt: a 32-byte key for one named purpose. */
export function deriveKey(secret: Uint8Array | string, purpose: string): Uint8Array {
  return new Uint8Array(hkdfSync('sha256', secret, new Uint8Array(0), purpose, 32))
}

/** Compares two texts in time that depends on neither; lengths are hidden by hashing first. */
export function constantTimeEqual(left: string, right: string): boolean {
  return timingSafeEqual(sha256(left), sha256(right))
}
