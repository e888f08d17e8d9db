import { CompactSign, calculateJwkThumbprint, compactVerify, type JWK } from 'jose'
import * as v from 'valibot'
import { OAuthError } from '../errors/oauth-error.ts'
import { fromBase64url } from '../util/base64url.ts'
import { isJsonObject } from '../util/json.ts'
import { matching, name } from '../util/schema.ts'

/** The signature algorithms that keys may have (RFC 7518 section 3.1, RFC 8037; contract 1.4.6). */
export const KEY_ALGORITHMS = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
] as const

export type KeyAlgorithm = (typeof KEY_ALGORITHMS)[number]

/** Whether a key may have this algorithm. */
export const isKeyAlgorithm = (alg: string): alg is KeyAlgorithm =>
  KEY_ALGORITHMS.some((known) => known === alg)

/** A key, private or public. */
export interface KeyMaterial {
  readonly kid: string
  readonly alg: string
  readonly use: string
  /** The key itself without `kid`, `alg` and `use`, with its private members if it has any. */
  readonly jwk: JWK
}

/** The members of a JWK that may be shown: RFC 7517 section 4, RFC 7518 section 6 without the private ones. */
const PUBLIC_MEMBERS: ReadonlySet<string> = new Set(['kty', 'n', 'e', 'crv', 'x', 'y', 'x5c'])

/** Longest key in characters of JSON. So long a key still fits into an envelope. */
const MAX_KEY_LENGTH = 10_000

/** Length of an RSA modulus in bytes: the least by RFC 7518 section 3.3, the most that still verifies fast. */
const RSA_BYTES = { min: 256, max: 1024 } as const

const bytes = v.nullish(matching(/^[\w-]+$/))

const format = v.object({
  kid: v.nullish(v.union([name, v.picklist([''])]), ''),
  use: v.nullish(v.picklist(['sig', 'enc']), 'sig'),
  alg: v.nullish(v.picklist(KEY_ALGORITHMS)),
  kty: v.picklist(['RSA', 'EC', 'OKP']),
  crv: v.nullish(v.string()),
  ...{
    n: bytes,
    e: bytes,
    x: bytes,
    y: bytes,
    d: bytes,
    p: bytes,
    q: bytes,
    dp: bytes,
    dq: bytes,
    qi: bytes,
  },
  x5c: v.nullish(v.array(matching(/^[A-Za-z0-9+/]+=*$/))),
})

/** The algorithm of a key that names none, by its curve or type. */
const DEFAULT_ALGORITHM: Readonly<Record<string, KeyAlgorithm>> = {
  RSA: 'RS256',
  'P-256': 'ES256',
  'P-384': 'ES384',
  'P-521': 'ES512',
  Ed25519: 'EdDSA',
}

/** The curve of an ECDSA algorithm (RFC 7518 section 3.4). */
const CURVES: Readonly<Record<string, string>> = { ES256: 'P-256', ES384: 'P-384', ES512: 'P-521' }

const RSA_EXPONENT = Uint8Array.of(1, 0, 1)

/** Makes a key pair. `modulusLength` is in bits, for RSA only. */
export async function generateKey(
  alg: KeyAlgorithm,
  modulusLength: number,
  { kid = crypto.randomUUID(), use = 'sig' }: { readonly kid?: string; readonly use?: string } = {},
): Promise<KeyMaterial> {
  const parameters = { ...parametersOf(alg), modulusLength, publicExponent: RSA_EXPONENT }
  const pair = await crypto.subtle.generateKey(parameters, true, ['sign', 'verify'])
  if (!('privateKey' in pair)) throw unusable()
  return readKey({ ...(await crypto.subtle.exportKey('jwk', pair.privateKey)), kid, alg, use })
}

/**
 * Reads a public or private key from a JWK (RFC 7517). Unknown members are dropped. A key without `kid` is named by its
 * thumbprint (RFC 7638), so that it can be asked for.
 * Throws `malformed_body` for a key that is symmetric, unusable or too long, or whose halves do not belong together.
 */
