import type { RequestContext } from '../context.ts'
import { OAuthError } from '../errors/oauth-error.ts'
import { type ActiveToken, findActive, isExpired, openToken } from '../tokens/active-token.ts'

/**
 * The active access token that a request came with (RFC 6750 section 3.1).
 *
 * @param expired - the error that says the token has expired
 * @throws `request_unauthorized` for no token, a foreign or revoked one, or a refresh token
 */
export async function requireAccess(
  ctx: RequestContext,
  text: string | undefined,
  expired: 'invalid_token' | 'request_unauthorized',
): Promise<ActiveToken> {
  if (text === undefined || text === '') throw new OAuthError('request_unauthorized', 'token_missing')
  const opened = await openToken(ctx, text)
  if (opened?.use !== 'access_token') throw new OAuthError('request_unauthorized', 'token_unknown')
  if (isExpired(opened.token)) throw new OAuthError(expired, 'token_expired')
  const active = await findActive(ctx, opened)
  if (active === undefined) throw new OAuthError('request_unauthorized', 'token_inactive')
  return active
}
