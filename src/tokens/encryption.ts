import { encryptionKey, encryptTo } from '../clients/encryption-key.ts'
import { clientKeys } from '../clients/jwks.ts'
import { OAuthError } from '../errors/oauth-error.ts'
import type { Runtime } from '../runtime.ts'
import { CONTENT_ENCRYPTIONS } from '../store/client-fields.ts'
import type { ClientRecord } from '../store/types.ts'
import type { JsonObject } from '../util/json.ts'

/** Encrypts content for one client; returns it unchanged if the client does not want encryption. */
export type Encrypt = (content: string, nested?: boolean) => Promise<string>

/**
 * Prepares encryption for a client (OIDC Core section 10.2); logout tokens use the settings of ID tokens. Does here
 * what can fail: fetches the client's `jwks_uri` again if no known key fits. `nested` says that the content is itself a
 * signed JWT (RFC 7519 section 5.2).
 *
 * @throws `invalid_client_metadata` if there is no working key for the client's algorithm, `temporarily_unavailable` if
 *   its `jwks_uri` cannot be asked just now
 */
export async function encrypterFor(
  rt: Runtime,
  client: ClientRecord,
  place: 'id_token' | 'userinfo',
): Promise<Encrypt> {
  const alg = client.metadata[`${place}_encrypted_response_alg`]
  if (alg === undefined) return (content) => Promise.resolve(content)
  const key = await findKey(rt, client, alg)
  const enc = client.metadata[`${place}_encrypted_response_enc`] ?? CONTENT_ENCRYPTIONS[0]
  return (content, nested = true) => encryptTo(key, { alg, enc, ...(nested && { cty: 'JWT' }) }, content)
}

async function findKey(rt: Runtime, client: ClientRecord, alg: string): Promise<JsonObject> {
  for (const fresh of [false, true]) {
    const keys = await clientKeys(rt, client, fresh).catch((thrown: unknown) => {
      // `clientKeys` reports failed client authentication; here only the registered keys are unusable.
      if (!(thrown instanceof OAuthError) || thrown.code !== 'invalid_client') throw thrown
      throw new OAuthError('invalid_client_metadata', thrown.reason, thrown.facts)
    })
    const key = await encryptionKey(keys, alg)
    if (key !== undefined) return key
  }
  const facts = { source: 'key set', problem: `has no working key to encrypt to with ${alg}` }
  throw new OAuthError('invalid_client_metadata', 'client_keys_unusable', facts)
}
