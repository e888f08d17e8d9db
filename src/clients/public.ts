import type { ClientRecord } from '../store/types.ts'

/** Whether a client is public: it has neither secret nor key to authenticate with (RFC 6749 section 2.1). */
export const isPublic = ({ metadata }: Pick<ClientRecord, 'metadata'>): boolean =>
  metadata.token_endpoint_auth_method === 'none'
