import { RESPONSE_TYPES } from '../authorize/check-response-type.ts'
import type { Supported } from '../clients/metadata/doubt.ts'
import { GRANTS } from './registry.ts'

/** The grant types and response types that this server knows, in the order in which discovery lists them. */
export const supported = (): Supported => ({
  grantTypes: [...GRANTS.map(({ type }) => type), 'implicit'],
  responseTypes: RESPONSE_TYPES,
})
