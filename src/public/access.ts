import type { RequestContext } from '../context.ts'
import { OAuthError } from '../errors/oauth-error.ts'
import { type ActiveToken, findActive, isExpired, openToken } from '../tokens/active-token.ts'
import { type PresentedToken, possesses } from '../tokens/binding/possession.ts'
import { kindBySight } from '../tokens/kind-by-sight.ts'
import { rfc3339 } from '../util/rfc3339.ts'

const ACCESS_TOKEN = 'an access token'

/**
 * The active access token of a request (RFC 6750 section 3.1).
 *
 * @param expired - the error to throw for an expired token
 * @throws `request_unauthorized` for no token, a foreign or revoked one, a refresh token, or a token without proof of
 *   its key
 */
export async function requireAccess(
  ctx: RequestContext,
  presented: PresentedToken | undefined,
  expired: 'invalid_token' | 'request_unauthorized',
): Promise<ActiveToken> {
  if (presented === undefined) throw new OAuthError('request_unauthorized', 'token_missing')
  const opened = await openToken(ctx, presented.token)
  if (opened?.use !== 'access_token') throw unusable(presented.token)
  const { expiresAt } = opened.token
  if (isExpired(opened.token))
    throw new OAuthError(expired, 'token_expired', { expired: rfc3339(expiresAt ?? 0) })
  if (!(await possesses(ctx, opened.token.cnf, presented)))
    throw new OAuthError('request_unauthorized', 'proof_missing')
  const active = await findActive(ctx, opened)
  if (active === undefined) throw new OAuthError('request_unauthorized', 'token_inactive')
  return active
}

/** Returns the error for a text that is no access token of this server: by its looks it may be something else. */
function unusable(text: string): OAuthError {
  const kind = kindBySight(text)
  return kind === undefined || kind === ACCESS_TOKEN
    ? new OAuthError('request_unauthorized', 'token_unknown')
    : new OAuthError('request_unauthorized', 'token_of_other_kind', { kind })
}
