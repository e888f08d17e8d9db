import { CompactEncrypt } from 'jose'
import { clientKeys } from '../clients/jwks.ts'
import { contentEncryption, isEncryptionKey, openidText } from '../clients/metadata-encryption.ts'
import { OAuthError } from '../errors/oauth-error.ts'
import type { Runtime } from '../runtime.ts'
import type { ClientRecord } from '../store/types.ts'
import type { JsonObject } from '../util/json.ts'

/** What can be encrypted for a client; a logout token goes by the ID token's settings. */
export type Encrypted = 'id_token' | 'userinfo'

/** How one client wants it, and the key of its that it is encrypted to. */
interface Recipient {
  readonly alg: string
  readonly enc: string
  readonly key: JsonObject
}

/**
 * Finds the client's key, asking its `jwks_uri` anew when the known keys hold none; `undefined` for a client that
 * wants no encryption (OIDC Core section 10.2).
 *
 * @throws `invalid_client` when the client has no key for its algorithm, `temporarily_unavailable` when its
 *   `jwks_uri` cannot be asked
 */
export async function recipientOf(
  rt: Runtime,
  client: ClientRecord,
  place: Encrypted,
): Promise<Recipient | undefined> {
  const alg = openidText(client.metadata, `${place}_encrypted_response_alg`)
  if (alg === undefined) return undefined
  for (const fresh of [false, true]) {
    const key = (await clientKeys(rt, client, fresh)).find((known) => isEncryptionKey(known, alg))
    if (key !== undefined) return { alg, enc: contentEncryption(client.metadata, place), key }
  }
  throw new OAuthError('invalid_client', `The client has no key to encrypt to with ${alg}.`)
}

/**
 * Encrypts for the client if it wants that, else gives the content back (RFC 7516 section 7.1).
 *
 * @param nested - whether the content is a signed JWT itself (RFC 7519 section 5.2)
 * @throws as `recipientOf` does
 */
export async function encryptFor(
  rt: Runtime,
  client: ClientRecord,
  place: Encrypted,
  content: string,
  nested = true,
): Promise<string> {
  const recipient = await recipientOf(rt, client, place)
  if (recipient === undefined) return content
  const { alg, enc, key } = recipient
  const { kid, kty, n, e, crv, x, y } = key
  const header = { alg, enc, ...(typeof kid === 'string' && { kid }), ...(nested && { cty: 'JWT' }) }
  return new CompactEncrypt(new TextEncoder().encode(content))
    .setProtectedHeader(header)
    .encrypt(JSON.parse(JSON.stringify({ kty, n, e, crv, x, y })))
}
