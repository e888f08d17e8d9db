import type { Context } from 'hono'
import { html } from 'hono/html'
import type { AppEnv } from '../context.ts'
import type { OAuthError } from '../errors/oauth-error.ts'
import { nowSeconds } from '../util/clock.ts'
import { renderError, retryAfter } from './error-response.ts'
import { renderPage } from './page.ts'
import { renderDetails, tellingDetails } from './page-details.ts'
import { TROUBLE } from './page-mark.ts'
import { textsFor } from './page-text.ts'

/** Answers a request that is refused before its endpoint sees it: with a page where a user reads it, else in JSON. */
export function renderRefusal(c: Context<AppEnv>, error: OAuthError): Response | Promise<Response> {
  c.var.ctx.refused(error)
  if (!/text\/html/.test(c.req.header('accept') ?? '')) return renderError(error)
  for (const [name, value] of Object.entries(retryAfter(error))) c.header(name, value)
  const texts = textsFor(c)
  const lead = html`${texts.waitAndReload}`
  const { requestId } = c.var.ctx
  const content = renderDetails(c, { ...tellingDetails(error), requestId, at: nowSeconds() })
  const page = { title: texts.tooManyRequests, lead, mark: TROUBLE, failed: true, content } as const
  return renderPage(c, page, error.status)
}
