import { html, raw } from 'hono/html'
import { renderPage, scriptSource } from '../../http/page.ts'
import type { ResponseMode } from './mode.ts'

const SCRIPT = 'document.forms[0].submit()'
const policy = (): string => `script-src ${scriptSource(SCRIPT)}`

/**
 * The browser posts the answer to the client (OAuth 2.0 Form Post Response Mode 1.0 section 2): by script, or by a
 * button if scripts are off.
 */
export const formPost: ResponseMode = {
  name: 'form_post',
  fits: () => true,
  send: (c, { redirectUri }, answer) => {
    const content = html`<form method="post" action="${redirectUri}" class="buttons">
${Object.entries(answer).map(([name, value]) => html`<input type="hidden" name="${name}" value="${value}">`)}
<button type="submit">Continue</button>
</form>
<script>${raw(SCRIPT)}</script>`
    return renderPage(c, { title: 'Back to the application', narrow: true, content, policy: policy() })
  },
}
