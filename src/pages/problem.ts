import type { Context } from 'hono'
import { html } from 'hono/html'
import type { ContentfulStatusCode } from 'hono/utils/http-status'
import type { AppEnv } from '../context.ts'
import { basePath, renderPage } from '../http/page.ts'
import { type Details, renderDetails } from '../http/page-details.ts'
import { TROUBLE } from '../http/page-mark.ts'
import { textsFor } from '../http/page-text.ts'
import { nowSeconds } from '../util/clock.ts'

/** What a page says about a step that cannot go on. */
export interface Problem {
  readonly title: string
  /** What the user can do. */
  readonly advice: string
  /** What it is, for developers. */
  readonly details?: Pick<Details, 'error' | 'code' | 'reason' | 'description'>
}

const NOTHING = { error: '', code: '', reason: '', description: '' }

/** A page for a step that cannot go on, with a link to start again. */
export function renderProblem(
  c: Context<AppEnv>,
  status: ContentfulStatusCode,
  { title, advice, details }: Problem,
): Response | Promise<Response> {
  const { requestId } = c.var.ctx
  const content = html`<div class="buttons"><a class="button" href="${basePath(c)}/">${textsFor(c).startAgain}</a></div>
${renderDetails(c, { ...(details ?? NOTHING), requestId, at: nowSeconds() })}`
  return renderPage(c, { title, lead: html`${advice}`, mark: TROUBLE, failed: true, content }, status)
}
