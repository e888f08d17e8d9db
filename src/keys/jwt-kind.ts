import { isJsonObject } from '../util/json.ts'
import type { UnprovenJwt } from './read-jwt.ts'

/*
 * Tells JWTs apart, so that one that was made for one purpose is taken for no other (RFC 8725 sections 3.11 and 3.12).
 */

/** The kinds of JWT that this server signs. */
export type OwnKind = 'id_token' | 'access_token' | 'logout_token' | 'userinfo' | 'credential'

/** What JWTs of others are taken for. */
export type ForeignUse = 'client_assertion' | 'grant_assertion' | 'request_object'

/** The event of a logout token (OIDC Back-Channel Logout 1.0 section 2.4). */
export const LOGOUT_EVENT = 'http://schemas.openid.net/event/backchannel-logout'

/** A `jti` of ours that is no envelope: that of every kind but access tokens. */
const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i

/** The types that name a purpose, and the use that takes them; null for those that no use takes. */
const PURPOSES: Readonly<Record<string, ForeignUse | null>> = {
  'client-authentication+jwt': 'client_assertion',
  'authorization-grant+jwt': 'grant_assertion',
  'oauth-authz-req+jwt': 'request_object',
  // An access token of a trusted issuer that is meant for this server may be exchanged; one of ours may not.
  'at+jwt': 'grant_assertion',
  'oauth-id-jag+jwt': null,
  'token-introspection+jwt': null,
  'logout+jwt': null,
  'secevent+jwt': null,
  'dpop+jwt': null,
  'openid4vci-proof+jwt': null,
}

/** A `typ` in lower case and without its `application/`, which may be left out (RFC 7515 section 4.1.9). */
export const mediaType = (typ: string | undefined = ''): string =>
  typ.toLowerCase().replace(/^application\//, '')

/**
 * Decides which kind of JWT of this server a JWT is, by its type where that says it and else by its claims;
 * `undefined` for one that has the form of none. It proves nothing: the caller checks issuer and signature.
 */
export function kindOf({ header, claims }: UnprovenJwt): OwnKind | undefined {
  const typ = mediaType(header.typ)
  if (typ === 'logout+jwt' || isLogout(claims)) return 'logout_token'
  if (typ === 'at+jwt' || isAccess(claims)) return 'access_token'
  if (typ !== 'jwt') return undefined
  // A credential is for whoever its holder shows it to, and userinfo never expires; an ID token names a client and ends.
  if (isJsonObject(claims['vc']) && claims.aud === undefined) return 'credential'
  if (claims.exp === undefined) return 'userinfo'
  return claims['auth_time'] === undefined ? undefined : 'id_token'
}

const isLogout = ({ events }: UnprovenJwt['claims']): boolean =>
  isJsonObject(events) && Object.hasOwn(events, LOGOUT_EVENT)

/** Whether claims are those of an access token: the app may put any of them into an ID token, except the `jti`. */
const isAccess = ({ client_id, scp, scope, jti = '' }: UnprovenJwt['claims']): boolean =>
  typeof client_id === 'string' && (scp ?? scope) !== undefined && !UUID.test(jti)

/**
 * Says what is wrong with the purpose of a JWT that another signed, or is said to have signed; `undefined` if nothing
 * is. The words follow "The assertion" or "The request object".
 *
 * @param issuer - this server's issuer: none of its own tokens passes
 */
export function purposeProblem(
  use: ForeignUse,
  { typ, kind, iss }: { readonly typ: string; readonly kind: OwnKind | undefined; readonly iss: string },
  issuer: string,
): string | undefined {
  const isOther = Object.hasOwn(PURPOSES, typ) && PURPOSES[typ] !== use
  if (isOther || kind === 'logout_token') return `is a JWT for another purpose ('${typ}')`
  return kind !== undefined && iss === issuer ? 'is a token of this server' : undefined
}
