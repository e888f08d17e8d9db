import type { ClientMetadata } from '../store/types.ts'

/** Grant type of RFC 8628. */
export const DEVICE_GRANT = 'urn:ietf:params:oauth:grant-type:device_code'

/** Grant type of RFC 7523 section 2.1. */
export const JWT_BEARER = 'urn:ietf:params:oauth:grant-type:jwt-bearer'

/** What a client that lists no grant type has (RFC 7591 section 2, contract 2.1). */
const PRESET: readonly string[] = ['authorization_code']

/** Whether a client is registered for a grant type. */
export const listsGrantType = (
  { metadata }: { readonly metadata: Pick<ClientMetadata, 'grant_types'> },
  grantType: string,
): boolean => (metadata.grant_types?.length ? metadata.grant_types : PRESET).includes(grantType)
