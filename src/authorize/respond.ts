import type { Context } from 'hono'
import type { AppEnv } from '../context.ts'
import { errorBody, type OAuthError } from '../errors/oauth-error.ts'
import { errorNotice } from '../flow/error-notice.ts'
import { sessionState } from '../flow/session-state.ts'
import { ownErrorUrl } from '../flow/urls.ts'
import { redirect, withQuery } from '../http/location.ts'
import type { Target } from './request.ts'

/**
 * All that answers to clients may hold. None of it stays in the query of a redirect URI, in any response mode: a
 * success that brings a registered `error` along, or a second `iss`, would be read as something else than was meant.
 */
const ANSWER = [
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
 * Has the response mode send the browser to the client with parameters, `state` as it came, `iss` always and with `openid` a `session_state`
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
  const state = target.state === undefined ? {} : { state: target.state }
  const answer = { ...parameters, ...session, ...state, iss: c.var.ctx.rt.config.urls.issuer }
  return target.responseMode.send(c, { ...target, redirectUri: withQuery(redirectUri, {}, ANSWER) }, answer)
}

/**
 * Shows an error that may not be sent to any client (RFC 6749 section 4.1.2.1). A page of the operator's own is told it
 * in Hydra's parameters (contract 3.15); our own believes only what is sealed.
 */
export async function respondErrorPage(c: Context<AppEnv>, error: OAuthError): Promise<Response> {
  c.var.ctx.refused(error)
  const { urls } = c.var.ctx.rt.config
  const body = errorBody(error)
  const notice = urls.error === ownErrorUrl(urls) ? await errorNotice(c.var.ctx, body) : {}
  return redirect(c, withQuery(urls.error, { ...body, ...notice }), 302)
}

/** Sends the browser to one of our own pages or the operator's. */
export function respondPage(c: Context<AppEnv>, url: string): Response {
  return redirect(c, url, 302)
}
