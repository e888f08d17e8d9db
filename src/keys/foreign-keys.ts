import type { JWK } from 'jose'
import { fromBase64url } from '../util/base64url.ts'
import { isJsonObject, type Json, type JsonObject, pick } from '../util/json.ts'

/*
 * Reads JWKs that others wrote: keys of clients, registered or at their `jwks_uri`, of trusted issuers and of holders of
 * credentials. One rule holds for all: a key is unfit only if its type, `use`, `key_ops` or `alg` says so. What we do not
 * know is passed over (RFC 7517 section 5), and certificates (`x5c`, `x5t`, `x5u`) are not looked at.
 */

/**
 * The largest number of keys that are tried for one signature or one encryption: 32, chosen by `kid`, then by algorithm,
 * type and curve. A key set without `kid` may have more keys than are tried.
 */
export const MAX_CANDIDATES = 32

/** Length of a coordinate in bytes, by key type and curve (RFC 7518 section 6.2.1, RFC 8037 section 2). */
const CURVES: Readonly<Record<string, number>> = {
  'EC P-256': 32,
  'EC P-384': 48,
  'EC P-521': 66,
  'OKP Ed25519': 32,
  'OKP X25519': 32,
}

/**
 * Length of an RSA modulus in bytes: the least by RFC 7518 section 3.3, and 8192 bits at most, which some write with a zero
 * before it. With larger ones a signature that fits none of a client's keys would take a tenth of a second.
 */
const RSA_BYTES = { min: 256, max: 1025 } as const

/** Longest RSA exponent in bytes. */
const MAX_EXPONENT_BYTES = 8

/** The members of private keys (RFC 7518 sections 6.2.2, 6.3.2 and 6.4.1), those of ML-DSA too. */
const PRIVATE = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k', 'priv']

/** Key type and curve by a signature algorithm, or its family (RFC 7518 section 3.1, RFC 8037, RFC 9864). */
const SIGNERS: Readonly<Record<string, string>> = {
  RS: 'RSA',
  PS: 'RSA',
  ES256: 'EC P-256',
  ES384: 'EC P-384',
  ES512: 'EC P-521',
  EdDSA: 'OKP Ed25519',
  Ed25519: 'OKP Ed25519',
}

/** The values of `key_ops` that allow a key to protect another key (RFC 7517 section 4.3). */
const ENCRYPTING_OPERATIONS: readonly Json[] = ['encrypt', 'wrapKey', 'deriveKey', 'deriveBits']

/** The public members that define a key, by its type (RFC 7518 section 6, RFC 8037 section 2). */
const MATERIAL: Readonly<Record<string, readonly string[]>> = {
  RSA: ['kty', 'n', 'e'],
  EC: ['kty', 'crv', 'x', 'y'],
  OKP: ['kty', 'crv', 'x'],
}

/** The members that every JWK has in Hydra's schema, while RFC 7517 section 4 leaves them optional. */
export const KEY_LABELS = ['kid', 'use', 'alg'] as const

/** Returns the entries of a JWK Set (RFC 7517 section 5) without checking them; `undefined` if `set` is no JWK Set. */
export function keysOfSet(set: unknown): readonly Json[] | undefined {
  const keys = isJsonObject(set) ? set['keys'] : undefined
  return Array.isArray(keys) ? keys : undefined
}

/** Whether an entry of a JWK Set holds private parts. A symmetric key, which has no public half, does not count. */
export const isPrivateKey = (key: Json): boolean =>
  isJsonObject(key) && key['kty'] !== 'oct' && PRIVATE.some((name) => name in key)

/** Whether a value is a valid public JWK of a kind that is known here, neither private nor symmetric. */
export const isPublicKey = (key: unknown): key is JsonObject => keyProblem(key) === undefined

/** Why a value is no public JWK that can be used, as words that follow its name; `undefined` if it is one. */
export function keyProblem(key: unknown): string | undefined {
  if (!isJsonObject(key)) return 'is no JWK'
  const { kty, n, e, crv, x, y } = key
  const secret = PRIVATE.find((name) => name in key)
  if (secret !== undefined) return `is not public: it has '${secret}'`
  const odd = TEXTS.find((name) => !isTextOrAbsent(key[name]))
  if (odd !== undefined) return `has a '${odd}' that is no string`
  const kind = kty === 'RSA' ? 'RSA' : [kty ?? [], crv ?? []].flat().join(' ')
  const size = CURVES[kind]
  if (kind !== 'RSA' && size === undefined)
    return `has the unknown type '${kind}': known are RSA, ${Object.keys(CURVES).join(', ')}`
  if (kty === 'RSA') {
    const isValid =
      isWithin(byteLength(n), RSA_BYTES) && isWithin(byteLength(e), { min: 1, max: MAX_EXPONENT_BYTES })
    return isValid ? undefined : "must have 'n' of 2048 to 8192 bits and 'e' of at most 64, in base64url"
  }
  const isValid = byteLength(x) === size && (kty === 'OKP' || byteLength(y) === size)
  return isValid ? undefined : `must have coordinates of ${size} bytes, in base64url`
}

/** Whether a public key may verify signatures: its curve can, and its `use` and `key_ops` allow it. */
export const mayVerify = ({ crv, use = 'sig', key_ops: operations }: JsonObject): boolean =>
  crv !== 'X25519' && use === 'sig' && allows(operations, ['verify'])

/** Whether a key may have made a signature with this algorithm, by its type, curve and `alg`. */
export const fitsSignature = ({ kty, crv, alg }: JsonObject, wanted: string): boolean => {
  const kind = kty === 'RSA' ? 'RSA' : `${kty} ${crv}`
  return kind === (SIGNERS[wanted] ?? SIGNERS[wanted.slice(0, 2)]) && isSameAlgorithm(alg ?? wanted, wanted)
}

/** Whether two names are of one algorithm: `EdDSA` with the only curve that is known here is `Ed25519` (RFC 9864). */
export const isSameAlgorithm = (one: Json, other: Json): boolean => nameOf(one) === nameOf(other)

const nameOf = (alg: Json): Json => (alg === 'Ed25519' ? 'EdDSA' : alg)

/** Whether `key_ops` allows one of these operations. Without any it allows all (RFC 7517 section 4.3). */
function allows(operations: Json = [], wanted: readonly Json[]): boolean {
  const allowed = [operations].flat()
  return allowed.length === 0 || allowed.some((name) => wanted.includes(name))
}

/** Whether a public key may encrypt with a key management algorithm (RFC 7518 section 4.1). */
export function mayEncrypt(
  { use = 'enc', key_ops: operations, alg = '', kty, crv }: JsonObject,
  wanted: string,
): boolean {
  return (
    use === 'enc' &&
    allows(operations, ENCRYPTING_OPERATIONS) &&
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

/** The members that are text in every key (RFC 7517 section 4). */
const TEXTS = ['kty', 'crv', 'kid', 'use', 'alg']

const isTextOrAbsent = (value: Json | undefined): boolean => value === undefined || typeof value === 'string'

const isWithin = (length: number, { min, max }: { readonly min: number; readonly max: number }): boolean =>
  length >= min && length <= max

function byteLength(value: Json | undefined): number {
  return typeof value === 'string' ? (fromBase64url(value)?.byteLength ?? -1) : -1
}
