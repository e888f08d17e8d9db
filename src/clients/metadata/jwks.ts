import { invalidMetadata, unusableField } from '../../errors/refusals.ts'
import type { JwkSet } from '../../store/types.ts'
import { fromBase64url } from '../../util/base64url.ts'
import type { Json, JsonObject } from '../../util/json.ts'
import { isJsonObject } from '../../util/json.ts'

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

/** Reads a client's key set, where `{}` stands for none; throws `invalid_client_metadata` for a key that is not a valid public one. */
export function readJwks(jwks: JsonObject | null): JwkSet | null {
  if (jwks === null || !('keys' in jwks)) return null
  const keys = jwks['keys']
  if (!Array.isArray(keys)) throw unusableField('jwks', "must hold an array 'keys'")
  return {
    keys: keys.map((key: Json, index) => {
      if (isJsonObject(key) && isPublicKey(key)) return key
      throw invalidMetadata('entry_unusable', { field: 'jwks', index, problem: 'is not a valid public key' })
    }),
  }
}

/** Whether a JWK is a valid public key (RFC 7591 section 2): a private or symmetric one has no business in the database. */
export function isPublicKey(key: JsonObject): boolean {
  if ('d' in key || 'k' in key) return false
  if (
    !['kty', 'crv', 'kid', 'use', 'alg'].every((name) => ['undefined', 'string'].includes(typeof key[name]))
  )
    return false
  const { kty, n, e, crv, x, y } = key
  if (kty === 'RSA') return byteLength(n) >= MIN_RSA_BYTES && byteLength(e) > 0
  const size = CURVES[`${kty} ${crv}`]
  return byteLength(x) === size && (kty === 'OKP' || byteLength(y) === size)
}

function byteLength(value: Json | undefined): number {
  return typeof value === 'string' ? (fromBase64url(value)?.byteLength ?? -1) : -1
}
