import type { JWK } from 'jose'
import { fromBase64url } from '../util/base64url.ts'
import { isJsonObject, type Json, type JsonObject, pick } from '../util/json.ts'

/*
 * Checks JWKs that others wrote: keys of clients, registered or at their `jwks_uri`, of trusted issuers and of holders
 * of credentials. It decides whether a JWK is a public key, whether it may verify, and whether it may encrypt.
 */

/** Who wrote a key. */
export type KeyOwner = 'client' | 'issuer' | 'holder'

/** The largest number of keys that are tried for one signature or one encryption. */
export const MAX_CANDIDATES = 10

/** Length of a coordinate in bytes, by key type and curve (RFC 7518 section 6.2.1, RFC 8037 section 2). */
const CURVES: Readonly<Record<string, number>> = {
  'EC P-256': 32,
  'EC P-384': 48,
  'EC P-521': 66,
  'OKP Ed25519': 32,
  'OKP X25519': 32,
}

/** Smallest RSA modulus in bytes (RFC 7518 section 3.3). */
const MIN_RSA_BYTES = 256

/** Key types by the first two letters of a signature algorithm. */
const VERIFIERS: Readonly<Record<string, string>> = { RS: 'RSA', PS: 'RSA', ES: 'EC', Ed: 'OKP' }

/** Whether a key with this `use` may verify, by the owner of the key (RFC 7517 section 4.2). */
const VERIFYING_USE: Readonly<Record<KeyOwner, (use: Json | undefined) => boolean>> = {
  client: (use) => use === 'sig',
  issuer: (use) => (use ?? 'sig') === 'sig',
  // A holder sends the key with the signature, for that signature only.
  holder: () => true,
}

/** The values of `key_ops` that allow a key to protect another key (RFC 7517 section 4.3). */
const ENCRYPTING_OPERATIONS: readonly unknown[] = ['encrypt', 'wrapKey', 'deriveKey', 'deriveBits']

/** The public members that define a key, by its type (RFC 7518 section 6, RFC 8037 section 2). */
const MATERIAL: Readonly<Record<string, readonly string[]>> = {
  RSA: ['kty', 'n', 'e'],
  EC: ['kty', 'crv', 'x', 'y'],
  OKP: ['kty', 'crv', 'x'],
}

/** Returns the entries of a JWK Set (RFC 7517 section 5) without checking them; `undefined` if `set` is no JWK Set. */
export function keysOfSet(set: unknown): readonly Json[] | undefined {
  const keys = isJsonObject(set) ? set['keys'] : undefined
  return Array.isArray(keys) ? keys : undefined
}

/** Whether a value is a valid public JWK, neither private nor symmetric (RFC 7591 section 2). */
export function isPublicKey(key: unknown): key is JsonObject {
  if (!isJsonObject(key) || 'd' in key || 'k' in key) return false
  if (!['kty', 'crv', 'kid', 'use', 'alg'].every((name) => isTextOrAbsent(key[name]))) return false
  const { kty, n, e, crv, x, y } = key
  if (kty === 'RSA') return byteLength(n) >= MIN_RSA_BYTES && byteLength(e) > 0
  const size = CURVES[`${kty} ${crv}`]
  return byteLength(x) === size && (kty === 'OKP' || byteLength(y) === size)
}

/** Whether a public key may verify signatures: its type can, and its `use` allows it. */
export const mayVerify = ({ crv, use }: JsonObject, owner: KeyOwner): boolean =>
  crv !== 'X25519' && VERIFYING_USE[owner](use)

/** Whether a key may have made a signature with this algorithm and this `kid`; an `undefined` `kid` fits every key. */
export const fitsSignature = (key: JsonObject, alg: string, kid: string | undefined): boolean =>
  key['kty'] === VERIFIERS[alg.slice(0, 2)] &&
  key['kid'] === (kid ?? key['kid']) &&
  (key['alg'] ?? alg) === alg

/** Whether a public key may encrypt with a key management algorithm (RFC 7518 section 4.1). */
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

/** Returns only the members that define a key. Other members that its owner wrote have no effect when it is used. */
export const materialOf = (key: JsonObject): JWK =>
  JSON.parse(JSON.stringify(key, [...(MATERIAL[String(key['kty'])] ?? [])]))

/** Returns the members of a key that are stored: those that define it, `kid`, `use` and `alg`, in their given order. */
export function publicMembers(key: JsonObject): JsonObject {
  const kept = ['kid', 'use', 'alg', ...(MATERIAL[String(key['kty'])] ?? [])]
  return pick(key, (name) => kept.includes(name))
}

const isTextOrAbsent = (value: Json | undefined): boolean => value === undefined || typeof value === 'string'

function byteLength(value: Json | undefined): number {
  return typeof value === 'string' ? (fromBase64url(value)?.byteLength ?? -1) : -1
}
