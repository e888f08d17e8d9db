import type { Context } from 'hono'
import { html } from 'hono/html'
import type { AppEnv } from '../context.ts'
import { readSessionCookie } from '../flow/browser.ts'
import { readForm } from '../http/form.ts'
import { basePath, renderPage } from '../http/page.ts'
import { applicationOf } from '../http/page-application.ts'
import { filled, isolated, languageOf, queryIn, speakAs, textsFor } from '../http/page-text.ts'
import { acceptLogout, getLogoutRequest, type LogoutRequestView, rejectLogout } from '../logout/request.ts'
import { challengeOf, forRequest, proceed, verdictButtons } from './flow-step.ts'

/** The built-in logout page: asks, unless the client is registered to skip that (contract 3.11). */
export const showLogout = forRequest('logout', getLogoutRequest, async (c, request) => {
  if (request.client?.['skip_logout_consent'] === true)
    return proceed(c, await acceptLogout(c.var.ctx, request.challenge))
  const own = (await readSessionCookie(c))?.sid === request.sid
  return logoutPage(c, request, own)
})

/** Handles the logout form. A "no" changes nothing. */
export async function submitLogout(c: Context<AppEnv>): Promise<Response> {
  const challenge = challengeOf(c, 'logout')
  const form = await readForm(c.var.body)
  if (form.get('reject') === undefined) return proceed(c, await acceptLogout(c.var.ctx, challenge))
  const answer = await getLogoutRequest(c.var.ctx, challenge)
  if (answer.status === 200) speakAs(c, queryIn(answer.body.request_url))
  await rejectLogout(c.var.ctx, challenge)
  const texts = textsFor(c)
  const content = html`<div class="buttons"><a class="button" href="${basePath(c)}/">${texts.continue}</a></div>`
  return renderPage(c, { title: texts.stillLoggedIn, lead: html`${texts.mayHaveLoggedOut}`, content })
}

/**
 * The logout form. Names the subject only in the browser of the session, because anybody with an ID token, such as its
 * client, can open this page.
 */
function logoutPage(
  c: Context<AppEnv>,
  { client, registered_itself: stranger, subject }: LogoutRequestView,
  own: boolean,
): Response | Promise<Response> {
  const texts = textsFor(c)
  // What a stranger calls itself could be a message.
  const application = stranger === undefined && client ? applicationOf(client, languageOf(c)) : undefined
  const user = html`<strong>${isolated(subject)}</strong>`
  const lead = html`${application && html`${filled(texts.asksToLogOut, { app: application.shown })} `}${
    own ? filled(texts.endsLogin, { user }) : texts.endsSomeLogin
  }`
  const content = html`<form method="post">${verdictButtons(texts.logOut, texts.stayLoggedIn)}</form>`
  return renderPage(c, {
    title: texts.wantsLogOut,
    lead,
    content,
    ...(application && { mark: application.mark }),
  })
}
