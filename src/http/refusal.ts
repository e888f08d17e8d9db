import type { Context } from 'hono'
import { html } from 'hono/html'
import type { AppEnv } from '../context.ts'
import { errorBody, type OAuthError } from '../errors/oauth-error.ts'
import { nowSeconds } from '../util/clock.ts'
import { renderError, retryAfter } from './error-response.ts'
import { renderPage } from './page.ts'
import { renderDetails } from './page-details.ts'
import { TROUBLE } from './page-mark.ts'
import { textsFor } from './page-text.ts'

/** Answers a request that is refused before its endpoint sees it: with a page where a user reads it, else in JSON. */
export function renderRefusal(c: Context<AppEnv>, error: OAuthError): Response | Promise<Response> {
  c.var.ctx.refused(error)
  if (!/text\/html/.test(c.req.header('accept') ?? '')) return renderError(error)
  for (const [name, value] of Object.entries(retryAfter(error))) c.header(name, value)
  const texts = textsFor(c)
  const { error: name, error_description: description } = errorBody(error)
  const { requestId } = c.var.ctx
  const details = { error: name, reason: error.publicReason, description, requestId, at: nowSeconds() }
  const lead = html`${texts.waitAndReload}`
  const content = renderDetails(c, details)
  const page = { title: texts.tooManyRequests, lead, mark: TROUBLE, failed: true, content } as const
  return renderPage(c, page, error.status)
}
