import type { JWK } from 'jose'
import type { SigningKey } from '../crypto/types.ts'
import { toBase64url } from '../util/base64url.ts'
import { parametersOf } from './material.ts'

const encoder = new TextEncoder()
const encoded = (value: unknown): string => toBase64url(encoder.encode(JSON.stringify(value)))

/** What is made of a key once: the imported key, and a header for each type that it signs. */
interface Signer {
  readonly key: CryptoKey
  readonly parameters: SubtleCryptoSignAlgorithm
  readonly headers: Map<string, string>
}

const signers = new WeakMap<JWK, Signer>()

/**
 * Signs claims as a JWT (RFC 7519 section 7.1, RFC 7515 section 7.1). No claim is added, and undefined ones are left out.
 * Not by jose, whose checks of headers and keys take longer than an ES256 signature: here both are ours.
 *
 * @param typ - one of a few constants and settings
 */
export async function signJwt(
  signing: SigningKey,
  typ: string,
  claims: Readonly<Record<string, unknown>>,
): Promise<string> {
  const { key, parameters, headers } = signers.get(signing.key) ?? (await makeSigner(signing))
  const header = headers.get(typ) ?? encoded({ alg: signing.alg, kid: signing.kid, typ })
  headers.set(typ, header)
  const content = `${header}.${encoded(claims)}`
  const signature = await crypto.subtle.sign(parameters, key, encoder.encode(content))
  return `${content}.${toBase64url(new Uint8Array(signature))}`
}

async function makeSigner({ alg, key: jwk }: SigningKey): Promise<Signer> {
  // The runtime knows other names for EdDSA, and would compare them.
  const { alg: _alg, use: _use, ...material } = { ...jwk, kty: jwk.kty ?? '' }
  const parameters = parametersOf(alg)
  const key = await crypto.subtle.importKey('jwk', material, parameters, false, ['sign'])
  const signer = { key, parameters, headers: new Map<string, string>() }
  signers.set(jwk, signer)
  return signer
}
