import type { Context } from 'hono'
import { html, raw } from 'hono/html'
import type { AppEnv } from '../context.ts'
import { asciiUrl, withQuery } from '../http/location.ts'
import { renderPage, scriptSource } from '../http/page.ts'
import { textsFor } from '../http/page-text.ts'
import type { LogoutRecipient } from '../ledger/types.ts'
import type { Runtime } from '../runtime.ts'
import { recipientClient } from './back-channel.ts'

/**
 * Goes to the target once: half a second after the page's load event, which comes when every frame has loaded or
 * failed, or after seven seconds. While the target is slow to answer this page keeps running, so each way to go on,
 * including the link, disables the others.
 */
const SCRIPT = `const link=document.getElementById('target')
let timer=setTimeout(go,7000)
function rest(){clearTimeout(timer);removeEventListener('load',loaded)}
function go(){rest();location.replace(link.href)}
function loaded(){rest();timer=setTimeout(go,500)}
link.addEventListener('click',rest)
addEventListener('load',loaded)`
const policy = (): string =>
  `script-src ${scriptSource(SCRIPT)}; frame-src http: https:; frame-ancestors 'none'`

/**
 * The URL that notifies a client in the browser; `undefined` if it has none (OIDC Front-Channel Logout 1.0 section 2).
 */
export async function frontChannelUrl(rt: Runtime, told: LogoutRecipient): Promise<readonly string[]> {
  const uri = (await recipientClient(rt, told))?.metadata.frontchannel_logout_uri ?? ''
  return uri === '' ? [] : [withQuery(uri, { iss: rt.config.urls.issuer, sid: told.sid })]
}

/**
 * Shows a page with each client's logout URL in a frame. It goes to the target when all have loaded or took too long
 * (contract 3.11).
 */
export function showFrames(
  c: Context<AppEnv>,
  frames: readonly string[],
  target: string,
): Response | Promise<Response> {
  const url = asciiUrl(target)
  const texts = textsFor(c)
  const lead = html`<span role="status">${texts.loggingOutOf}</span>`
  const content = html`<div class="buttons"><a class="button" id="target" href="${url}">${texts.continue}</a></div>
${frames.map((frame) => html`<iframe src="${frame}" title="${texts.application}" hidden></iframe>`)}
<script>${raw(SCRIPT)}</script>`
  const head = html`<noscript><meta http-equiv="refresh" content="8; url=${url}"></noscript>`
  return renderPage(c, { title: texts.loggingOut, lead, content, policy: policy(), head })
}
