import { readQuery } from '../http/form.ts'
import type { StoredGrant } from '../ledger/types.ts'
import type { JsonObject } from '../util/json.ts'
import { requestedClaims } from './requested-claims.ts'

const CLAIMS: Readonly<Record<string, string>> = {
  profile:
    'name family_name given_name middle_name nickname preferred_username profile picture website gender birthdate zoneinfo locale updated_at',
  email: 'email email_verified',
  address: 'address',
  phone: 'phone_number phone_number_verified',
}

/** The scope that releases each standard claim (OIDC Core section 5.4). */
export const SCOPE_OF: ReadonlyMap<string, string> = new Map(
  Object.entries(CLAIMS).flatMap(([scope, claims]) => claims.split(' ').map((claim) => [claim, scope])),
)

/**
 * Selects the consent app's claims for an ID token or userinfo. Standard claims need a request by the `claims`
 * parameter, or their scope, which counts in userinfo and in an ID token without access token. Other claims are always
 * selected.
 */
export function releasedClaims(
  grant: StoredGrant,
  claims: JsonObject,
  place: 'id_token' | 'userinfo',
): JsonObject {
  const parameters = readQuery(grant.query)
  const asked = requestedClaims(parameters)?.[place] ?? {}
  const byScope = place === 'userinfo' || parameters.get('response_type') === 'id_token'
  const shown = ([name]: readonly [string, unknown]): boolean => {
    // A claim's name may have a language tag (OIDC Core section 5.2).
    const scope = SCOPE_OF.get(name.replace(/#.*/, ''))
    return scope === undefined || name in asked || (byScope && grant.scope.includes(scope))
  }
  return Object.fromEntries(Object.entries(claims).filter(shown))
}
