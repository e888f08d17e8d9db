import { html } from 'hono/html'
import type { Html, HtmlOrNone } from '../../http/page.ts'
import { ACTIONS } from './actions.ts'
import type { DemoSession } from './session.ts'
import type { VerifiedToken } from './verify.ts'

/** Everything that the demo's last page shows. */
export interface Result {
  readonly session: DemoSession
  readonly idToken: VerifiedToken | undefined
  /** The access token's content, if it is a JWT. */
  readonly accessToken: VerifiedToken | undefined
  /** Path prefix of the buttons' forms. */
  readonly base: string
}

const BUTTONS = [...ACTIONS, ['logout', 'Log out']] as const

/** Shows the tokens, their verified claims, and buttons to use them. */
export function renderResult({ session, idToken, accessToken, base }: Result): Html {
  const { tokens, outcome } = session
  const form = accessToken === undefined ? 'opaque' : 'JWT'
  return html`${outcome !== null && renderOutcome(outcome)}
<div class="buttons">
${BUTTONS.map(
  ([action, label]) => html`<form method="post" action="${base}/demo/${action}">
<button type="submit"${action === 'logout' && html` class="plain"`}>${label}</button>
</form>`,
)}
</div>
${
  idToken === undefined
    ? html`<p>There is no ID token: the scope openid was not granted.</p>`
    : tokenContent('Who logged in: the ID token', idToken)
}
<h2>Tokens</h2>
<dl>
${tokenText(`Access token, ${form}, good for ${tokens.expires_in} seconds`, tokens.access_token)}
${tokenText('Refresh token', tokens.refresh_token)}
${tokenText('ID token', tokens.id_token)}
<dt>Granted scope</dt>
<dd><code>${tokens.scope}</code></dd>
</dl>
${accessToken && tokenContent('The access token', accessToken)}`
}

function renderOutcome({ title, body }: NonNullable<DemoSession['outcome']>): Html {
  return html`<section class="card" role="status">
<h2>${title}</h2>
${body && html`<pre>${body}</pre>`}
</section>`
}

function tokenContent(title: string, { checks, claims }: VerifiedToken): Html {
  return html`<section>
<h2>${title}</h2>
<ul class="checks">
${checks.map(
  ([label, ok]) =>
    html`<li><span class="${ok ? 'good' : 'bad'}">${ok ? '✓ verified' : '✗ failed'}</span> ${label}</li>`,
)}
</ul>
<pre class="card">${JSON.stringify(claims, null, 2)}</pre>
</section>`
}

function tokenText(name: string, value: string | undefined): HtmlOrNone {
  return value && html`<dt>${name}</dt><dd><pre>${value}</pre></dd>`
}
