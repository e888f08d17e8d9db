import type { Context } from 'hono'
import { html } from 'hono/html'
import type { AppEnv } from '../context.ts'
import type { Seconds } from '../util/clock.ts'
import { rfc3339 } from '../util/rfc3339.ts'
import { filled, type Html, languageOf, textsFor } from './page-text.ts'

/** What developers want to know of a failure. Empty texts are left out. */
export interface Details {
  /** The code of the error. */
  readonly error: string
  /** Why, from the closed list of reasons, if the sender of the request may know. */
  readonly reason: string
  readonly description: string
  /** The request whose log line tells more. */
  readonly requestId: string
  readonly at: Seconds
}

/**
 * The end of a page about a failure: the id of the request for a screenshot, and folded what developers want to know,
 * which is in English.
 */
export function renderDetails(c: Context<AppEnv>, details: Details): Html {
  const { error, reason, description, requestId, at } = details
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
</details>
<p class="note">${filled(texts.request, { id })}</p>`
}

const inEnglish = (error: string, reason: string): Html =>
  html`<code lang="en" dir="ltr">${error}</code>${reason !== '' && html` <code lang="en" dir="ltr">${reason}</code>`}`

/** A time in a language, in UTC: that is what logs have. */
export const timeIn = (language: string, at: Seconds): string =>
  new Intl.DateTimeFormat(language, { dateStyle: 'medium', timeStyle: 'long', timeZone: 'UTC' }).format(
    at * 1000,
  )
