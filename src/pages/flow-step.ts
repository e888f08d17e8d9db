import type { Context } from 'hono'
import type { AppEnv } from '../context.ts'
import { invalidRequest } from '../errors/oauth-error.ts'
import type { Continuation } from '../flow/request-view.ts'
import { type Html, html } from '../http/html.ts'
import type { Json, JsonObject } from '../util/json.ts'

/** What a user's "no" is called on its way to the client (RFC 6749 section 4.1.2.1). */
export const DENIED = { error: 'access_denied', error_description: 'The resource owner denied the request.' }

/** Status of a form that was understood but not accepted (RFC 9110 section 15.5.21). */
export const UNPROCESSABLE = 422

/** The challenge a page was opened with; throws `invalid_request` when it was opened without one. */
export function challengeOf(c: Context<AppEnv>, name: string): string {
  const challenge = c.req.query(name)
  if (challenge !== undefined && challenge !== '') return challenge
  throw invalidRequest('This page is part of a login that an application starts.')
}

/** Sends the browser on with a GET: to the next step, or to the fresh start of an expired one. */
export function proceed(c: Context<AppEnv>, { redirect_to }: Continuation): Response {
  c.header('cache-control', 'no-store')
  return c.redirect(redirect_to, 303)
}

/** The name a client is shown under. */
export function clientName(client: JsonObject): string {
  const { client_name: name, client_id: id } = client
  return typeof name === 'string' && name !== '' ? name : String(id)
}

/** What a client says about itself: its logo, and where its policy and terms are (OIDC Registration section 2). */
export function clientLinks({ logo_uri: logo, policy_uri: policy, tos_uri: terms }: JsonObject): Html {
  return html`${logo ? html`<img src="${String(logo)}" alt="" height="48">` : ''}
${link(policy, 'Privacy policy')}
${link(terms, 'Terms of service')}`
}

const link = (url: Json | undefined, text: string): Html | undefined =>
  url ? html`<p class="soft"><a href="${String(url)}">${text}</a></p>` : undefined
