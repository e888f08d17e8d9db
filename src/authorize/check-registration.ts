import { OAuthError } from '../errors/oauth-error.ts'
import type { Check } from './request.ts'

/** The registration parameter is refused plainly rather than ignored (OIDC Core section 7.2.1). */
export const checkRegistration: Check = ({ parameters }) => {
  if (parameters.get('registration') !== undefined)
    throw new OAuthError('registration_not_supported', 'registration_unsupported')
}
