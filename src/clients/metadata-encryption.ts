import { OAuthError } from '../errors/oauth-error.ts'
import type { ClientMetadata } from '../store/types.ts'
import type { JsonObject } from '../util/json.ts'

/** How the content key is protected: RSA, or agreement on an elliptic curve (RFC 7518 section 4). */
export const KEY_ENCRYPTIONS: readonly string[] = ['RSA-OAEP-256', 'ECDH-ES', 'ECDH-ES+A256KW']

/** How the content is encrypted; the first where a client does not say (RFC 7518 section 5, OIDC Registration section 2). */
export const CONTENT_ENCRYPTIONS = ['A128CBC-HS256', 'A256GCM'] as const

/** A text among the further fields of a client; `undefined` where it is not set. */
export function openidText({ openid }: ClientMetadata, field: string): string | undefined {
  const value = openid?.[field]
  return typeof value === 'string' ? value : undefined
}

/** The content encryption a client wants. */
export const contentEncryption = (metadata: ClientMetadata, place: 'id_token' | 'userinfo'): string =>
  openidText(metadata, `${place}_encrypted_response_enc`) ?? CONTENT_ENCRYPTIONS[0]

/** Whether a public key is one to encrypt to with this algorithm (RFC 7517 section 4). */
export const isEncryptionKey = ({ use, alg, kty, crv }: JsonObject, wanted: string): boolean =>
  use !== 'sig' &&
  (alg === undefined || alg === wanted) &&
  (kty === 'RSA') === wanted.startsWith('RSA') &&
  crv !== 'Ed25519'

/** Checks that what a client wants encrypted can be. Throws `invalid_client_metadata`. */
export function checkEncryption(metadata: ClientMetadata): void {
  for (const place of ['id_token', 'userinfo'] as const) {
    const field = `${place}_encrypted_response_alg`
    const alg = openidText(metadata, field)
    const keys = metadata.jwks?.keys ?? []
    if (alg === undefined) {
      if (openidText(metadata, `${place}_encrypted_response_enc`) !== undefined)
        throw new OAuthError(
          'invalid_client_metadata',
          `Field '${place}_encrypted_response_enc' needs '${field}'.`,
        )
    } else if (metadata.jwks_uri === '' && !keys.some((key) => isEncryptionKey(key, alg)))
      throw new OAuthError(
        'invalid_client_metadata',
        `Field '${field}' needs a key for it in 'jwks', or a 'jwks_uri'.`,
      )
  }
}
