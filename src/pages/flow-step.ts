import type { Context } from 'hono'
import { html } from 'hono/html'
import type { AppEnv, RequestContext } from '../context.ts'
import { invalidRequest } from '../errors/oauth-error.ts'
import type { Continuation, FlowAnswer } from '../flow/challenge.ts'
import { type Parameters, readQuery } from '../http/form.ts'
import { redirect } from '../http/location.ts'
import { type Html, queryIn, speakAs } from '../http/page-text.ts'

/** The challenge in a page's URL; throws `invalid_request` if there is none. */
export function challengeOf(c: Context<AppEnv>, step: 'login' | 'consent' | 'logout' | 'device'): string {
  const challenge = c.req.query(`${step}_challenge`)
  if (challenge) return challenge
  throw invalidRequest('page_alone')
}

/**
 * Makes a handler that gets the request of a page's challenge, and speaks the language that the request asks for; an
 * expired request starts again.
 */
export const forRequest =
  <View extends { readonly request_url: string }>(
    step: 'login' | 'consent' | 'logout',
    load: (ctx: RequestContext, challenge: string) => Promise<FlowAnswer<View>>,
    handle: (c: Context<AppEnv>, request: View) => Response | Promise<Response>,
  ) =>
  async (c: Context<AppEnv>): Promise<Response> => {
    const answer = await load(c.var.ctx, challengeOf(c, step))
    if (answer.status === 410) return proceed(c, answer)
    speakAs(c, queryIn(answer.body.request_url))
    return handle(c, answer.body)
  }

/** The parameters of the request that a page is about. */
export const parametersOf = ({ request_url: url }: { readonly request_url: string }): Parameters =>
  readQuery(queryIn(url))

/** Sends the browser on with a GET: to the next step, or to the new start of an expired request. */
export function proceed(c: Context<AppEnv>, { body }: FlowAnswer<Continuation>): Response {
  return redirect(c, body.redirect_to, 303)
}

/** A checkbox to remember the decision. */
export const rememberBox = (label: string): Html =>
  html`<label class="row"><input type="checkbox" name="remember" value="true"><span>${label}</span></label>`

/** The buttons of a form with two answers; `yes` and `no` are their labels. */
export const verdictButtons = (yes: string, no: string): Html => html`<div class="buttons">
<button type="submit" name="accept" value="true">${yes}</button>
<button type="submit" name="reject" value="true" class="plain">${no}</button>
</div>`
