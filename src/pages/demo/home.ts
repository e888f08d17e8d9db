import type { Context } from 'hono'
import { html } from 'hono/html'
import type { AppEnv } from '../../context.ts'
import { redirect } from '../../http/location.ts'
import { basePath, renderPage } from '../../http/page.ts'
import { filled, filledText, textsFor } from '../../http/page-text.ts'
import { DEMO_USER } from '../demo-user.ts'

/** The demo's first page: a button that starts a login, and links. */
export function showHome(c: Context<AppEnv>): Response | Promise<Response> {
  const { loopback, urls } = c.var.ctx.rt.config
  // The demo's cookies belong to the host that the login returns to.
  if (loopback && new URL(urls.public).hostname !== new URL(c.req.url).hostname)
    return redirect(c, `${urls.public}/`, 302)
  const base = basePath(c)
  const texts = textsFor(c)
  const loggedOut = c.req.query('state') === 'logged-out'
  const code = html`<code>${DEMO_USER}</code>`
  const content = html`${loggedOut && html`<p class="notice" role="status">${texts.loggedOut}</p>`}
<p>${texts.demoAbout}</p>
<form method="post" action="${base}/demo/start">
<button type="submit">${texts.demoLogIn}</button>
</form>
<p class="note">${filled(texts.tryOut, { name: code, password: code })}</p>
<h2>${texts.demoLookAround}</h2>
<ul class="list">
<li class="row"><a href="${base}/.well-known/openid-configuration">${texts.demoDiscovery}</a></li>
<li class="row"><a href="${base}/.well-known/jwks.json">${texts.demoKeys}</a></li>
<li class="row"><a href="${base}/health/ready">${texts.demoHealth}</a></li>
</ul>`
  const title = filledText(texts.demoRunning, { name: c.var.ctx.rt.config.brand.name })
  return renderPage(c, { title: loggedOut ? texts.demoSeeYou : title, content })
}
