import { type CryptoKey, exportJWK, generateKeyPair, importJWK, type JWK } from 'jose'
import type { SigningAlgorithm } from '../config/types.ts'
import { OAuthError } from '../errors/oauth-error.ts'
import { logLine } from '../http/log.ts'
import type { Envelopes } from './envelope.ts'
import type { SigningKeyRow } from './types.ts'

/** Modulus length of new RSA keys in bits: 0.6 ms a signature (design section 5). */
const RSA_BITS = 2048

/** Members of a JWK that may be shown: RFC 7517 section 4, RFC 7518 section 6 without the private ones. */
const PUBLIC_MEMBERS = ['kty', 'n', 'e', 'crv', 'x', 'y'] as const

/** A signing key of a set, opened. The public half comes out of the sealed private one: a row cannot smuggle in another. */
export class OpenedKey {
  readonly kid: string
  readonly alg: string
  /** Seconds since the epoch. */
  readonly createdAt: number
  /** The published form (contract 2.10). */
  readonly publicJwk: JWK
  readonly #privateJwk: JWK
  #signing: CryptoKey | undefined
  #verifying: CryptoKey | undefined

  constructor(row: SigningKeyRow, alg: string, privateJwk: JWK) {
    this.kid = row.kid
    this.alg = alg
    this.createdAt = row.createdAt
    this.publicJwk = publicPart(row.kid, alg, privateJwk)
    this.#privateJwk = privateJwk
  }

  /** The key to sign with, imported once. */
  async signing(): Promise<CryptoKey> {
    this.#signing ??= await importKey(this.#privateJwk, this.alg)
    return this.#signing
  }

  /** The key to verify with, imported once. */
  async verifying(): Promise<CryptoKey> {
    this.#verifying ??= await importKey(this.publicJwk, this.alg)
    return this.#verifying
  }
}

/** Makes a key pair for a set and seals its private half as an envelope that names set and kid. `now` in seconds. */
export async function makeSigningKey(
  envelopes: Envelopes,
  set: string,
  algorithm: SigningAlgorithm,
  now: number,
): Promise<SigningKeyRow> {
  const pair = await generateKeyPair(algorithm, { modulusLength: RSA_BITS, extractable: true })
  const jwk = await exportJWK(pair.privateKey)
  const kid = crypto.randomUUID()
  const privateSealed = await envelopes.seal('signing_key', { set, kid, alg: algorithm, jwk }, null)
  return {
    set,
    kid,
    alg: algorithm,
    publicJwk: publicPart(kid, algorithm, jwk),
    privateSealed,
    createdAt: now,
  }
}

/** Opens a row; throws `misconfiguration` when it does not open or was sealed for another set or kid: it is never replaced. */
export async function openSigningKey(envelopes: Envelopes, row: SigningKeyRow): Promise<OpenedKey> {
  const data = (await envelopes.open('signing_key', row.privateSealed))?.data
  if (isRecord(data) && data['set'] === row.set && data['kid'] === row.kid) {
    const { alg, jwk } = data
    if (typeof alg === 'string' && isJwk(jwk)) return new OpenedKey(row, alg, jwk)
  }
  logLine('signing_key.unreadable', { set: row.set, kid: row.kid })
  throw new OAuthError(
    'misconfiguration',
    `Signing key '${row.kid}' of set '${row.set}' cannot be opened: the database and SECRETS_SYSTEM do not belong together.`,
  )
}

function publicPart(kid: string, alg: string, jwk: JWK): JWK {
  const material = PUBLIC_MEMBERS.flatMap((name) =>
    jwk[name] === undefined ? [] : [[name, jwk[name]] as const],
  )
  return { use: 'sig', kid, alg, ...Object.fromEntries(material) }
}

async function importKey(jwk: JWK, alg: string): Promise<CryptoKey> {
  const key = await importJWK(jwk, alg)
  if (key instanceof Uint8Array) throw new OAuthError('server_error')
  return key
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const isJwk = (value: unknown): value is JWK => isRecord(value) && typeof value['kty'] === 'string'
