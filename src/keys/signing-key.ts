import type { JWK } from 'jose'
import type { SigningAlgorithm } from '../config/types.ts'
import type { Envelopes } from '../crypto/envelope.ts'
import type { SigningKey, SigningKeyRow } from '../crypto/types.ts'
import { OAuthError } from '../errors/oauth-error.ts'
import { logLine } from '../http/log.ts'
import { isJsonObject } from '../util/json.ts'
import { generateKey, type KeyMaterial, publicPart } from './material.ts'

/** Modulus length in bits of RSA keys that are made on first use. A signature takes 0.6 ms (design section 5). */
export const RSA_BITS = 2048

/** An opened key of a set. `key` has the private members, if there are any: it signs, and it is what is exported. */
export interface OpenedKey extends SigningKey {
  /** Seconds since the epoch. */
  readonly createdAt: number
  /** The published form (contract 2.10). */
  readonly publicJwk: JWK
  /** Whether the key may sign: it has a private half and is not for encryption. */
  readonly signs: boolean
}

/** Returns the opened form of a key. Its public half is taken from the sealed key, so a changed row has no effect. */
export function openedKey(material: KeyMaterial, createdAt: number): OpenedKey {
  const { kid, alg, use, jwk } = material
  const publicJwk = publicPart(material)
  const signs = use === 'sig' && jwk.d !== undefined
  return { kid, alg, createdAt, publicJwk, signs, key: { ...publicJwk, ...jwk } }
}

/** Seals a key in an envelope that names its set and kid. `now` in seconds since the epoch. */
export async function sealKey(
  envelopes: Envelopes,
  set: string,
  key: KeyMaterial,
  now: number,
): Promise<SigningKeyRow> {
  const { kid, alg } = key
  const privateSealed = await envelopes.seal('signing_key', { set, ...key }, null)
  return { set, kid, alg, publicJwk: publicPart(key), privateSealed, createdAt: now }
}

/** Makes a key pair for a set and seals it. `now` in seconds since the epoch. */
export async function makeSigningKey(
  envelopes: Envelopes,
  set: string,
  algorithm: SigningAlgorithm,
  now: number,
): Promise<SigningKeyRow> {
  return sealKey(envelopes, set, await generateKey(algorithm, RSA_BITS), now)
}

/** Opens a row. Throws `misconfiguration` if it does not open, or was sealed for another set or kid. */
export async function openSigningKey(envelopes: Envelopes, row: SigningKeyRow): Promise<OpenedKey> {
  const data = (await envelopes.open('signing_key', row.privateSealed))?.data
  if (isJsonObject(data) && data['set'] === row.set && data['kid'] === row.kid) {
    // An envelope without `use` was sealed before keys had one.
    const { alg, jwk, use = 'sig' } = data
    if (typeof alg === 'string' && typeof use === 'string' && isJwk(jwk)) {
      return openedKey({ kid: row.kid, alg, use, jwk }, row.createdAt)
    }
  }
  logLine('signing_key.unreadable', { set: row.set, kid: row.kid })
  throw new OAuthError('misconfiguration', 'keys_unopened', { set: row.set, kid: row.kid })
}

const isJwk = (value: unknown): value is JWK => isJsonObject(value) && typeof value['kty'] === 'string'
