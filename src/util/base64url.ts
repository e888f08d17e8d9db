import { Buffer } from 'node:buffer'

const ALPHABET = /^[A-Za-z0-9_-]+$/

/** The last characters whose unused bits are zero, by how many characters follow the groups of four. */
const ENDINGS: readonly (string | undefined)[] = [undefined, '', 'AQgw', 'AEIMQUYcgkosw048']

/** Encodes bytes as unpadded base64url (RFC 4648 section 5). */
export function toBase64url(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64url')
}

/**
 * Decodes unpadded base64url strictly. Returns `undefined` for other characters and non-canonical endings, so two
 * different texts never give the same bytes (RFC 4648 section 3.5).
 */
export function fromBase64url(text: string): Uint8Array | undefined {
  if (!ALPHABET.test(text)) return undefined
  const endings = ENDINGS[text.length % 4]
  if (endings !== undefined && !endings.includes(text.charAt(text.length - 1))) return undefined
  return new Uint8Array(Buffer.from(text, 'base64url'))
}

/** Returns this many random bytes as base64url. */
export const randomText = (bytes: number): string =>
  toBase64url(crypto.getRandomValues(new Uint8Array(bytes)))
