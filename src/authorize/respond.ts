import type { Context } from 'hono'
import type { AppEnv } from '../context.ts'
import { errorBody, type OAuthError } from '../errors/oauth-error.ts'
import { sessionState } from '../flow/session-state.ts'
import { withQuery } from '../flow/urls.ts'
import { formPost } from './form-post.ts'
import type { DeviceRequest, Target } from './request.ts'

/**
 * Sends the browser to the client with parameters, `state` as it came, `iss` always and with `openid` a `session_state`
 * (RFC 6749 section 4.1.2, RFC 9207).
 *
 * @param sid - the login session that the answer is about
 */
export async function respondToClient(
  c: Context<AppEnv>,
  target: Target,
  parameters: Readonly<Record<string, string>>,
  sid?: string,
): Promise<Response> {
  const { client, redirectUri, openid } = target
  const session = openid ? await sessionState(c, client.id, redirectUri, sid) : {}
  const answer = new URLSearchParams({ ...parameters, ...session })
  if (target.state !== undefined) answer.set('state', target.state)
  answer.set('iss', c.var.ctx.rt.config.urls.issuer)
  if (target.responseMode === 'form_post') return formPost(c, redirectUri, answer)
  noStore(c)
  return c.redirect(appendParameters(target, answer), 303)
}

/** Sends an error to the client; throws it where there is no way to one from a browser, as with a device. */
export function respondError(
  c: Context<AppEnv>,
  target: Target | DeviceRequest | undefined,
  error: OAuthError,
): Promise<Response> {
  if (target === undefined || !('redirectUri' in target)) throw error
  c.var.ctx.refused(error)
  return respondToClient(c, target, { ...errorBody(error) })
}

/** Shows an error that may not be sent to any client (RFC 6749 section 4.1.2.1). */
export function respondErrorPage(c: Context<AppEnv>, error: OAuthError): Response {
  c.var.ctx.refused(error)
  noStore(c)
  return c.redirect(withQuery(c.var.ctx.rt.config.urls.error, { ...errorBody(error) }), 302)
}

/** Sends the browser to one of our own pages or the operator's. */
export function respondPage(c: Context<AppEnv>, url: string): Response {
  noStore(c)
  return c.redirect(url, 302)
}

function noStore(c: Context<AppEnv>): void {
  c.header('cache-control', 'no-store')
  c.header('pragma', 'no-cache')
}

/** Joins as text, so that the redirect URI stays exactly as registered. */
function appendParameters({ redirectUri, responseMode }: Target, answer: URLSearchParams): string {
  if (responseMode === 'fragment') return `${redirectUri}#${answer}`
  const joint = !redirectUri.includes('?') ? '?' : /[?&]$/.test(redirectUri) ? '' : '&'
  return `${redirectUri}${joint}${answer}`
}
