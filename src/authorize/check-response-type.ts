import { OAuthError } from '../errors/oauth-error.ts'
import type { Check } from './request.ts'

/** `code` is the one response type, and must be registered; a client that lists none has it (contract 2.1, 3.6). */
export const checkResponseType: Check = ({ client, parameters }) => {
  const requested = parameters.get('response_type')
  if (requested === undefined) {
    throw new OAuthError('unsupported_response_type', "Parameter 'response_type' is missing.")
  }
  const registered = client.metadata.response_types ?? []
  const allowed = registered.length === 0 || registered.includes('code')
  if (requested !== 'code' || !allowed) throw new OAuthError('unsupported_response_type')
}
