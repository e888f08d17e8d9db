import type { Context } from 'hono'
import { html } from 'hono/html'
import { routePath } from 'hono/route'
import type { AppEnv } from '../context.ts'
import { OAuthError } from '../errors/oauth-error.ts'
import { type EndpointGroup, methodsAt } from './endpoint.ts'
import { nearPath } from './near-path.ts'
import { renderPage } from './page.ts'
import { textsFor } from './page-text.ts'

/** The pattern of what no route takes. */
export const ANY_PATH = '/*'

/**
 * Returns the handler of requests that no endpoint takes (contract 0.2). An unknown path is 404, and so is a wrong method
 * of a public one; of the admin API it is 405, as in Hydra. The text says what there is, and nothing of what is switched
 * off.
 */
export function notFound(
  table: readonly EndpointGroup[],
): (c: Context<AppEnv>) => Response | Promise<Response> {
  const groups = table.map(({ isOn = () => true, endpoints }) => ({
    isOn,
    methodsOf: methodsAt(endpoints),
    paths: endpoints.map(({ path }) => path),
  }))
  return (c) => {
    c.env.route ??= routePath(c, -1) || ANY_PATH
    c.set('ctx', c.env.ctx)
    const { path, method } = c.req
    const served = groups.filter(({ isOn }) => isOn(c.env.ctx.rt.config))
    const methods = new Set(served.flatMap(({ methodsOf }) => methodsOf(path)))
    if (methods.size === 0) {
      const paths = served.flatMap((group) => group.paths)
      return unknownPath(c, unknown(paths, path))
    }
    const facts = { methods: [...methods].sort().join(', '), method }
    return path.startsWith('/admin/')
      ? wrongMethod(c, new OAuthError('method_not_allowed', 'method_unknown', facts))
      : unknownPath(c, new OAuthError('resource_not_found', 'method_unknown', facts))
  }
}

function unknown(paths: readonly string[], path: string): OAuthError {
  const near = nearPath(paths, path)
  return near === undefined
    ? new OAuthError('resource_not_found', 'path_unknown')
    : new OAuthError('resource_not_found', 'path_near', { near })
}

function wrongMethod(c: Context<AppEnv>, error: OAuthError): Response {
  c.var.ctx.refused(error)
  const headers = { allow: String(error.facts['methods']), 'content-type': 'text/plain; charset=utf-8' }
  return c.body(`Method Not Allowed\n${error.hint}\n`, 405, headers)
}

/** Answers in the format that the caller accepts. Only this answer has the nested JSON form (contract 0.2). */
function unknownPath(c: Context<AppEnv>, error: OAuthError): Response | Promise<Response> {
  c.var.ctx.refused(error)
  const accept = c.req.header('accept') ?? ''
  const wantsHtml = accept.includes('text/html')
  if (accept.includes('json') || (!wantsHtml && (accept === '' || accept.includes('*/*')))) {
    return c.json({ error: { code: 404, message: 'Not Found', reason: error.hint } }, 404)
  }
  if (!wantsHtml) return c.text(`404 Not Found\n${error.hint}\n`, 404)
  const texts = textsFor(c)
  const page = {
    title: texts.notFound,
    lead: html`${texts.notFoundMore}`,
    failed: true,
    // What there is instead is for developers, who read English.
    content: error.reason === 'path_unknown' ? html`` : html`<p lang="en" dir="ltr">${error.hint}</p>`,
  } as const
  return renderPage(c, page, 404)
}
