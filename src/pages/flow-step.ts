import type { Context } from 'hono'
import { html } from 'hono/html'
import type { AppEnv, RequestContext } from '../context.ts'
import { invalidRequest } from '../errors/oauth-error.ts'
import type { Continuation, FlowAnswer } from '../flow/challenge.ts'
import { redirect } from '../http/location.ts'
import type { Html, HtmlOrNone } from '../http/page.ts'
import type { Json, JsonObject } from '../util/json.ts'

/** The error that the client gets for a user's "no" (RFC 6749 section 4.1.2.1). */
export const DENIED = { error: 'access_denied', error_description: 'The user said no.' }

/** The challenge in a page's URL; throws `invalid_request` if there is none. */
export function challengeOf(c: Context<AppEnv>, step: 'login' | 'consent' | 'logout' | 'device'): string {
  const challenge = c.req.query(`${step}_challenge`)
  if (challenge) return challenge
  throw invalidRequest('page_alone')
}

/** Makes a handler that gets the request of a page's challenge; an expired request starts again. */
export const forRequest =
  <View>(
    step: 'login' | 'consent' | 'logout',
    load: (ctx: RequestContext, challenge: string) => Promise<FlowAnswer<View>>,
    handle: (c: Context<AppEnv>, request: View) => Response | Promise<Response>,
  ) =>
  async (c: Context<AppEnv>): Promise<Response> => {
    const answer = await load(c.var.ctx, challengeOf(c, step))
    return answer.status === 410 ? proceed(c, answer) : handle(c, answer.body)
  }

/** Sends the browser on with a GET: to the next step, or to the new start of an expired request. */
export function proceed(c: Context<AppEnv>, { body }: FlowAnswer<Continuation>): Response {
  return redirect(c, body.redirect_to, 303)
}

/** A checkbox to remember the decision. */
export const rememberBox = (label: string): Html =>
  html`<label class="choice"><input type="checkbox" name="remember" value="true"> ${label}</label>`

/** The buttons of a form with two answers; `yes` and `no` are their labels. */
export const verdictButtons = (yes: string, no: string): Html => html`<div class="buttons">
<button type="submit" name="accept" value="true">${yes}</button>
<button type="submit" name="reject" value="true" class="plain">${no}</button>
</div>`

/** A text of others on a page. Its direction does not spread to what stands around it (HTML standard section 4.5.24). */
export const isolated = (text: string): Html => html`<bdi>${text}</bdi>`

/** The client's name to show on a page. */
export function clientName(client: JsonObject): Html {
  const { client_name: name, client_id: id } = client
  return isolated(typeof name === 'string' && name !== '' ? name : String(id))
}

/** The client's logo, and links to its policy and terms (OIDC Registration section 2). */
export function clientLinks({ logo_uri: logo, policy_uri: policy, tos_uri: terms }: JsonObject): Html {
  return html`${!!logo && html`<img src="${String(logo)}" alt="" height="48">`}
${link(policy, 'Privacy policy')}
${link(terms, 'Terms of service')}`
}

const link = (url: Json | undefined, text: string): HtmlOrNone =>
  !!url && html`<p class="soft"><a href="${String(url)}">${text}</a></p>`
