import type { ClientMetadata } from '../../store/types.ts'

/** How the content key is protected: RSA, or agreement on an elliptic curve (RFC 7518 section 4). */
export const KEY_ENCRYPTIONS: readonly string[] = ['RSA-OAEP-256', 'ECDH-ES', 'ECDH-ES+A256KW']

/** How the content is encrypted; the first where a client does not say (RFC 7518 section 5, OIDC Registration section 2). */
export const CONTENT_ENCRYPTIONS = ['A128CBC-HS256', 'A256GCM'] as const

/** A text among the further fields of a client; `undefined` where it is not set. */
export function openidText({ openid }: ClientMetadata, field: string): string | undefined {
  const value = openid?.[field]
  return typeof value === 'string' ? value : undefined
}
