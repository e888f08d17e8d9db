import type { Context } from 'hono'
import { isPublic } from '../clients/public.ts'
import { mayRemember } from '../clients/stranger.ts'
import type { AppEnv } from '../context.ts'
import { loginRequired, OAuthError } from '../errors/oauth-error.ts'
import { bindBrowser, readSessionCookie } from '../flow/browser.ts'
import {
  consentChallenge,
  type LoginAcceptance,
  type LoginVerdict,
  loginVerifier,
  ownerIn,
} from '../flow/state.ts'
import type { RememberedConsent } from '../ledger/types.ts'
import { isHintOf, verifyIdTokenHint } from '../tokens/id-token-hint.ts'
import { requestedNames } from '../tokens/requested-claims.ts'
import type { GrantId } from '../util/ids.ts'
import { scopeRule } from '../util/scope.ts'
import { redirectUriOf } from './channels/registry.ts'
import { unmetClaims } from './check-claims.ts'
import { commitLogin, dropSession } from './commit-login.ts'
import { asks, type FlowRequest, maxAge } from './request.ts'
import { respondPage } from './respond.ts'
import { resume, startAfresh } from './resume.ts'
import { startLogin } from './start.ts'

/**
 * Handles the browser's return with the login app's decision: starts the session in the subject's ledger and sends the
 * browser to the consent app (contract 3.4, 3.5).
 */
export async function afterLogin(
  c: Context<AppEnv>,
  verifier: string,
  clientId: string | undefined,
): Promise<Response> {
  const resumed = await resume<LoginAcceptance, LoginVerdict>(c, 'login', loginVerifier, verifier, clientId)
  if (resumed instanceof Response) return resumed
  const { state, decision, request, expiresAt } = resumed
  const cookie = await readSessionCookie(c)
  const refusal = await checkAuthentication(c, request, state, decision)
  if (refusal !== undefined) {
    await dropSession(c, cookie)
    return request.channel.tell(c, refusal)
  }
  // Anybody can put an unmet claim into a request, so it must not end the existing session.
  const unmet = unmetClaims(request, decision)
  if (unmet !== undefined) return request.channel.tell(c, unmet)
  const session = { owner: ownerIn(state.flow, decision.subject), sid: state.flow.sid }
  const login = await commitLogin(c, resumed, session, cookie)
  if (login.status === 'stale') return startLogin(c, request)
  if (login.status !== 'active') return startAfresh(c, request)
  const remembered = knownConsent(request, login.remembered)
  const counts = remembered !== null && mayRemember(request.client, redirectUriOf(state.flow, request.client))
  const restsOn = counts ? remembered : null
  if (restsOn === null && asks(request, 'none'))
    return request.channel.tell(c, new OAuthError('consent_required', 'consent_needed'))
  const { flow } = state
  const { subject, authTime, forcedSubject, acr, amr, context } = decision
  const csrf = await bindBrowser(c, 'consent', request.client.id, flow.id)
  const { rt } = c.var.ctx
  const { epoch } = login
  const user = { subject, authTime, forcedSubject, acr, amr, context }
  const known = { ...user, flow: { ...flow, csrf }, epoch, restsOn }
  return respondPage(c, await consentChallenge.urlWith(rt, rt.config.urls.consent, known, expiresAt))
}

/** Returns the refusal of a login that is not what the request asked for (OIDC Core section 3.1.2.1, contract 3.4). */
async function checkAuthentication(
  c: Context<AppEnv>,
  request: FlowRequest,
  { flow }: LoginVerdict,
  decision: LoginAcceptance,
): Promise<OAuthError | undefined> {
  const { authTime, subject } = decision
  const age = maxAge(request)
  if (age !== undefined && authTime + age < flow.requestedAt) return loginRequired('login_too_old')
  if (asks(request, 'none') && authTime > flow.requestedAt) {
    return loginRequired('login_unexpected')
  }
  if (asks(request, 'login') && authTime < flow.requestedAt) {
    return loginRequired('login_not_new')
  }
  const hint = request.parameters.get('id_token_hint')
  if (hint === undefined) return undefined
  const verified = await verifyIdTokenHint(c.var.ctx, hint, request.client)
  return isHintOf(verified, ownerIn(flow, subject)) ? undefined : loginRequired('other_subject')
}

/** The id of the earlier consent that covers this request; null if there is none (contract 3.5). */
function knownConsent(request: FlowRequest, remembered: RememberedConsent | null): GrantId | null {
  if (remembered === null || asks(request, 'consent')) return null
  if (isPublic(request.client) && request.channel.isImpersonable) return null
  const { id, scope, audience, claims } = remembered
  const covers =
    request.scope.every(scopeRule(request.config.strategies.scope, scope)) &&
    isWithin(request.audience, audience) &&
    isWithin(requestedNames(request.parameters), claims)
  return covers ? id : null
}

function isWithin(requested: readonly string[], consented: readonly string[] = []): boolean {
  const known = new Set(consented)
  return requested.every((value) => known.has(value))
}
