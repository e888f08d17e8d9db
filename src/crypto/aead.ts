import { Buffer } from 'node:buffer'
import { createCipheriv, createDecipheriv } from 'node:crypto'
import { hmacSha256 } from '../util/digest.ts'

/**
 * Length of a nonce in bytes. So long a nonce may be random, or derived from the content, for any number of messages.
 */
export const NONCE_BYTES = 24

const TAG_BYTES = 16
const ALGORITHM = 'aes-256-gcm'

/** Every message has its own key, so GCM's 96-bit nonce may be constant (NIST SP 800-38D section 8). */
const FIXED_IV = new Uint8Array(12)

/** What a message is sealed and opened with. */
export interface AeadParameters {
  /** 32 bytes. */
  readonly key: Uint8Array
  /** 24 bytes, never used twice with different content. */
  readonly nonce: Uint8Array
  /** Data that is not part of the message but must be the same on opening. */
  readonly associated: Uint8Array
}

/**
 * Encrypts and authenticates with AES-256-GCM. The key of the message is HMAC-SHA-256(key, nonce). Synchronous, so a
 * ledger may use it too.
 *
 * @returns the ciphertext, then the 16-byte tag
 */
export function aeadSeal({ key, nonce, associated }: AeadParameters, plain: Uint8Array): Uint8Array {
  const cipher = createCipheriv(ALGORITHM, hmacSha256(key, nonce), FIXED_IV).setAAD(associated)
  const parts = [cipher.update(plain), cipher.final(), cipher.getAuthTag()]
  return new Uint8Array(Buffer.concat(parts))
}

/** Returns the content of a sealed message; `undefined` if it was not sealed with these parameters. */
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
