import type { Context } from 'hono'
import { html } from 'hono/html'
import type { AppEnv } from '../context.ts'
import { errorBody, type OAuthError } from '../errors/oauth-error.ts'
import { renderError, retryAfter } from './error-response.ts'
import { renderPage } from './page.ts'

/** Answers a request that is refused before its endpoint sees it: with a page where a user reads it, else in JSON. */
export function renderRefusal(c: Context<AppEnv>, error: OAuthError): Response | Promise<Response> {
  c.var.ctx.refused(error)
  if (!/text\/html/.test(c.req.header('accept') ?? '')) return renderError(error)
  for (const [name, value] of Object.entries(retryAfter(error))) c.header(name, value)
  const content = html`<p class="alert" role="alert">${errorBody(error).error_description}</p>
<p>Nothing is lost: wait a little, then load this page again.</p>
<p class="soft">Request <code>${c.var.ctx.requestId}</code></p>`
  return renderPage(c, { title: 'Too many requests', narrow: true, content }, error.status)
}
