import type { Context } from 'hono'
import { html } from 'hono/html'
import type { ContentfulStatusCode } from 'hono/utils/http-status'
import type { AppEnv } from '../context.ts'
import { basePath, renderPage } from '../http/page.ts'

/** A page for a step that cannot go on, with a link to start again. */
export function renderProblem(
  c: Context<AppEnv>,
  status: ContentfulStatusCode,
  problem: string,
  title = 'This step cannot go on',
): Response | Promise<Response> {
  const content = html`<p class="alert" role="alert">${problem}</p>
<p>Nothing is lost: go back to the application and log in again.</p>
<div class="buttons"><a class="button" href="${basePath(c)}/">Start again</a></div>
<p class="soft">Request <code>${c.var.ctx.requestId}</code></p>`
  return renderPage(c, { title, narrow: true, content }, status)
}
