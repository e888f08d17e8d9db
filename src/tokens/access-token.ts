import type { Config } from '../config/types.ts'
import { signJwt } from '../keys/sign-jwt.ts'
import type { Runtime } from '../runtime.ts'
import type { Seconds } from '../util/clock.ts'
import { type JsonObject, pick } from '../util/json.ts'
import type { AccessTokenAddressee } from './addressee.ts'
import { cnfOf } from './binding/possession.ts'
import { accessJtis, accessTokens, type GrantToken, type SelfContainedToken } from './formats.ts'

/** The claims of an access token, as introspection or the JWT itself shows them. */
export interface AccessClaims {
  readonly subject: string
  readonly scope: readonly string[]
  readonly audience: readonly string[]
  /** Custom claims of the consent app or a token hook. */
  readonly custom: JsonObject
  readonly issuedAt: Seconds
  readonly expiresAt: Seconds
}

/** Claims that custom claims cannot override (contract 3.9). */
const RESERVED: readonly string[] = 'iss sub aud exp nbf iat jti client_id scp scope ext'.split(' ')

/**
 * Makes an access token: opaque, or a JWT (RFC 9068) if there is a key to sign it. The `jti` of a JWT is an envelope of
 * the same content, so both kinds are looked up and revoked in the same way (design section 3).
 */
export async function makeAccessToken(
  rt: Runtime,
  { client, accessTokenSigner }: AccessTokenAddressee,
  token: GrantToken | SelfContainedToken,
  claims: AccessClaims,
): Promise<string> {
  if (accessTokenSigner === null) return accessTokens.seal(rt, token, claims.expiresAt)
  const jti = await accessJtis.seal(rt, token, claims.expiresAt)
  const { strategies } = rt.config
  const cnf = cnfOf(token.cnf)
  return signJwt(accessTokenSigner, strategies.jwtTyp, {
    ...jwtClaims(rt.config, client.id, jti, claims),
    ...(cnf !== undefined && { cnf }),
  })
}

/** The payload of a JWT access token (contract 3.9). */
function jwtClaims(
  { strategies, oauth2, urls }: Config,
  clientId: string,
  jti: string,
  { subject, scope, audience, custom, issuedAt, expiresAt }: AccessClaims,
): Record<string, unknown> {
  const isAllowed = (name: string): boolean => oauth2.allowedTopLevelClaims.includes(name)
  // `ext` has all custom claims if they are mirrored, or else those below the top level if they are preserved.
  const unpromoted = oauth2.preserveExtClaims ? pick(custom, (name) => !isAllowed(name)) : undefined
  return {
    ...pick(custom, (name) => isAllowed(name) && !RESERVED.includes(name)),
    iss: urls.issuer,
    sub: subject,
    aud: audience,
    client_id: clientId,
    exp: expiresAt,
    iat: issuedAt,
    nbf: oauth2.excludeNotBeforeClaim ? undefined : issuedAt,
    jti,
    scp: strategies.jwtScopeClaim === 'string' ? undefined : scope,
    scope: strategies.jwtScopeClaim === 'list' ? undefined : scope.join(' '),
    ext: oauth2.mirrorTopLevelClaims ? custom : unpromoted,
  }
}
