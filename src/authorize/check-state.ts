import { OAuthError } from '../errors/oauth-error.ts'
import type { Check } from './request.ts'

/** Shortest `state` and `nonce` in characters that are taken for unguessable (contract 3.7). */
const MIN_LENGTH = 8

/**
 * `state` must be long enough to protect the client, unless PKCE or a nonce does (RFC 9700 section 4.7.1);
 * OAUTH2_STATE_MIN_LENGTH restores the rule for everybody.
 */
export const checkState: Check = ({ config, parameters, state = '' }) => {
  const guarded = parameters.get('code_challenge') !== undefined || parameters.get('nonce') !== undefined
  const minimum = config.oauth2.stateMinLength ?? (guarded ? 0 : MIN_LENGTH)
  if (state.length >= minimum) return
  throw new OAuthError('invalid_state', 'state_too_short', { minimum })
}

/** A nonce must be hard to guess (OIDC Core section 15.5.2), and come with what puts an ID token into a URL (3.2.2.1). */
export const checkNonce: Check = ({ parameters, responseTypes }) => {
  const nonce = parameters.get('nonce')
  if (responseTypes.includes('id_token')) parameters.require('nonce')
  if (nonce === undefined || nonce.length >= MIN_LENGTH) return
  throw new OAuthError('insufficient_entropy', 'nonce_too_short', { minimum: MIN_LENGTH })
}
