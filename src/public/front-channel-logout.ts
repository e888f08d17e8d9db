import type { Context } from 'hono'
import { html, raw } from 'hono/html'
import type { AppEnv } from '../context.ts'
import { noticedClient } from '../flow/logout-notice.ts'
import { asciiUrl, withQuery } from '../http/location.ts'
import { renderPage } from '../http/page.ts'
import type { Told } from '../ledger/types.ts'
import type { Runtime } from '../runtime.ts'

// The page's own load event comes when every frame has loaded or failed.
const SCRIPT =
  "const go=()=>location.replace(document.getElementById('target').href);addEventListener('load',()=>setTimeout(go,500));setTimeout(go,7000)"
const POLICY =
  "script-src 'sha256-lP6qHPs0KTTEWmkrs/Qmh0A3g8GXljzqTTw6Vn8lAeY='; frame-src http: https:; frame-ancestors 'none'"

/** Where a client wants to be told in the browser, if it does (OIDC Front-Channel Logout 1.0 section 2). */
export async function frontChannelUrl(rt: Runtime, told: Told): Promise<readonly string[]> {
  const uri = (await noticedClient(rt, told))?.metadata.frontchannel_logout_uri ?? ''
  return uri === '' ? [] : [withQuery(uri, { iss: rt.config.urls.issuer, sid: told.sid })]
}

/** Loads each client's page in a frame, and goes on to the target when all have loaded or took too long (contract 3.11). */
export function showFrames(
  c: Context<AppEnv>,
  urls: readonly string[],
  target: string,
): Response | Promise<Response> {
  // For a browser without script.
  c.header('refresh', `8; url=${asciiUrl(target)}`)
  const count = urls.length === 1 ? 'one application' : `${urls.length} applications`
  const content = html`<p role="status">You are being logged out of ${count}.</p>
<div class="buttons"><a class="button" id="target" href="${asciiUrl(target)}">Go on</a></div>
${urls.map((url) => html`<iframe src="${url}" title="Application" hidden></iframe>`)}
<script>${raw(SCRIPT)}</script>`
  return renderPage(c, { title: 'Logging out', narrow: true, content, policy: POLICY })
}
