import type { Runtime } from '../runtime.ts'
import type { ClientRecord } from '../store/types.ts'
import type { ActiveToken } from './active-token.ts'
import { bindingOf, cnfOf } from './binding/possession.ts'
import { seenAs, subjectSeenBy } from './subject.ts'

/**
 * The introspection response for an active token (RFC 7662 section 2.2, contract 2.7); JSON leaves out undefined
 * members.
 *
 * @param asker - the client that asks, which sees only its own identifier of the subject; null for an admin
 */
export function introspectionOf(
  rt: Runtime,
  active: ActiveToken,
  asker: ClientRecord | null,
): Record<string, unknown> {
  const { token, use, grant } = active
  const { clientId, scope, audience } = grant ?? token
  const { subject, since, custom } =
    grant === null
      ? { subject: token.subject ?? clientId, since: token.issuedAt, custom: token.custom }
      : { subject: grant.subject, since: grant.requestedAt, custom: grant.accessTokenClaims }
  // A token without a user represents its client, whose id is not secret.
  const speaksForClient = grant === null && token.subject === null
  const seen =
    asker === null || speaksForClient
      ? subject
      : subjectSeenBy(rt.config, asker, { clientId, subject, pairwise: grant?.pairwise })
  const ext = seen === subject ? custom : seenAs(custom, subject, seen)
  return {
    active: true,
    scope: scope.join(' ') || undefined,
    exp: token.expiresAt ?? undefined,
    aud: audience,
    iss: rt.config.urls.issuer,
    token_type: bindingOf(token.cnf).introspectedType,
    cnf: cnfOf(token.cnf),
    token_use: use,
    client_id: clientId,
    sub: seen,
    obfuscated_subject: asker === null || asker.id === clientId ? grant?.pairwise?.sub : undefined,
    iat: since,
    nbf: since,
    ext: Object.keys(ext).length > 0 ? ext : undefined,
  }
}
