import type { Context } from 'hono'
import { html } from 'hono/html'
import type { AppEnv } from '../context.ts'
import { readSessionCookie } from '../flow/browser.ts'
import { readForm } from '../http/form.ts'
import type { Html } from '../http/page.ts'
import { basePath, renderPage } from '../http/page.ts'
import { acceptLogout, getLogoutRequest, type LogoutRequestView, rejectLogout } from '../logout/request.ts'
import { challengeOf, clientName, forRequest, isolated, proceed, verdictButtons } from './flow-step.ts'

/** The built-in logout page: asks, unless the client is registered to skip that (contract 3.11). */
export const showLogout = forRequest('logout', getLogoutRequest, async (c, request) => {
  if (request.client?.['skip_logout_consent'] === true)
    return proceed(c, await acceptLogout(c.var.ctx, request.challenge))
  const own = (await readSessionCookie(c))?.sid === request.sid
  return renderPage(c, { title: 'Log out?', narrow: true, content: logoutForm(request, own) })
})

/** Handles the logout form. A "no" changes nothing. */
export async function submitLogout(c: Context<AppEnv>): Promise<Response> {
  const challenge = challengeOf(c, 'logout')
  const form = await readForm(c.var.body)
  if (form.get('reject') === undefined) return proceed(c, await acceptLogout(c.var.ctx, challenge))
  await rejectLogout(c.var.ctx, challenge)
  const content = html`<p>The application may have ended its own session all the same. <a href="${basePath(c)}/">Go on</a></p>`
  return renderPage(c, { title: 'You are still logged in', narrow: true, content })
}

/**
 * The logout form. Names the subject only in the browser of the session, because anybody with an ID token, such as its
 * client, can open this page.
 */
function logoutForm({ client, subject }: LogoutRequestView, own: boolean): Html {
  return html`<form method="post" class="card">
<p>${client === undefined ? '' : html`${clientName(client)} asks for it. `}${
    own
      ? html`This ends the login of <strong>${isolated(subject)}</strong> in this browser.`
      : 'This ends a login of this browser only; one elsewhere stays as it is.'
  }</p>
${verdictButtons('Log out', 'Stay logged in')}
</form>`
}
