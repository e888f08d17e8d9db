import type { Context } from 'hono'
import { html } from 'hono/html'
import type { AppEnv } from '../context.ts'
import { OAuthError } from '../errors/oauth-error.ts'
import { renderPage } from './page.ts'

/**
 * Answers an unknown path or method with 404, in the format that the caller accepts. Only this answer has the nested
 * JSON form (contract 0.2).
 */
export function notFound(c: Context<AppEnv>): Response | Promise<Response> {
  c.var.ctx.refused(new OAuthError('resource_not_found', 'path_unknown'))
  const accept = c.req.header('accept') ?? ''
  const reason = 'No endpoint has this path and method.'
  const wantsHtml = accept.includes('text/html')
  if (accept.includes('json') || (!wantsHtml && (accept === '' || accept.includes('*/*')))) {
    return c.json({ error: { code: 404, message: 'Not Found', reason } }, 404)
  }
  if (!wantsHtml) return c.text('404 Not Found', 404)
  return renderPage(
    c,
    { title: 'Not found', narrow: true, content: html`<p>This page does not exist.</p>` },
    404,
  )
}
