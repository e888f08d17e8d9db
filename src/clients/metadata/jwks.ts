import { invalidMetadata } from '../../errors/refusals.ts'
import { isPublicKey, keysOfSet } from '../../keys/foreign-keys.ts'
import type { JwkSet } from '../../store/types.ts'
import type { JsonObject } from '../../util/json.ts'

/** Reads a client's key set, where `{}` stands for none; throws `invalid_client_metadata` for a key that is not a valid public one. */
export function readJwks(jwks: JsonObject | null): JwkSet | null {
  if (jwks === null || !('keys' in jwks)) return null
  const keys = keysOfSet(jwks)
  if (keys === undefined) throw invalidMetadata("Field 'jwks' must hold an array 'keys'.")
  return {
    keys: keys.map((key, index) => {
      if (isPublicKey(key)) return key
      throw invalidMetadata(`Key ${index} of 'jwks' is not a valid public key.`)
    }),
  }
}
