import { isPublic } from '../clients/public.ts'
import { invalidRequest } from '../errors/oauth-error.ts'
import type { Check } from './request.ts'

/** Checks the PKCE parameters; only S256 is allowed (RFC 7636 section 4.3, RFC 9700 section 2.1.1). */
export const checkPkce: Check = ({ profile, client, parameters, responseTypes }) => {
  if (!responseTypes.includes('code')) return
  const challenge = parameters.get('code_challenge')
  const method = parameters.get('code_challenge_method')
  if (challenge === undefined) {
    if (method === undefined && !profile.requiresPkce({ public: isPublic(client) })) return
    throw invalidRequest('pkce_missing')
  }
  if (method !== 'S256') {
    throw invalidRequest('parameter_malformed', { parameter: 'code_challenge_method', expected: "'S256'" })
  }
  if (!/^[A-Za-z0-9_-]{43}$/.test(challenge)) {
    throw invalidRequest('parameter_malformed', {
      parameter: 'code_challenge',
      expected: 'the base64url SHA-256 of the verifier',
    })
  }
}
