import { Buffer } from 'node:buffer'
import { createCipheriv, createDecipheriv } from 'node:crypto'
import { hmacSha256 } from '../util/digest.ts'

/** Bytes of a nonce: long enough to be drawn at random, or made from the content, as often as one likes. */
export const NONCE_BYTES = 24

const TAG_BYTES = 16
const ALGORITHM = 'aes-256-gcm'

/** Every message has a key of its own, so GCM's 96-bit nonce never has to differ (NIST SP 800-38D section 8). */
const FIXED_IV = new Uint8Array(12)

/** What a message is sealed with. */
export interface AeadParameters {
  /** 32 bytes. */
  readonly key: Uint8Array
  /** 24 bytes, never twice with different content. */
  readonly nonce: Uint8Array
  /** Data that is not inside but must be the same on opening. */
  readonly associated: Uint8Array
}

/**
 * Authenticated encryption: AES-256-GCM under HMAC-SHA-256(key, nonce), the key of this one message. The runtime's
 * own implementation, and synchronous, so a ledger may use it too.
 *
 * @returns ciphertext, then the 16-byte tag
 */
export function aeadSeal({ key, nonce, associated }: AeadParameters, plain: Uint8Array): Uint8Array {
  const cipher = createCipheriv(ALGORITHM, hmacSha256(key, nonce), FIXED_IV).setAAD(associated)
  const parts = [cipher.update(plain), cipher.final(), cipher.getAuthTag()]
  return new Uint8Array(Buffer.concat(parts))
}

/** The content of a sealed message; `undefined` for one that was not sealed with these parameters. */
export function aeadOpen(
  { key, nonce, associated }: AeadParameters,
  box: Uint8Array,
): Uint8Array | undefined {
  if (box.byteLength < TAG_BYTES) return undefined
  const end = box.byteLength - TAG_BYTES
  const cipher = createDecipheriv(ALGORITHM, hmacSha256(key, nonce), FIXED_IV)
    .setAAD(associated)
    .setAuthTag(box.subarray(end))
  try {
    return new Uint8Array(Buffer.concat([cipher.update(box.subarray(0, end)), cipher.final()]))
  } catch {
    return undefined
  }
}
