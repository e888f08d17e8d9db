import type { Context } from 'hono'
import { html } from 'hono/html'
import type { AppEnv } from '../context.ts'
import { NOTICE, readErrorNotice } from '../flow/error-notice.ts'
import { renderPage } from '../http/page.ts'
import { STYLE } from './style.ts'

/** How long a browser may cache the style sheet, in seconds. */
const STYLE_MAX_AGE = 300

/** Makes the page that stands in for a page that the operator did not configure; it names the missing setting. */
const missing =
  (what: string, setting: string) =>
  (c: Context<AppEnv>): Response | Promise<Response> =>
    renderPage(c, {
      title: `No ${what} page is configured`,
      narrow: true,
      content: html`<p>Whoever runs this server has to say where its ${what} page is: setting <code>${setting}</code>.</p>`,
    })

/** The page after a logout without a target. */
export function loggedOut(c: Context<AppEnv>): Response | Promise<Response> {
  return renderPage(c, {
    title: 'You are logged out',
    narrow: true,
    content: html`<p>You may close this page.</p>`,
  })
}

/**
 * The page for errors that must not go to a client (contract 3.15). Shows only what we sealed, so nobody can put other
 * words on it.
 */
export async function failed(c: Context<AppEnv>): Promise<Response> {
  const notice = await readErrorNotice(c.var.ctx.rt, c.req.query(NOTICE) ?? '')
  const content = html`<div class="card">
${
  notice === undefined
    ? html`<p>What went wrong is not known here, or was too long ago.</p>`
    : html`<p><code>${notice.error}</code></p>
<p dir="auto">${notice.description}</p>`
}
<p class="soft">Go back to the application and try again. If it happens again, tell its makers.</p>
${notice && html`<p class="soft">Request <code>${notice.requestId}</code></p>`}
</div>`
  return renderPage(c, { title: 'The request could not be completed', narrow: true, content }, 500)
}

/** The style sheet of all built-in pages. */
export const style = (c: Context<AppEnv>): Response =>
  c.body(STYLE, 200, {
    'content-type': 'text/css; charset=utf-8',
    'cache-control': `public, max-age=${STYLE_MAX_AGE}`,
  })

export const noLogin = missing('login', 'URLS_LOGIN')
export const noConsent = missing('consent', 'URLS_CONSENT')
export const noLogout = missing('logout', 'URLS_LOGOUT')
export const noDevice = missing('device', 'URLS_DEVICE_VERIFICATION')
