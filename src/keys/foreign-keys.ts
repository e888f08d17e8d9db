import type { JWK } from 'jose'
import { fromBase64url } from '../util/base64url.ts'
import { isJsonObject, type Json, type JsonObject, pick } from '../util/json.ts'

/**
 * The one reader of JWKs that others wrote: those of clients, registered or at their `jwks_uri`, of trusted issuers and
 * of holders of credentials. Of each it says whether it is a public key, whether it may verify, and whether it may encrypt.
 */

/** Whose key it is. */
export type KeyOwner = 'client' | 'issuer' | 'holder'

/** Keys that one signature, or one encryption, is tried with at most. */
export const MAX_CANDIDATES = 10

/** Bytes of a coordinate, by key type and curve (RFC 7518 section 6.2.1, RFC 8037 section 2). */
const CURVES: Readonly<Record<string, number>> = {
  'EC P-256': 32,
  'EC P-384': 48,
  'EC P-521': 66,
  'OKP Ed25519': 32,
  'OKP X25519': 32,
}

/** Smallest RSA modulus in bytes (RFC 7518 section 3.3). */
const MIN_RSA_BYTES = 256

/** Key types of signature algorithms, by how these begin. */
const VERIFIERS: Readonly<Record<string, string>> = { RS: 'RSA', PS: 'RSA', ES: 'EC', Ed: 'OKP' }

/** Whether a key of that owner may verify, by the `use` it names, if any (RFC 7517 section 4.2). */
const VERIFYING_USE: Readonly<Record<KeyOwner, (use: Json | undefined) => boolean>> = {
  client: (use) => use === 'sig',
  issuer: (use) => (use ?? 'sig') === 'sig',
  // It came with the signature it is to verify, and for nothing else.
  holder: () => true,
}

/** Uses under which a key may protect another (RFC 7517 section 4.3). */
const ENCRYPTING_OPERATIONS: readonly unknown[] = ['encrypt', 'wrapKey', 'deriveKey', 'deriveBits']

/** What makes a key up, by its type (RFC 7518 section 6, RFC 8037 section 2). */
const MATERIAL: Readonly<Record<string, readonly string[]>> = {
  RSA: ['kty', 'n', 'e'],
  EC: ['kty', 'crv', 'x', 'y'],
  OKP: ['kty', 'crv', 'x'],
}

/** The entries of a JWK set (RFC 7517 section 5), whatever they are; `undefined` for what is no set. */
export function keysOfSet(set: unknown): readonly Json[] | undefined {
  const keys = isJsonObject(set) ? set['keys'] : undefined
  return Array.isArray(keys) ? keys : undefined
}

/** Whether it is a valid public JWK (RFC 7591 section 2): a private or symmetric one has no business here. */
export function isPublicKey(key: unknown): key is JsonObject {
  if (!isJsonObject(key) || 'd' in key || 'k' in key) return false
  if (!['kty', 'crv', 'kid', 'use', 'alg'].every((name) => isTextOrAbsent(key[name]))) return false
  const { kty, n, e, crv, x, y } = key
  if (kty === 'RSA') return byteLength(n) >= MIN_RSA_BYTES && byteLength(e) > 0
  const size = CURVES[`${kty} ${crv}`]
  return byteLength(x) === size && (kty === 'OKP' || byteLength(y) === size)
}

/** Whether a public key of that owner may verify signatures: it is of a kind that can, and says of itself no other use. */
export const mayVerify = ({ crv, use }: JsonObject, owner: KeyOwner): boolean =>
  crv !== 'X25519' && VERIFYING_USE[owner](use)

/** Whether a key may have made a signature of that algorithm, under the `kid` the signature names, if it names one. */
export const fitsSignature = (key: JsonObject, alg: string, kid: string | undefined): boolean =>
  key['kty'] === VERIFIERS[alg.slice(0, 2)] &&
  key['kid'] === (kid ?? key['kid']) &&
  (key['alg'] ?? alg) === alg

/** Whether a public key may be encrypted to with that key management algorithm (RFC 7518 section 4.1). */
export function mayEncrypt(
  { use = 'enc', key_ops: operations = [], alg = '', kty, crv }: JsonObject,
  wanted: string,
): boolean {
  const allowed = [operations].flat()
  return (
    use === 'enc' &&
    (allowed.length === 0 || allowed.some((name) => ENCRYPTING_OPERATIONS.includes(name))) &&
    (alg === '' || alg === wanted) &&
    (kty === 'RSA') === wanted.startsWith('RSA') &&
    crv !== 'Ed25519'
  )
}

/** What makes a key up: of a key that others wrote nothing else counts where it is used. */
export const materialOf = (key: JsonObject): JWK =>
  JSON.parse(JSON.stringify(key, [...(MATERIAL[String(key['kty'])] ?? [])]))

/** What is kept of a key: what makes it up, and how it may be used; in the order in which it was written. */
export function publicMembers(key: JsonObject): JsonObject {
  const kept = ['kid', 'use', 'alg', ...(MATERIAL[String(key['kty'])] ?? [])]
  return pick(key, (name) => kept.includes(name))
}

const isTextOrAbsent = (value: Json | undefined): boolean => value === undefined || typeof value === 'string'

function byteLength(value: Json | undefined): number {
  return typeof value === 'string' ? (fromBase64url(value)?.byteLength ?? -1) : -1
}
