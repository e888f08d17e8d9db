import type { Context } from 'hono'
import { html } from 'hono/html'
import {
  acceptConsent,
  type ConsentRequestView,
  getConsentRequest,
  rejectConsent,
} from '../authorize/consent-request.ts'
import type { AppEnv } from '../context.ts'
import { SAID_NO } from '../flow/denial.ts'
import { searchOf } from '../http/address.ts'
import { MAX_QUERY, readFormEntries } from '../http/form.ts'
import { withQuery } from '../http/location.ts'
import { renderPage } from '../http/page.ts'
import { applicationLinks, applicationOf } from '../http/page-application.ts'
import { filled, filledText, type Html, isolated, languageOf, textsFor } from '../http/page-text.ts'
import { requestedClaims } from '../tokens/requested-claims.ts'
import { SCOPE_OF } from '../tokens/scope-claims.ts'
import { isScopeTexts } from '../util/scope-texts.ts'
import { demoClaims, demoLine } from './demo-user.ts'
import { forRequest, parametersOf, proceed, rememberBox, verdictButtons } from './flow-step.ts'
import { isFixed, type ShownRow, shownAudiences, shownClaims, shownScopes } from './scopes.ts'

/** The built-in consent page: asks, or grants a remembered consent again (contract 3.5). */
export const showConsent = forRequest('consent', getConsentRequest, (c, request) =>
  request.skip || request.client['skip_consent'] === true
    ? grant(c, request, request.requested_scope, false)
    : consentPage(c, request),
)

/** Handles the consent form: the ticked ones of the requested scopes and the fixed ones, or the user's "no". */
export const submitConsent = forRequest('consent', getConsentRequest, async (c, request) => {
  const form = await readFormEntries(c.var.body)
  const has = (name: string): boolean => form.some(([field]) => field === name)
  if (has('reject')) return proceed(c, await rejectConsent(c.var.ctx, request.challenge, SAID_NO))
  const ticked = new Set(form.filter(([field]) => field === 'grant_scope').map(([, value]) => value))
  const scopes = request.requested_scope.filter((scope) => isFixed(scope) || ticked.has(scope))
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

/**
 * Names of the claims that the request asks for by the `claims` parameter alone (OIDC Core section 5.5). Of those whose
 * scope it asks for too the user decides by the scope.
 */
function askedByName(request: ConsentRequestView): readonly string[] {
  const claims = requestedClaims(parametersOf(request))
  const names = Object.keys({ ...claims?.id_token, ...claims?.userinfo })
  return names.filter((name) => !request.requested_scope.includes(SCOPE_OF.get(name) ?? ''))
}

function consentPage(c: Context<AppEnv>, request: ConsentRequestView): Response | Promise<Response> {
  const texts = textsFor(c)
  const language = languageOf(c)
  const application = applicationOf(request.client, language, request.registered_itself)
  const { name, shown: app, mark, claim, isUnknown } = application
  const other = otherAccountUrl(request)
  const content = html`${claim !== null && strangerNote(c, claim)}
<form method="post">
<p class="who">
<span>${filled(texts.loggedInAs, { user: html`<strong>${isolated(request.subject)}</strong>` })}</span>
${other && html`<a href="${other}">${texts.notYou}</a>`}
</p>
<fieldset>
<legend>${filled(texts.willBeAbleTo, { app: isUnknown ? html`${capitalised(texts.theApplication)}` : app })}</legend>
<ul class="list">
${askedFor(c, request).map(renderRow)}
</ul>
</fieldset>
${rememberBox(texts.doNotAskAgain)}
${verdictButtons(texts.allow, texts.deny)}
</form>
${applicationLinks(application, texts)}`
  const named = !isUnknown && {
    title: filledText(texts.wantsAccess, { app: name }),
    heading: filled(texts.wantsAccess, { app }),
  }
  return renderPage(c, { title: texts.someWantsAccess, ...named, mark, content })
}

/** A text at the start of a sentence. */
const capitalised = (text: string): string => text.slice(0, 1).toUpperCase() + text.slice(1)

/** Says that nobody checked what an application calls itself. */
const strangerNote = (c: Context<AppEnv>, claim: Html): Html => {
  const brand = isolated(c.var.ctx.rt.config.brand.name)
  const name = html`<strong>${claim}</strong>`
  return html`<p class="caution">${filled(textsFor(c).registeredItself, { name, brand })}</p>`
}

/** Everything that a yes grants. */
function askedFor(c: Context<AppEnv>, request: ConsentRequestView): readonly ShownRow[] {
  const own = request.client['scope_descriptions']
  const given = [isScopeTexts(own) ? own : undefined, c.var.ctx.rt.config.scopeTexts]
  const language = languageOf(c)
  return [
    ...shownScopes(request.requested_scope, language, given).map((row) => withLine(request.subject, row)),
    ...shownClaims(askedByName(request), language, given),
    ...shownAudiences(request.requested_access_token_audience, language),
  ]
}

/** A row with what it is about as its second line, where it has none: the address tells more than that there is one. */
function withLine(subject: string, row: ShownRow): ShownRow {
  const line = demoLine(subject, row.scope)
  return line === undefined || row.more ? row : { ...row, more: isolated(line) }
}

const renderRow = ({ scope, text, more, fixed }: ShownRow): Html => {
  const said = html`<span>${text}${more && html`<small>${more}</small>`}</span>`
  return fixed
    ? html`<li class="row"><span class="tick"></span>${said}</li>`
    : html`<li><label class="row"><input type="checkbox" name="grant_scope" value="${scope}" checked>${said}</label></li>`
}

/**
 * Where the request starts again with a login, for a user who wants another account; `undefined` for a request that only
 * its client can make again, since it must be signed or is too long for a URL. Of the prompts only `consent` stays: the
 * others lead to other pages.
 */
function otherAccountUrl(request: ConsentRequestView): string | undefined {
  if (request.client['require_signed_request_object'] === true) return undefined
  const asksAgain = parametersOf(request).list('prompt').includes('consent')
  const url = withQuery(request.request_url, { prompt: asksAgain ? 'login consent' : 'login' })
  return searchOf(url).length <= MAX_QUERY ? url : undefined
}
