import { OAuthError } from '../errors/oauth-error.ts'
import type { Check } from './request.ts'

/** Checks that `state` is long enough to protect the client, unless PKCE or a nonce does (RFC 9700 section 4.7.1). */
export const checkState: Check = ({ profile, parameters, state = '' }) => {
  const guarded = parameters.get('code_challenge') !== undefined || parameters.get('nonce') !== undefined
  const minimum = profile.stateMinimum(guarded)
  if (state.length >= minimum) return
  throw new OAuthError('invalid_state', 'state_too_short', { minimum })
}

/**
 * Checks that a nonce is hard to guess (OIDC Core section 15.5.2), and present when an ID token goes into a URL
 * (3.2.2.1).
 */
export const checkNonce: Check = ({ profile, parameters, responseTypes }) => {
  const nonce = parameters.get('nonce')
  const minimum = profile.nonceMinimum
  if (responseTypes.includes('id_token')) parameters.require('nonce')
  if (nonce === undefined || nonce.length >= minimum) return
  throw new OAuthError('insufficient_entropy', 'nonce_too_short', { minimum })
}
