import { Buffer } from 'node:buffer'
import type { Context } from 'hono'
import { html } from 'hono/html'
import type { ContentfulStatusCode } from 'hono/utils/http-status'
import type { AppEnv } from '../context.ts'
import { sha256 } from '../util/digest.ts'

/**
 * Policy of every built-in page. It names no `form-action`: browsers apply that to the redirects that follow a form
 * too, and those lead to clients anywhere.
 */
const POLICY = "default-src 'none'; style-src 'self'; img-src data: https:; base-uri 'none'"

/** `same-origin` keeps challenges out of `Referer` for others, while forms still send a true `Origin`. */
const HEADERS = {
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'same-origin',
  'cache-control': 'no-store',
  'x-robots-tag': 'noindex',
}

/** A piece of HTML, escaped where values were put in; what `html` makes. */
export type Html = ReturnType<typeof html>

/** What may stand in a template where there may be nothing. */
export type HtmlOrNone = Html | '' | false | undefined

/** A page: its title is its heading too; `narrow` suits a single form. */
export interface Page {
  readonly title: string
  readonly narrow?: true
  readonly content: Html
  /** Why the page's form was refused just now, shown as an alert above it. */
  readonly problem?: string | undefined
  /** Sources of the policy for a page with a script of ours; such a page decides nothing and may be in a frame. */
  readonly policy?: string
  /** What stands in the head besides. */
  readonly head?: Html
}

/** Status of a form that was understood but not accepted (RFC 9110 section 15.5.21). */
const UNPROCESSABLE = 422

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
  return c.html(document, status)
}

/** A script of ours as a source of the policy: by its hash (CSP Level 3 section 2.3.1). */
export const scriptSource = (script: string): string =>
  `'sha256-${Buffer.from(sha256(script)).toString('base64')}'`

/** Path of the public URL, without trailing slash: what every link of ours starts with. */
export function basePath(c: Context<AppEnv>): string {
  return new URL(c.var.ctx.rt.config.urls.public).pathname.replace(/\/+$/, '')
}

/** Attributes that tie a form's field to the refusal above it. */
export const refusedField = (problem: string | undefined): HtmlOrNone =>
  problem && html` aria-invalid="true" aria-describedby="refusal"`
