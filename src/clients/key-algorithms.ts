import { unusableField } from '../errors/refusals.ts'
import { ID_TOKEN_SET } from '../keys/ring.ts'
import type { Runtime } from '../runtime.ts'
import type { ClientMetadata } from '../store/types.ts'
import type { Doubt } from './metadata/doubt.ts'

type Field = 'id_token_signed_response_alg' | 'userinfo_signed_response_alg'

/**
 * Checks that there is a key for each signing algorithm that a client requests. `RS256` for userinfo passes, since Hydra
 * takes it: see `algorithmDoubts`. Throws `invalid_client_metadata`.
 */
export async function checkKeyAlgorithms(rt: Runtime, metadata: ClientMetadata): Promise<void> {
  for (const field of ['id_token_signed_response_alg', 'userinfo_signed_response_alg'] as const) {
    if (field.startsWith('userinfo') && metadata[field] === 'RS256') continue
    const [doubt] = await keyDoubt(rt, metadata, field)
    if (doubt !== undefined) throw unusableField(doubt.field, doubt.problem)
  }
}

/** Finds a userinfo algorithm that no key is there for, which `checkKeyAlgorithms` lets pass. */
export const algorithmDoubts = (rt: Runtime, metadata: ClientMetadata): Promise<readonly Doubt[]> =>
  keyDoubt(rt, metadata, 'userinfo_signed_response_alg')

async function keyDoubt(rt: Runtime, metadata: ClientMetadata, field: Field): Promise<readonly Doubt[]> {
  const alg = metadata[field] ?? 'none'
  if (alg === 'none' || (await rt.keys.has(ID_TOKEN_SET, alg))) return []
  const there = (await rt.keys.publicKeys(ID_TOKEN_SET)).map((key) => key.alg)
  const working = [...(field.startsWith('userinfo') ? ['none'] : []), ...new Set(there)]
  return [{ field, problem: `must be one that there is a key for: ${working.join(', ')}` }]
}
