import type { SigningKey } from '../crypto/types.ts'
import { ACCESS_TOKEN_SET, ID_TOKEN_SET } from '../keys/ring.ts'
import type { Runtime } from '../runtime.ts'
import type { ClientRecord } from '../store/types.ts'
import type { Confirmation } from './binding/binding.ts'
import { type Encrypt, encrypterFor } from './encryption.ts'

/** The client that asks for tokens, and the key to bind them to. */
export interface Requester {
  readonly client: ClientRecord
  readonly confirmation: Confirmation
}

/** The client that gets an access token, and the key that signs it; null for an opaque token. */
export interface AccessTokenAddressee extends Requester {
  readonly accessTokenSigner: SigningKey | null
}

/** The client that gets the tokens of a grant, and everything to sign and encrypt them with. */
export interface Addressee extends AccessTokenAddressee {
  readonly idTokenSigner: SigningKey
  readonly encrypt: Encrypt
}

/**
 * Gets everything needed to make an access token for this client. Call it before the ledger commits, because a failed
 * lookup after that would cost the client its code, refresh token or assertion.
 *
 * @throws `misconfiguration` if there is no such key, `temporarily_unavailable` if keys cannot be read
 */
export async function prepareAccessToken(
  rt: Runtime,
  { client, confirmation }: Requester,
): Promise<AccessTokenAddressee> {
  const strategy = client.metadata.access_token_strategy || rt.config.strategies.accessToken
  const [accessTokenSigner] = await Promise.all([
    strategy === 'jwt' ? rt.keys.signer(ACCESS_TOKEN_SET) : null,
    // Sealing needs a root key, which stays in memory once it was read.
    rt.roots.current(),
  ])
  return { client, confirmation, accessTokenSigner }
}

/**
 * Gets everything needed to make all tokens of a grant. Call it like `prepareAccessToken`; throws the same, and
 * `temporarily_unavailable` if there is no key to encrypt to.
 */
export async function prepareTokens(rt: Runtime, requester: Requester): Promise<Addressee> {
  const { client } = requester
  const [access, idTokenSigner, encrypt] = await Promise.all([
    prepareAccessToken(rt, requester),
    rt.keys.signer(ID_TOKEN_SET, client.metadata.id_token_signed_response_alg),
    encrypterFor(rt, client, 'id_token'),
  ])
  return { ...access, idTokenSigner, encrypt }
}
