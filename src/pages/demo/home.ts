import type { Context } from 'hono'
import { html } from 'hono/html'
import type { AppEnv } from '../../context.ts'
import { redirect } from '../../http/location.ts'
import { basePath, renderPage } from '../../http/page.ts'

/** The demo's first page: a button that starts a login, and links. */
export function showHome(c: Context<AppEnv>): Response | Promise<Response> {
  const { loopback, urls } = c.var.ctx.rt.config
  // The demo's cookies belong to the host that the login returns to.
  if (loopback && new URL(urls.public).hostname !== new URL(c.req.url).hostname)
    return redirect(c, `${urls.public}/`, 302)
  const base = basePath(c)
  const loggedOut = c.req.query('state') === 'logged-out'
  const content = html`${loggedOut && html`<p class="notice" role="status">You are logged out.</p>`}
<p>This server issues OAuth 2.0 and OpenID Connect tokens. The button below walks a demo application
through a whole login: authorization code with PKCE, over the built-in login and consent pages.</p>
<form method="post" action="${base}/demo/start" class="buttons">
<button type="submit">Log in with the demo application</button>
</form>
<p class="soft">The demo user is <code>demo</code>, with password <code>demo</code>.</p>
<h2>Look around</h2>
<ul>
<li><a href="${base}/.well-known/openid-configuration">Discovery document</a></li>
<li><a href="${base}/.well-known/jwks.json">Public keys</a></li>
<li><a href="${base}/health/ready">Health</a></li>
</ul>`
  return renderPage(c, { title: loggedOut ? 'See you again' : 'Ladon is running', content })
}
