import { html } from 'hono/html'
import { filled, filledText, type Html, type HtmlOrNone } from '../../http/page-text.ts'
import type { Texts } from '../../languages/en.ts'
import { ACTIONS } from './actions.ts'
import type { DemoSession } from './session.ts'
import type { VerifiedToken } from './verify.ts'

/** Everything that the demo's last page shows. */
export interface Result {
  readonly texts: Texts
  readonly session: DemoSession
  readonly idToken: VerifiedToken | undefined
  /** The access token's content, if it is a JWT. */
  readonly accessToken: VerifiedToken | undefined
  /** Path prefix of the buttons' forms. */
  readonly base: string
}

const BUTTONS = [...ACTIONS, ['logout', 'logOut']] as const

/** Shows the tokens, their verified claims, and buttons to use them. */
export function renderResult({ texts, session, idToken, accessToken, base }: Result): Html {
  const { tokens, outcome } = session
  const form = accessToken === undefined ? texts.demoOpaque : 'JWT'
  const seconds = String(tokens.expires_in)
  return html`${outcome !== null && renderOutcome(outcome)}
<div class="actions">
${BUTTONS.map(
  ([action, label]) => html`<form method="post" action="${base}/demo/${action}">
<button type="submit" class="plain">${texts[label]}</button>
</form>`,
)}
</div>
${
  idToken === undefined
    ? html`<p>${filled(texts.demoNoIdToken, { scope: html`<code>openid</code>` })}</p>`
    : tokenContent(texts, texts.demoWho, idToken)
}
<section class="stack">
<h2>${texts.demoTokens}</h2>
<dl class="stack">
${tokenText(filledText(texts.demoAccessToken, { form, seconds }), tokens.access_token)}
${tokenText(texts.demoRefreshToken, tokens.refresh_token)}
${tokenText(texts.demoIdToken, tokens.id_token)}
<dt>${texts.demoScope}</dt>
<dd><code dir="ltr">${tokens.scope}</code></dd>
</dl>
</section>
${accessToken && tokenContent(texts, texts.demoAccessTokenContent, accessToken)}`
}

function renderOutcome({ title, body }: NonNullable<DemoSession['outcome']>): Html {
  return html`<section class="panel" role="status">
<h2>${title}</h2>
${body && html`<pre lang="en" dir="ltr">${body}</pre>`}
</section>`
}

function tokenContent(texts: Texts, title: string, { checks, claims }: VerifiedToken): Html {
  return html`<section class="stack">
<h2>${title}</h2>
<ul class="checks">
${checks.map(
  ([label, ok]) =>
    html`<li><span class="${ok ? 'good' : 'bad'}">${ok ? '✓' : '✗'} ${ok ? texts.demoVerified : texts.demoUnverified}</span> <span lang="en" dir="ltr">${label}</span></li>`,
)}
</ul>
<pre class="panel claims" dir="ltr">${JSON.stringify(claims, null, 2)}</pre>
</section>`
}

function tokenText(name: string, value: string | undefined): HtmlOrNone {
  return value && html`<dt>${name}</dt><dd><pre class="panel" dir="ltr">${value}</pre></dd>`
}
