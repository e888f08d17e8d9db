import { html, raw } from 'hono/html'
import { renderClient } from '../../clients/render.ts'
import { registeredItself } from '../../clients/stranger.ts'
import { renderPage, scriptSource } from '../../http/page.ts'
import { applicationOf } from '../../http/page-application.ts'
import { filled, filledText, languageOf, textsFor } from '../../http/page-text.ts'
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
  send: (c, { client, redirectUri }, answer) => {
    const texts = textsFor(c)
    const stranger = registeredItself(client, redirectUri)
    const { name, shown, isUnknown } = applicationOf(renderClient(client), languageOf(c), stranger)
    const content = html`<form method="post" action="${redirectUri}" class="buttons">
${Object.entries(answer).map(([name, value]) => html`<input type="hidden" name="${name}" value="${value}">`)}
<button type="submit">${texts.continue}</button>
</form>
<script>${raw(SCRIPT)}</script>`
    const named = !isUnknown && {
      title: filledText(texts.continueTo, { app: name }),
      heading: filled(texts.continueTo, { app: shown }),
    }
    const mark = { name, logo: null }
    return renderPage(c, { title: texts.continue, ...named, mark, passing: true, content, policy: policy() })
  },
}
