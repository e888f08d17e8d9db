import type { Context } from 'hono'
import type { AppEnv } from '../context.ts'
import {
  acceptLogout,
  getLogoutRequest,
  type LogoutRequestView,
  rejectLogout,
} from '../flow/logout-request.ts'
import { readForm } from '../http/form.ts'
import { type Html, html } from '../http/html.ts'
import { basePath, renderPage } from '../http/page.ts'
import { challengeOf, clientName, proceed } from './flow-step.ts'

/** The built-in logout page: asks, unless the client was registered to skip that (contract 3.11). */
export async function showLogout(c: Context<AppEnv>): Promise<Response> {
  const challenge = challengeOf(c, 'logout_challenge')
  const request = await getLogoutRequest(c.var.ctx, challenge)
  if (request.status === 410) return proceed(c, request.body)
  if (request.body.client?.['skip_logout_consent'] === true) {
    return proceed(c, (await acceptLogout(c.var.ctx, challenge)).body)
  }
  return renderPage(c, { title: 'Log out?', narrow: true, content: logoutForm(request.body) })
}

/** Takes the logout form. A "no" leaves everything as it is. */
export async function submitLogout(c: Context<AppEnv>): Promise<Response> {
  const challenge = challengeOf(c, 'logout_challenge')
  const form = await readForm(c.req.raw)
  if (form.get('reject') === undefined) return proceed(c, (await acceptLogout(c.var.ctx, challenge)).body)
  await rejectLogout(c.var.ctx, challenge)
  const content = html`<p>Nothing was changed. <a href="${basePath(c.var.ctx.rt.config)}/">Go on</a></p>`
  return renderPage(c, { title: 'You are still logged in', narrow: true, content })
}

function logoutForm({ client, subject }: LogoutRequestView): Html {
  return html`<form method="post" class="card">
<p>${client === null ? 'This' : `${clientName(client)} asks for it. This`} ends the login of
<strong>${subject}</strong> in this browser.</p>
<div class="buttons">
<button type="submit" name="accept" value="true">Log out</button>
<button type="submit" name="reject" value="true" class="plain">Stay logged in</button>
</div>
</form>`
}
