import { Buffer } from 'node:buffer'
import type { Context } from 'hono'
import { html } from 'hono/html'
import type { ContentfulStatusCode } from 'hono/utils/http-status'
import type { AppEnv } from '../context.ts'
import { sha256 } from '../util/digest.ts'

/**
 * The Content Security Policy of every built-in page. It has no `form-action`: browsers apply that to the redirects
 * after a form too, and these lead to any client.
 */
const POLICY = "default-src 'none'; style-src 'self'; img-src data: https:; base-uri 'none'"

/** With `same-origin` other servers do not see challenges in `Referer`, while forms still send a valid `Origin`. */
const HEADERS = {
  'referrer-policy': 'same-origin',
  'cache-control': 'no-store',
  'x-robots-tag': 'noindex',
}

/** A piece of HTML whose values are escaped, made by `html`. */
export type Html = ReturnType<typeof html>

/** HTML or nothing, in a template. */
export type HtmlOrNone = Html | '' | false | undefined

/** The parts of a page. */
export interface Page {
  /** The title and the heading. */
  readonly title: string
  /** Set for a page with a single form. */
  readonly narrow?: true
  readonly content: Html
  /** Why the page's form was refused, shown as an alert above it. */
  readonly problem?: string | undefined
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

/** Renders a built-in page with its headers. */
export function renderPage(
  c: Context<AppEnv>,
  { title, narrow, content, problem, policy, head }: Page,
  status: ContentfulStatusCode = problem === undefined ? 200 : UNPROCESSABLE,
): Response | Promise<Response> {
  for (const [name, value] of Object.entries(HEADERS)) c.header(name, value)
  c.header('content-security-policy', `${POLICY}; ${policy ?? "frame-ancestors 'none'"}`)
  if (policy === undefined) c.header('x-frame-options', 'DENY')
  const style = `${basePath(c)}/oauth2/fallbacks/style.css`
  const document = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title} · Ladon</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="${style}">
${head}
</head>
<body>
<main${narrow && html` class="narrow"`}>
<p class="brand">Ladon</p>
<h1>${title}</h1>
${problem && html`<p class="alert" role="alert" id="refusal">${problem}</p>`}
${content}
</main>
</body>
</html>`
  return c.html(document, status === 401 ? UNAUTHENTICATED : status)
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
