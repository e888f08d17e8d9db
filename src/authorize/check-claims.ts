import { invalidRequest, loginRequired, OAuthError } from '../errors/oauth-error.ts'
import type { LoginAcceptance } from '../flow/state.ts'
import { requestedClaims } from '../tokens/requested-claims.ts'
import { subjectFor } from '../tokens/subject.ts'
import type { Check, Requested } from './request.ts'

/** Checks that the `claims` parameter is well formed; unknown claims are no error (OIDC Core section 5.5). */
export const checkClaims: Check = ({ parameters }) => {
  if (requestedClaims(parameters) === undefined)
    throw invalidRequest('parameter_malformed', {
      parameter: 'claims',
      expected:
        "a JSON object whose 'id_token' and 'userinfo' are objects, with null or an object for each claim",
    })
}

/**
 * Returns the refusal of a login that does not meet the claims requested for the ID token: another subject, or an
 * essential `acr` that was not reached (OIDC Core section 5.5.1).
 */
export function unmetClaims(
  { client, config, parameters }: Requested,
  { subject, forcedSubject, acr }: LoginAcceptance,
): OAuthError | undefined {
  const asked = requestedClaims(parameters)?.id_token
  const sub = asked?.['sub']?.['value']
  if (sub !== undefined && sub !== subjectFor(config, client, subject, forcedSubject))
    return loginRequired('other_subject')
  const wanted = asked?.['acr']
  if (wanted?.['essential'] !== true) return undefined
  const accepted = [wanted['values'] ?? wanted['value'] ?? acr].flat()
  return accepted.includes(acr) ? undefined : new OAuthError('unmet_authentication_requirements', 'acr_unmet')
}
