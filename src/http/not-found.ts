import type { Context } from 'hono'
import { html } from 'hono/html'
import { routePath } from 'hono/route'
import type { AppEnv } from '../context.ts'
import { OAuthError } from '../errors/oauth-error.ts'
import { renderPage } from './page.ts'
import { textsFor } from './page-text.ts'

/** The pattern of what no route takes. */
export const ANY_PATH = '/*'

/**
 * Returns the handler of requests that no endpoint takes (contract 0.2). An unknown path is 404, and so is a wrong method
 * of a public one; of the admin API it is 405, as in Hydra.
 *
 * @param methodsAt - the methods that a path of the admin API takes
 */
export const notFound =
  (methodsAt: (path: string) => readonly string[]) =>
  (c: Context<AppEnv>): Response | Promise<Response> => {
    c.env.route ??= routePath(c, -1) || ANY_PATH
    c.set('ctx', c.env.ctx)
    const methods = methodsAt(c.req.path)
    return methods.length === 0 ? unknownPath(c) : wrongMethod(c, methods.join(', '))
  }

function wrongMethod(c: Context<AppEnv>, allow: string): Response {
  c.var.ctx.refused(new OAuthError('method_not_allowed', 'method_unknown', { methods: allow }))
  return c.body('Method Not Allowed\n', 405, { allow, 'content-type': 'text/plain; charset=utf-8' })
}

/** Answers in the format that the caller accepts. Only this answer has the nested JSON form (contract 0.2). */
function unknownPath(c: Context<AppEnv>): Response | Promise<Response> {
  c.var.ctx.refused(new OAuthError('resource_not_found', 'path_unknown'))
  const accept = c.req.header('accept') ?? ''
  const reason = 'No endpoint has this path and method.'
  const wantsHtml = accept.includes('text/html')
  if (accept.includes('json') || (!wantsHtml && (accept === '' || accept.includes('*/*')))) {
    return c.json({ error: { code: 404, message: 'Not Found', reason } }, 404)
  }
  if (!wantsHtml) return c.text('404 Not Found', 404)
  const texts = textsFor(c)
  const page = {
    title: texts.notFound,
    lead: html`${texts.notFoundMore}`,
    failed: true,
    content: html``,
  } as const
  return renderPage(c, page, 404)
}
