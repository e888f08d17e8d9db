import { unusableField } from '../errors/refusals.ts'
import { ID_TOKEN_SET } from '../keys/ring.ts'
import type { Runtime } from '../runtime.ts'
import type { ClientMetadata } from '../store/types.ts'

/**
 * Checks that there is a key for each signing algorithm that a client requests; `RS256` for userinfo always passes, as
 * in Hydra. Throws `invalid_client_metadata`.
 */
export async function checkKeyAlgorithms(rt: Runtime, metadata: ClientMetadata): Promise<void> {
  for (const field of ['id_token_signed_response_alg', 'userinfo_signed_response_alg'] as const) {
    const alg = metadata[field] ?? 'none'
    if (alg === 'none' || (alg === 'RS256' && field.startsWith('userinfo'))) continue
    if (!(await rt.keys.has(ID_TOKEN_SET, alg)))
      throw unusableField(field, 'names an algorithm no key is there for')
  }
}
