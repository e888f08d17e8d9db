import { createHash, createHmac, hkdfSync, timingSafeEqual } from 'node:crypto'

/** Returns the SHA-256 of a text (as UTF-8) or bytes. Synchronous, so a ledger may use it inside a transaction. */
export function sha256(data: string | Uint8Array): Uint8Array {
  // The runtime's `hash` takes twice the time.
  return new Uint8Array(createHash('sha256').update(data).digest())
}

/** Returns the HMAC-SHA-256 (RFC 2104) of the concatenated parts. */
export function hmacSha256(key: Uint8Array, ...parts: readonly (string | Uint8Array)[]): Uint8Array {
  const mac = createHmac('sha256', key)
  for (const part of parts) mac.update(part)
  return new Uint8Array(mac.digest())
}

/** Derives a 32-byte key for a purpose: HKDF-SHA-256 (RFC 5869) without salt. */
export function deriveKey(secret: Uint8Array | string, purpose: string): Uint8Array {
  return new Uint8Array(hkdfSync('sha256', secret, new Uint8Array(0), purpose, 32))
}

/**
 * Compares two texts or byte strings in a time that does not depend on where they differ. It does not hide that their
 * lengths do: what is compared is a digest or a MAC, whose length is known, or what one caller gave twice.
 */
export function constantTimeEqual(left: string | Uint8Array, right: string | Uint8Array): boolean {
  const [one, other] = [bytesOf(left), bytesOf(right)]
  return one.byteLength === other.byteLength && timingSafeEqual(one, other)
}

const encoder = new TextEncoder()
const bytesOf = (data: string | Uint8Array): Uint8Array =>
  typeof data === 'string' ? encoder.encode(data) : data
