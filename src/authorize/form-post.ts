import type { Context } from 'hono'
import { html, raw } from 'hono/html'
import type { AppEnv } from '../context.ts'
import type { UrlParameters } from '../http/location.ts'
import { renderPage, scriptSource } from '../http/page.ts'

const SCRIPT = 'document.forms[0].submit()'
const POLICY = `script-src ${scriptSource(SCRIPT)}`

/**
 * Has the browser post an answer to the client (OAuth 2.0 Form Post Response Mode 1.0 section 2): by script, or by
 * the button where there is none.
 */
export function formPost(
  c: Context<AppEnv>,
  redirectUri: string,
  answer: UrlParameters,
): Response | Promise<Response> {
  const content = html`<form method="post" action="${redirectUri}" class="buttons">
${Object.entries(answer).map(([name, value]) => html`<input type="hidden" name="${name}" value="${value}">`)}
<button type="submit">Continue</button>
</form>
<script>${raw(SCRIPT)}</script>`
  return renderPage(c, { title: 'Back to the application', narrow: true, content, policy: POLICY })
}
