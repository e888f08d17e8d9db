import type { Context } from 'hono'
import { html } from 'hono/html'
import type { AppEnv } from '../context.ts'
import { isCode } from '../errors/catalogue.ts'
import { errorBody, type OAuthError } from '../errors/oauth-error.ts'
import type { Seconds } from '../util/clock.ts'
import { rfc3339 } from '../util/rfc3339.ts'
import { hasDocuments, helpAt } from './help-link.ts'
import { filled, type Html, languageOf, textsFor } from './page-text.ts'

/** What developers want to know of a failure. Empty texts are left out. */
export interface Details {
  /** What the error is called. */
  readonly error: string
  /** Its name in the catalogue, which leads to its place in the documents. */
  readonly code: string
  /** Why, from the closed list of reasons, if the sender of the request may know. */
  readonly reason: string
  readonly description: string
  /** The request whose log line tells more. */
  readonly requestId: string
  readonly at: Seconds
}

/** What an answer that tells an error says to developers. */
export function tellingDetails(
  error: OAuthError,
): Pick<Details, 'error' | 'code' | 'reason' | 'description'> {
  const { error: name, error_description: description } = errorBody(error)
  return { error: name, code: error.code, reason: error.publicReason, description }
}

/**
 * The end of a page about a failure: the id of the request for a screenshot, and folded what developers want to know,
 * which is in English.
 */
export function renderDetails(c: Context<AppEnv>, details: Details): Html {
  const { error, reason, description, requestId, at } = details
  const help = helpUrl(c, details)
  const texts = textsFor(c)
  const id = html`<code dir="ltr">${requestId}</code>`
  const rows: readonly (readonly [name: string, value: Html])[] = [
    ...(error === '' ? [] : [[texts.detailError, inEnglish(error, reason)] as const]),
    ...(description === ''
      ? []
      : [[texts.detailReason, html`<span lang="en" dir="auto">${description}</span>`] as const]),
    [texts.detailTime, html`<time datetime="${rfc3339(at)}">${timeIn(languageOf(c), at)}</time>`],
    [texts.detailRequest, id],
  ]
  return html`<details>
<summary>${texts.forDevelopers}</summary>
<dl>
${rows.map(([name, value]) => html`<dt>${name}</dt><dd>${value}</dd>`)}
</dl>
${help !== undefined && html`<p><a href="${help}" hreflang="en">${texts.howToFix}</a></p>`}
</details>
<p class="note">${filled(texts.request, { id })}</p>`
}

/** Where the documents, which are in English, explain the failure; `undefined` where it is no error or they are off. */
function helpUrl(c: Context<AppEnv>, { code, reason }: Details): string | undefined {
  const { rt } = c.var.ctx
  if (!hasDocuments(rt) || !isCode(code)) return undefined
  return helpAt(rt.config.urls.path, code, reason)
}

const inEnglish = (error: string, reason: string): Html =>
  html`<code lang="en" dir="ltr">${error}</code>${reason !== '' && html` <code lang="en" dir="ltr">${reason}</code>`}`

/** A time in a language, in UTC: that is what logs have. */
export const timeIn = (language: string, at: Seconds): string =>
  new Intl.DateTimeFormat(language, { dateStyle: 'medium', timeStyle: 'long', timeZone: 'UTC' }).format(
    at * 1000,
  )
