import { Buffer } from 'node:buffer'
import type { Context } from 'hono'
import { html } from 'hono/html'
import type { ContentfulStatusCode } from 'hono/utils/http-status'
import type { Brand } from '../config/brand.ts'
import type { AppEnv } from '../context.ts'
import { directionOf, textsOf } from '../languages/languages.ts'
import { sha256 } from '../util/digest.ts'
import { iconOf, imageSource, type Mark, renderMark } from './page-mark.ts'
import { filledText, type Html, type HtmlOrNone, languageOf } from './page-text.ts'

/**
 * The Content Security Policy of every built-in page, before the images that it shows. It has no `form-action`: browsers
 * apply that to the redirects after a form too, and these lead to any client.
 */
const POLICY = "default-src 'none'; style-src 'self'; base-uri 'none'"

/** With `same-origin` other servers do not see challenges in `Referer`, while forms still send a valid `Origin`. */
const HEADERS = {
  'referrer-policy': 'same-origin',
  'cache-control': 'no-store',
  'x-robots-tag': 'noindex',
}

/** The parts of a page. */
export interface Page {
  /** The title, and the heading if there is none. */
  readonly title: string
  /** The heading, where it holds texts of others. */
  readonly heading?: Html
  /** A line below the heading. */
  readonly lead?: HtmlOrNone
  /** Whose page it is; the operator's if absent. */
  readonly mark?: Mark
  /** Set for a page that shows more than a card can hold. */
  readonly wide?: true
  readonly content: Html
  /** Why the page's form was refused, shown as an alert above it. */
  readonly problem?: string | undefined
  /**
   * Set for a page that a browser only passes through: it has no picture of the operator's, whose host would learn of
   * every login.
   */
  readonly passing?: true
  /** Whether the page is about a failure, which its title says. */
  readonly failed?: true
  /**
   * Directives that are added to the policy of a page with a script. Such a page may be in a frame, so it must not let
   * the user decide anything.
   */
  readonly policy?: string
  /** Further content of the head. */
  readonly head?: Html
}

/** The status for a form that was understood but not accepted (RFC 9110 section 15.5.21). */
const UNPROCESSABLE = 422

/** The status of a page in place of 401: that comes with a challenge, for which browsers ask the user for a password. */
const UNAUTHENTICATED = 400

/** Renders a built-in page with its headers, in the language of its request. */
export function renderPage(
  c: Context<AppEnv>,
  page: Page,
  status: ContentfulStatusCode = page.problem === undefined ? 200 : UNPROCESSABLE,
): Response | Promise<Response> {
  const { policy, mark, problem } = page
  const { brand: own } = c.var.ctx.rt.config
  const brand = page.passing ? { ...own, logo: null, icon: null } : own
  const language = languageOf(c)
  const icon = iconOf(brand)
  for (const [name, value] of Object.entries(HEADERS)) c.header(name, value)
  const images = [icon, brand.logo, mark?.logo].filter((url) => typeof url === 'string').map(imageSource)
  const allowed = `${POLICY}; img-src ${[...new Set(images)].join(' ')}`
  c.header('content-security-policy', `${allowed}; ${policy ?? "frame-ancestors 'none'"}`)
  c.header('content-language', language)
  if (policy === undefined) c.header('x-frame-options', 'DENY')
  const texts = textsOf(language)
  const failed = page.failed === true || problem !== undefined
  const title = failed ? filledText(texts.errorTitle, { title: page.title }) : page.title
  const document = html`<!doctype html>
<html lang="${language}" dir="${directionOf(language)}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title} · ${brand.name}</title>
<link rel="icon" href="${icon}">
<link rel="stylesheet" href="${basePath(c)}/oauth2/fallbacks/style.css">
${page.head}
</head>
<body>
<main${page.wide && html` class="wide"`}>
<header>
${renderMark(mark ?? brand)}
<h1>${page.heading ?? page.title}</h1>
${page.lead && html`<p class="lead">${page.lead}</p>`}
</header>
${problem && html`<p class="alert" role="alert" id="refusal">${problem}</p>`}
${page.content}
</main>
${renderFooter(brand, mark !== undefined, texts)}
</body>
</html>`
  return c.html(document, status === 401 ? UNAUTHENTICATED : status)
}

/** Names the operator, below the mark of an application too, and links to its pages. */
function renderFooter(
  { name, logo, links }: Brand,
  isBelow: boolean,
  texts: Readonly<Record<'support' | 'privacy' | 'terms', string>>,
): Html {
  const { support, privacy, terms } = links
  const shown = [
    [privacy, texts.privacy],
    [terms, texts.terms],
    [support, texts.support],
  ] as const
  return html`<footer>
<span class="brand">${isBelow && logo !== null && html`<img src="${logo}" alt="" referrerpolicy="no-referrer">`}<bdi>${name}</bdi></span>
${shown.map(([url, text]) => url !== undefined && html`<a href="${url}">${text}</a>`)}
</footer>`
}

/** Returns the policy source that allows a script by its hash (CSP Level 3 section 2.3.1). */
export const scriptSource = (script: string): string =>
  `'sha256-${Buffer.from(sha256(script)).toString('base64')}'`

/** Returns the path of the public URL without trailing slash. Every link on a page starts with it. */
export function basePath(c: Context<AppEnv>): string {
  return c.var.ctx.rt.config.urls.path
}

/** Returns the attributes that link a form's field to the alert above it. */
export const refusedField = (problem: string | undefined): HtmlOrNone =>
  problem && html` aria-invalid="true" aria-describedby="refusal"`

/** Returns the same for the field in which the cursor is put. */
export const refusedFirst = (problem: string | undefined): HtmlOrNone =>
  problem && html`${refusedField(problem)} autofocus`
