import type { Runtime } from '../runtime.ts'
import type { ActiveToken } from './active-token.ts'

/** Introspection response of an active token (RFC 7662 section 2.2, contract 2.7); JSON leaves out what is undefined. */
export function introspectionOf(rt: Runtime, { token, use, grant }: ActiveToken): Record<string, unknown> {
  const { clientId, scope, audience } = grant ?? token
  const { subject, since, custom } =
    grant === null
      ? { subject: token.subject ?? clientId, since: token.issuedAt, custom: token.custom }
      : { subject: grant.subject, since: grant.requestedAt, custom: grant.accessTokenClaims }
  return {
    active: true,
    scope: scope.join(' ') || undefined,
    exp: token.expiresAt ?? undefined,
    aud: audience,
    iss: rt.config.urls.issuer,
    token_type: 'Bearer',
    token_use: use,
    client_id: clientId,
    sub: subject,
    obfuscated_subject: grant?.pairwise?.sub,
    iat: since,
    nbf: since,
    ext: Object.keys(custom).length > 0 ? custom : undefined,
  }
}
