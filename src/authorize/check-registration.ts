import { OAuthError } from '../errors/oauth-error.ts'
import type { Check } from './request.ts'

/** Refuses the `registration` parameter with an error instead of ignoring it (OIDC Core section 7.2.1). */
export const checkRegistration: Check = ({ parameters }) => {
  if (parameters.get('registration') !== undefined)
    throw new OAuthError('registration_not_supported', 'registration_unsupported')
}
