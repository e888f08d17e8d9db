import { OAuthError } from '../errors/oauth-error.ts'
import type { Check } from './request.ts'

/** Request objects are refused plainly rather than ignored (OIDC Core section 6.1 and 6.2). */
export const checkRequestObject: Check = ({ parameters }) => {
  if (parameters.get('request') !== undefined) throw new OAuthError('request_not_supported')
  if (parameters.get('request_uri') !== undefined) throw new OAuthError('request_uri_not_supported')
  if (parameters.get('registration') !== undefined) throw new OAuthError('registration_not_supported')
}
