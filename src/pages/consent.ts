import type { Context } from 'hono'
import { html } from 'hono/html'
import {
  acceptConsent,
  type ConsentRequestView,
  getConsentRequest,
  rejectConsent,
} from '../authorize/consent-request.ts'
import type { AppEnv } from '../context.ts'
import { readFormEntries, readQuery } from '../http/form.ts'
import type { Html } from '../http/page.ts'
import { renderPage } from '../http/page.ts'
import { requestedClaims } from '../tokens/requested-claims.ts'
import { demoClaims } from './demo-user.ts'
import {
  clientLinks,
  clientName,
  DENIED,
  forRequest,
  isolated,
  proceed,
  rememberBox,
  verdictButtons,
} from './flow-step.ts'

/** What the well-known scopes mean, in words for the user. */
const MEANING: Readonly<Record<string, string>> = {
  openid: 'know who you are',
  profile: 'see your profile: name, picture, birthday and more',
  email: 'see your email address',
  address: 'see your postal address',
  phone: 'see your phone number',
  offline: 'stay logged in while you are away',
  offline_access: 'stay logged in while you are away',
}

/** The built-in consent page: asks, or grants a remembered consent again (contract 3.5). */
export const showConsent = forRequest('consent', getConsentRequest, (c, request) =>
  request.skip || request.client['skip_consent'] === true
    ? grant(c, request, request.requested_scope, false)
    : renderPage(c, { title: 'Allow access?', narrow: true, content: consentForm(request) }),
)

/** Handles the consent form: the ticked ones of the requested scopes, or the user's "no". */
export const submitConsent = forRequest('consent', getConsentRequest, async (c, request) => {
  const form = await readFormEntries(c.var.body)
  const has = (name: string): boolean => form.some(([field]) => field === name)
  if (has('reject')) return proceed(c, await rejectConsent(c.var.ctx, request.challenge, DENIED))
  const ticked = new Set(form.filter(([field]) => field === 'grant_scope').map(([, value]) => value))
  const scopes = request.requested_scope.filter((scope) => ticked.has(scope))
  return grant(c, request, scopes, has('remember'))
})

async function grant(
  c: Context<AppEnv>,
  request: ConsentRequestView,
  scopes: readonly string[],
  remember: boolean,
): Promise<Response> {
  const accepted = await acceptConsent(c.var.ctx, request.challenge, {
    grant_scope: scopes,
    grant_access_token_audience: request.requested_access_token_audience,
    remember,
    session: { id_token: demoClaims(request.subject, scopes, askedByName(request)) },
  })
  return proceed(c, accepted)
}

/** Names of the claims that the request asks for by the `claims` parameter. */
function askedByName({ request_url: url }: ConsentRequestView): readonly string[] {
  const claims = requestedClaims(readQuery(new URL(url).search.slice(1)))
  return Object.keys({ ...claims?.id_token, ...claims?.userinfo })
}

function consentForm(request: ConsentRequestView): Html {
  return html`<form method="post" class="card">
<fieldset>
<legend>${clientName(request.client)} would like to</legend>
${request.requested_scope.map(
  (scope) => html`<label class="choice">
<input type="checkbox" name="grant_scope" value="${scope}" checked>
<span>${MEANING[scope] ?? 'use'} <code class="soft">${scope}</code></span>
</label>`,
)}
</fieldset>
<p class="soft">You are logged in as ${isolated(request.subject)}.</p>
${clientLinks(request.client)}
${rememberBox('Do not ask me again')}
${verdictButtons('Allow', 'Deny')}
</form>`
}
