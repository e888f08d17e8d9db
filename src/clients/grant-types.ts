import type { ClientMetadata } from '../store/types.ts'

/** The grant type of RFC 8628. */
export const DEVICE_GRANT = 'urn:ietf:params:oauth:grant-type:device_code'

/** The grant type of RFC 7523 section 2.1. */
export const JWT_BEARER = 'urn:ietf:params:oauth:grant-type:jwt-bearer'

/** Grant types of a client that lists none (RFC 7591 section 2, contract 2.1). */
const DEFAULT_GRANT_TYPES: readonly string[] = ['authorization_code']

/** Whether a client is registered for a grant type. */
export const listsGrantType = (
  { metadata }: { readonly metadata: Pick<ClientMetadata, 'grant_types'> },
  grantType: string,
): boolean => (metadata.grant_types?.length ? metadata.grant_types : DEFAULT_GRANT_TYPES).includes(grantType)
