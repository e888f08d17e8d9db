import type { JWK } from 'jose'
import type { SigningAlgorithm } from '../config/types.ts'
import type { Envelopes } from '../crypto/envelope.ts'
import type { SigningKey, SigningKeyRow } from '../crypto/types.ts'
import { OAuthError } from '../errors/oauth-error.ts'
import { logLine } from '../http/log.ts'
import { isJsonObject } from '../util/json.ts'
import { generateKey, type KeyMaterial, publicPart } from './material.ts'

/** Modulus length in bits of RSA keys made on first use: 0.6 ms a signature (design section 5). */
export const RSA_BITS = 2048

/** A key of a set, opened: the whole key, private members included if there are any, is the one to sign with and to export. */
export interface OpenedKey extends SigningKey {
  /** Seconds since the epoch. */
  readonly createdAt: number
  /** The published form (contract 2.10). */
  readonly publicJwk: JWK
  /** Whether it may sign: it has a private half, and is not for encryption. */
  readonly signs: boolean
}

/** A key as it is used. Its public half comes out of the sealed key: a row cannot smuggle in another. */
export function openedKey(material: KeyMaterial, createdAt: number): OpenedKey {
  const { kid, alg, use, jwk } = material
  const publicJwk = publicPart(material)
  const signs = use === 'sig' && jwk.d !== undefined
  return { kid, alg, createdAt, publicJwk, signs, key: { ...publicJwk, ...jwk } }
}

/** Seals a key as an envelope that names set and kid. `now` in seconds. */
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

/** Makes a key pair for a set, as on first use. `now` in seconds. */
export async function makeSigningKey(
  envelopes: Envelopes,
  set: string,
  algorithm: SigningAlgorithm,
  now: number,
): Promise<SigningKeyRow> {
  return sealKey(envelopes, set, await generateKey(algorithm, RSA_BITS), now)
}

/** Opens a row; throws `misconfiguration` when it does not open or was sealed for another set or kid: it is never replaced. */
export async function openSigningKey(envelopes: Envelopes, row: SigningKeyRow): Promise<OpenedKey> {
  const data = (await envelopes.open('signing_key', row.privateSealed))?.data
  if (isJsonObject(data) && data['set'] === row.set && data['kid'] === row.kid) {
    // A key that names no use was stored before keys had one.
    const { alg, jwk, use = 'sig' } = data
    if (typeof alg === 'string' && typeof use === 'string' && isJwk(jwk)) {
      return openedKey({ kid: row.kid, alg, use, jwk }, row.createdAt)
    }
  }
  logLine('signing_key.unreadable', { set: row.set, kid: row.kid })
  throw new OAuthError('misconfiguration', 'keys_unopened', { set: row.set, kid: row.kid })
}

const isJwk = (value: unknown): value is JWK => isJsonObject(value) && typeof value['kty'] === 'string'