export async function readKey(given: unknown): Promise<KeyMaterial> {
  const lack = lackOf(given)
  if (lack !== undefined) throw unusable(lack)
  const parsed = v.safeParse(format, given)
  if (!parsed.success || JSON.stringify(parsed.output).length > MAX_KEY_LENGTH) throw unusable()
  const { kid, use, alg: named, ...members } = parsed.output
  const present = Object.entries(members).filter(([, value]) => value !== undefined && value !== null)
  const jwk: JWK = Object.fromEntries(present)
  const alg = named ?? DEFAULT_ALGORITHM[members.crv ?? members.kty]
  if (alg === undefined) throw unusable()
  const key = { kid: kid || (await calculateJwkThumbprint(jwk).catch(() => '')), alg, use, jwk }
  if (!(await isUsable(key).catch(() => false))) throw unusable()
  return key
}

/** Returns the public half of a key (contract 2.10). */
export function publicPart({ kid, alg, use, jwk }: KeyMaterial): JWK {
  const material = Object.entries(jwk).filter(([name]) => PUBLIC_MEMBERS.has(name))
  return { use, kid, alg, ...Object.fromEntries(material) }
}

/** Checks a key by signing and verifying. An import alone checks neither the size of a key nor that its halves fit. */
async function isUsable(key: KeyMaterial): Promise<boolean> {
  const { alg, jwk } = key
  if (jwk.kty === 'RSA') {
    const size = fromBase64url(jwk.n ?? '')?.byteLength ?? 0
    if (size < RSA_BYTES.min || size > RSA_BYTES.max) return false
  }
  const { alg: _alg, use: _use, ...verifying } = { ...publicPart(key), kty: jwk.kty ?? '' }
  await crypto.subtle.importKey('jwk', verifying, parametersOf(alg), true, ['verify'])
  if (jwk.d === undefined) return true
  const signed = await new CompactSign(new Uint8Array(1)).setProtectedHeader({ alg }).sign(jwk)
  await compactVerify(signed, verifying)
  return true
}

/**
 * Returns the Web Crypto parameters of an algorithm, to make or import a key and to sign (RFC 7518 section 3.1, RFC 8037).
 */
export function parametersOf(alg: string): {
  readonly name: string
  readonly hash?: string
  readonly namedCurve?: string
  readonly saltLength?: number
} {
  if (alg === 'EdDSA') return { name: 'Ed25519' }
  const hash = `SHA-${alg.slice(2)}`
  const namedCurve = CURVES[alg]
  if (namedCurve !== undefined) return { name: 'ECDSA', namedCurve, hash }
  // The salt is as long as the digest (RFC 7518 section 3.5).
  if (alg.startsWith('PS')) return { name: 'RSA-PSS', hash, saltLength: Number(alg.slice(2)) / 8 }
  return { name: 'RSASSA-PKCS1-v1_5', hash }
}

const unusable = (problem = usable()): OAuthError =>
  new OAuthError('malformed_body', 'key_unusable', { problem })

const usable = (): string =>
  `must be a valid JWK of type RSA (2048 to 8192 bits), EC or OKP, with a usable 'kid' if any, for ${KEY_ALGORITHMS.join(', ')}`

/** The members that a key of each type needs (RFC 7518 section 6, RFC 8037 section 2). */
const needed = (): ReadonlyMap<unknown, readonly string[]> =>
  new Map([
    ['RSA', ['n', 'e']],
    ['EC', ['crv', 'x', 'y']],
    ['OKP', ['crv', 'x']],
  ])

/** Says what an object lacks to be a key; `undefined` if it is something else or whole. */
function lackOf(given: unknown): string | undefined {
  if (!isJsonObject(given)) return undefined
  const isLacking = (name: string): boolean => given[name] === undefined || given[name] === null
  if (isLacking('kty')) return "needs 'kty', which is RSA, EC or OKP"
  const { kty } = given
  const lacking = (needed().get(kty) ?? []).filter(isLacking).map((name) => `'${name}'`)
  const [last] = lacking.splice(-1)
  if (last === undefined) return undefined
  return `needs ${lacking.length === 0 ? last : `${lacking.join(', ')} and ${last}`}: its type is ${kty}`
}
