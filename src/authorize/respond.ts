import type { Context } from 'hono'
import type { AppEnv } from '../context.ts'
import { errorBody, type OAuthError } from '../errors/oauth-error.ts'
import { errorNotice } from '../flow/error-notice.ts'
import { sessionState } from '../flow/session-state.ts'
import { ownErrorUrl } from '../flow/urls.ts'
import { redirect, withQuery } from '../http/location.ts'
import { languageOf } from '../http/page-text.ts'
import type { Target } from './request.ts'

/**
 * Every parameter that an answer to a client can have. They are removed from the query of the redirect URI, in every
 * response mode: a registered `error` beside a code, or a second `iss`, would change what the answer means.
 */
const ANSWER_PARAMETERS = [
  'code',
  'access_token',
  'token_type',
  'expires_in',
  'id_token',
  'scope',
  'state',
  'iss',
  'session_state',
  'error',
  'error_description',
]

/**
 * Sends the browser to the client by the request's response mode: with the given parameters, `state`, always `iss`, and
 * for OpenID Connect `session_state` (RFC 6749 section 4.1.2, RFC 9207).
 *
 * @param sid - the login session that the answer belongs to
 */
export async function respondToClient(
  c: Context<AppEnv>,
  target: Target,
  parameters: Readonly<Record<string, string>>,
  sid?: string,
): Promise<Response> {
  const { client, redirectUri, openid } = target
  const session = openid ? await sessionState(c, client.id, redirectUri, sid) : {}
  const state = target.state === undefined ? {} : { state: target.state }
  const answer = { ...parameters, ...session, ...state, iss: c.var.ctx.rt.config.urls.issuer }
  return target.responseMode.send(
    c,
    { ...target, redirectUri: withQuery(redirectUri, {}, ANSWER_PARAMETERS) },
    answer,
  )
}

/**
 * Shows an error that must not go to any client (RFC 6749 section 4.1.2.1). The operator's own error page gets it in
 * Hydra's parameters (contract 3.15), with the id of the request; our page shows only what is sealed.
 *
 * @param client - id of the client whose authorization request failed, if any
 */
export async function respondErrorPage(
  c: Context<AppEnv>,
  error: OAuthError,
  client: string | null = null,
): Promise<Response> {
  c.var.ctx.refused(error)
  const { urls } = c.var.ctx.rt.config
  const isOwn = urls.error === ownErrorUrl(urls)
  const failed = { error, language: languageOf(c), client: client ?? '' }
  const more = isOwn ? await errorNotice(c.var.ctx, failed) : { request_id: c.var.ctx.requestId }
  return redirect(c, withQuery(urls.error, { ...errorBody(error), ...more }), 302)
}

/** Redirects the browser to one of our own pages or one of the operator's. */
export function respondPage(c: Context<AppEnv>, url: string): Response {
  return redirect(c, url, 302)
}
