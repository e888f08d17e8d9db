import type { SigningKey } from '../crypto/types.ts'
import { ACCESS_TOKEN_SET, ID_TOKEN_SET } from '../keys/ring.ts'
import type { Runtime } from '../runtime.ts'
import type { ClientRecord } from '../store/types.ts'
import type { Confirmation } from './binding/binding.ts'
import { type Encrypt, encrypterFor } from './encryption.ts'

/** Who asks for tokens, and what they are to be bound to. */
export interface Requester {
  readonly client: ClientRecord
  readonly confirmation: Confirmation
}

/** Whom an access token is for, and the key that signs it; null where it is opaque. */
export interface AccessTokenAddressee extends Requester {
  readonly accessTokenSigner: SigningKey | null
}

/** Whom the tokens of a grant are for, and everything they are signed and encrypted with. */
export interface Addressee extends AccessTokenAddressee {
  readonly idTokenSigner: SigningKey
  readonly encrypt: Encrypt
}

/**
 * Finds what an access token for this client takes. Asked before a ledger commits, and carried along: nothing is looked
 * up after that, for what failed then would cost the client its code, refresh token or assertion.
 *
 * @throws `misconfiguration` without such a key, `temporarily_unavailable` when keys cannot be had
 */
export async function prepareAccessToken(
  rt: Runtime,
  { client, confirmation }: Requester,
): Promise<AccessTokenAddressee> {
  const strategy = client.metadata.access_token_strategy || rt.config.strategies.accessToken
  const [accessTokenSigner] = await Promise.all([
    strategy === 'jwt' ? rt.keys.signer(ACCESS_TOKEN_SET) : null,
    // What is sealed takes a root key, which stays in memory once it was read.
    rt.roots.current(),
  ])
  return { client, confirmation, accessTokenSigner }
}

/** Finds what all tokens of a grant take; for the rest, and for what it throws, as `prepareAccessToken`. */
export async function prepareTokens(rt: Runtime, requester: Requester): Promise<Addressee> {
  const { client } = requester
  const [access, idTokenSigner, encrypt] = await Promise.all([
    prepareAccessToken(rt, requester),
    rt.keys.signer(ID_TOKEN_SET, client.metadata.id_token_signed_response_alg),
    encrypterFor(rt, client, 'id_token'),
  ])
  return { ...access, idTokenSigner, encrypt }
}
