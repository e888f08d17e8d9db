import { encryptionKey, encryptTo } from '../clients/encryption-key.ts'
import { clientKeys } from '../clients/jwks.ts'
import { OAuthError } from '../errors/oauth-error.ts'
import type { Runtime } from '../runtime.ts'
import { CONTENT_ENCRYPTIONS } from '../store/client-fields.ts'
import type { ClientRecord } from '../store/types.ts'
import type { JsonObject } from '../util/json.ts'

/** Encrypts for one client, or gives back what it is given where the client wants no encryption. */
export type Encrypt = (content: string, nested?: boolean) => Promise<string>

/**
 * How to encrypt what a client is sent (OIDC Core section 10.2); a logout token goes as its ID tokens go. What can fail
 * fails here: the client's `jwks_uri` is asked anew when no known key fits. `nested` says that the content is a signed
 * JWT itself (RFC 7519 section 5.2).
 *
 * @throws `temporarily_unavailable` when there is no working key for the client's algorithm
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
      // Not the client's authentication failed, but what it registered.
      if (!(thrown instanceof OAuthError)) throw thrown
      throw new OAuthError('temporarily_unavailable', thrown.reason, thrown.facts)
    })
    const key = await encryptionKey(keys, alg)
    if (key !== undefined) return key
  }
  const facts = { source: 'key set', problem: `has no working key to encrypt to with ${alg}` }
  throw new OAuthError('temporarily_unavailable', 'client_keys_unusable', facts)
}
