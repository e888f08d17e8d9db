import type { MacKey } from './mac-key.ts'

/**
 * Length of a nonce in bytes. So long a nonce may be random, or derived from the content, for any number of messages.
 */
export const NONCE_BYTES = 24

const TAG_BYTES = 16

/** Every message has its own key, so GCM's 96-bit nonce may be constant (NIST SP 800-38D section 8). */
const FIXED_IV = new Uint8Array(12)

/** What a message is sealed and opened with. */
export interface AeadParameters {
  readonly key: MacKey
  /** 24 bytes, never used twice with different content. */
  readonly nonce: Uint8Array
  /** Data that is not part of the message but must be the same on opening. */
  readonly associated: Uint8Array
}

/**
 * Encrypts and authenticates with AES-256-GCM. The key of the message is HMAC-SHA-256(key, nonce).
 *
 * @returns the ciphertext, then the 16-byte tag
 */
export async function aeadSeal(parameters: AeadParameters, plain: Uint8Array): Promise<Uint8Array> {
  const key = await messageKey(parameters, 'encrypt')
  return new Uint8Array(await crypto.subtle.encrypt(gcm(parameters), key, plain))
}

/** Returns the content of a sealed message; `undefined` if it was not sealed with these parameters. */
export async function aeadOpen(parameters: AeadParameters, box: Uint8Array): Promise<Uint8Array | undefined> {
  if (box.byteLength < TAG_BYTES) return undefined
  const key = await messageKey(parameters, 'decrypt')
  try {
    return new Uint8Array(await crypto.subtle.decrypt(gcm(parameters), key, box))
  } catch {
    return undefined
  }
}

const gcm = ({ associated }: AeadParameters): SubtleCryptoEncryptAlgorithm => ({
  name: 'AES-GCM',
  iv: FIXED_IV,
  additionalData: associated,
})

async function messageKey({ key, nonce }: AeadParameters, usage: 'encrypt' | 'decrypt'): Promise<CryptoKey> {
  return crypto.subtle.importKey('raw', await key.sign(nonce), 'AES-GCM', false, [usage])
}
