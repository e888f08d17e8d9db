import type { Context, MiddlewareHandler } from 'hono'
import type { AppEnv } from '../context.ts'
import { OAuthError } from '../errors/oauth-error.ts'
import { tellingDetails } from '../http/page-details.ts'
import { textsFor } from '../http/page-text.ts'
import { renderProblem } from './problem.ts'

/** Hides the demo pages while they are off: their paths then answer like unknown ones. */
export const demoPagesOnly: MiddlewareHandler<AppEnv> = async (c, next) => {
  if (!c.env.ctx.rt.config.demoPages) return c.notFound()
  return next()
}

/**
 * Accepts forms only from our own pages. Browsers name the origin of a request in `Sec-Fetch-Site`, older ones in
 * `Origin`; a request with neither is not a browser's, so it has nobody's cookies.
 */
export const ownFormsOnly: MiddlewareHandler<AppEnv> = async (c, next) => {
  if (c.req.method === 'POST' && !fromOurPages(c)) throw new OAuthError('request_forbidden', 'page_foreign')
  await next()
}

function fromOurPages(c: Context<AppEnv>): boolean {
  const site = c.req.header('sec-fetch-site')
  if (site !== undefined) return site === 'same-origin' || site === 'none'
  const origin = c.req.header('origin')
  if (origin === undefined) return true
  const own = [new URL(c.req.url).host, new URL(c.env.ctx.rt.config.urls.public).host]
  return own.includes(URL.parse(origin)?.host ?? '')
}

/** Shows a refusal as a page; passes failures of the server on to the application. */
export function showRefusal(thrown: Error, c: Context<AppEnv>): Response | Promise<Response> {
  if (!(thrown instanceof OAuthError) || thrown.status >= 500) throw thrown
  // A form of another site is refused before its endpoint's frame.
  c.set('ctx', c.env.ctx)
  const texts = textsFor(c)
  const isOver = thrown.code === 'challenge_not_found'
  return renderProblem(c, thrown.status, {
    title: isOver ? texts.linkExpired : texts.somethingWrong,
    advice: isOver ? texts.linkExpiredMore : texts.goBackAndTryAgain,
    details: tellingDetails(thrown),
  })
}
