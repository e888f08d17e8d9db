import { OAuthError } from '../errors/oauth-error.ts'
import type { JwkSet } from '../store/types.ts'
import { fromBase64url } from '../util/base64url.ts'
import type { Json, JsonObject } from '../util/json.ts'
import { isJsonObject } from '../util/json.ts'

/** Bytes of a coordinate, by curve (RFC 7518 section 6.2.1, RFC 8037 section 2). */
const EC_CURVES: Readonly<Record<string, number>> = { 'P-256': 32, 'P-384': 48, 'P-521': 66 }
const OKP_CURVES: Readonly<Record<string, number>> = { Ed25519: 32, X25519: 32 }

/** Smallest RSA modulus in bytes (RFC 7518 section 3.3). */
const MIN_RSA_BYTES = 256

/** Reads a client's key set, where `{}` stands for none; throws `invalid_client_metadata` for a key that is not a valid public one. */
export function readJwks(jwks: JsonObject | null): JwkSet | null {
  if (jwks === null || !('keys' in jwks)) return null
  const keys = jwks['keys']
  if (!Array.isArray(keys))
    throw new OAuthError('invalid_client_metadata', "Field 'jwks' must hold an array 'keys'.")
  return {
    keys: keys.map((key: Json, index) => {
      if (isJsonObject(key) && isPublicKey(key)) return key
      throw new OAuthError('invalid_client_metadata', `Key ${index} of 'jwks' is not a valid public key.`)
    }),
  }
}

/** Whether a JWK is a valid public key (RFC 7591 section 2): a private or symmetric one has no business in the database. */
export function isPublicKey(key: JsonObject): boolean {
  if ('d' in key || 'k' in key) return false
  if (!['kid', 'use', 'alg'].every((name) => ['undefined', 'string'].includes(typeof key[name]))) return false
  switch (key['kty']) {
    case 'RSA':
      return byteLength(key['n']) >= MIN_RSA_BYTES && byteLength(key['e']) > 0
    case 'EC': {
      const size = EC_CURVES[String(key['crv'])]
      return byteLength(key['x']) === size && byteLength(key['y']) === size
    }
    case 'OKP':
      return byteLength(key['x']) === OKP_CURVES[String(key['crv'])]
    default:
      return false
  }
}

function byteLength(value: Json | undefined): number {
  return typeof value === 'string' ? (fromBase64url(value)?.byteLength ?? -1) : -1
}
