import type { Runtime } from '../runtime.ts'
import type { JsonObject } from '../util/json.ts'
import type { ActiveToken } from './inspect.ts'

/** Introspection response of an active token (RFC 7662 section 2.2, contract 2.7). */
export function introspectionOf(rt: Runtime, active: ActiveToken): Record<string, unknown> {
  const { token, use, grant } = active
  const iss = rt.config.urls.issuer
  const { scope, audience } = active.grant === null ? active.token : active.grant
  const common = {
    active: true,
    ...(scope.length > 0 && { scope: scope.join(' ') }),
    ...(token.expiresAt !== null && { exp: token.expiresAt }),
    aud: audience,
    iss,
    token_type: 'Bearer',
    token_use: use,
  }
  if (grant === null) {
    const { clientId, subject, issuedAt, custom } = active.token
    const times = { iat: issuedAt, nbf: issuedAt }
    return { ...common, client_id: clientId, sub: subject ?? clientId, ...times, ...extOf(custom) }
  }
  const { clientId, subject, shown, requestedAt, accessTokenClaims } = grant
  return {
    ...common,
    client_id: clientId,
    sub: subject,
    ...(shown !== undefined && { obfuscated_subject: shown.sub }),
    iat: requestedAt,
    nbf: requestedAt,
    ...extOf(accessTokenClaims),
  }
}

const extOf = (custom: JsonObject): { readonly ext?: JsonObject } =>
  Object.keys(custom).length > 0 ? { ext: custom } : {}

/** Scopes the token was granted. */
export const grantedScopes = (active: ActiveToken): readonly string[] =>
  active.grant === null ? active.token.scope : active.grant.scope
