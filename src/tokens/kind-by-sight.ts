import { kindOf, type OwnKind } from '../keys/jwt-kind.ts'
import { readJwt } from '../keys/read-jwt.ts'

/** What codes and tokens are called, by what they begin with. */
const BY_PREFIX: readonly (readonly [prefix: string, kind: string])[] = [
  ['ory_at_', 'an access token'],
  ['ory_rt_', 'a refresh token'],
  ['ory_ac_', 'an authorization code'],
  ['ory_dc_', 'a device code'],
]

const BY_JWT: Readonly<Record<OwnKind, string>> = {
  id_token: 'an ID token',
  access_token: 'an access token',
  logout_token: 'a logout token',
  userinfo: 'an answer of userinfo',
  credential: 'a credential',
}

/**
 * Says what a code or token is, by its looks alone, to tell a caller who sent one in place of another: whoever has the
 * text can see as much, and nothing is said of whether it is genuine. `undefined` for other texts.
 */
export function kindBySight(text: string): string | undefined {
  const known = BY_PREFIX.find(([prefix]) => text.startsWith(prefix))
  if (known !== undefined) return known[1]
  const jwt = text.split('.').length === 3 ? readJwt(text) : undefined
  if (jwt === undefined) return undefined
  const kind = kindOf(jwt)
  return kind === undefined ? 'a JWT' : BY_JWT[kind]
}
