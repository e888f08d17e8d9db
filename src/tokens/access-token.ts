import type { Config } from '../config/types.ts'
import { signJwt } from '../keys/sign-jwt.ts'
import type { Runtime } from '../runtime.ts'
import { type JsonObject, pick } from '../util/json.ts'
import type { AccessTokenAddressee } from './addressee.ts'
import { cnfOf } from './binding/possession.ts'
import { accessJtis, accessTokens, type GrantToken, type SelfContainedToken } from './formats.ts'

/** What a resource server learns from a token, by introspection or from the JWT itself. */
export interface AccessClaims {
  readonly subject: string
  readonly scope: readonly string[]
  readonly audience: readonly string[]
  /** Custom claims from the consent app. */
  readonly custom: JsonObject
  readonly issuedAt: number
  readonly expiresAt: number
}

/** Claims that custom ones never override (contract 3.9). */
const RESERVED: readonly string[] = 'iss sub aud exp nbf iat jti client_id scp scope ext'.split(' ')

/**
 * Makes an access token: opaque, or where there is a key to sign it a JWT (RFC 9068) whose `jti` is an envelope of the
 * same content, so both kinds are looked up and revoked alike (design section 3).
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

/** Payload of a JWT access token (contract 3.9). */
function jwtClaims(
  { strategies, oauth2, urls }: Config,
  clientId: string,
  jti: string,
  { subject, scope, audience, custom, issuedAt, expiresAt }: AccessClaims,
): Record<string, unknown> {
  const isAllowed = (name: string): boolean => oauth2.allowedTopLevelClaims.includes(name)
  // All custom claims when they are mirrored, else those that were not promoted, if they are to be kept.
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
