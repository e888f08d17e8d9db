import type { RequestContext } from '../context.ts'
import { invalidRequest } from '../errors/oauth-error.ts'
import { nowSeconds } from '../util/clock.ts'
import type { Json } from '../util/json.ts'
import { acceptConsentBody, checkSize, parseBody, parseDenial } from './bodies.ts'
import { goOn, openChallenge, startAfresh } from './challenge.ts'
import { type Continuation, type FlowAnswer, type RequestView, viewRequest } from './request-view.ts'
import {
  type ConsentAcceptance,
  type ConsentState,
  type Denial,
  type OpenedFlow,
  sealConsentVerdict,
} from './state.ts'

/** Consent request on the wire (contract 2.3). */
export interface ConsentRequestView extends RequestView {
  readonly challenge: string
  readonly consent_request_id: string
  readonly skip: boolean
  readonly subject: string
  readonly login_challenge: string
  readonly login_session_id: string
  readonly acr: string
  readonly amr: readonly string[]
  readonly context: Json
}

/** Shows a consent request; throws `challenge_not_found` for a value that is no consent challenge. */
export async function getConsentRequest(
  ctx: RequestContext,
  challenge: string,
): Promise<FlowAnswer<ConsentRequestView>> {
  const { state, expired } = await openChallenge(ctx, 'consent_challenge', challenge)
  if (expired) return startAfresh(ctx, state.flow)
  const view = await viewRequest(ctx, state.flow)
  return {
    status: 200,
    body: {
      challenge,
      consent_request_id: state.flow.id,
      ...view,
      skip: state.skip,
      subject: state.subject,
      login_challenge: state.flow.id,
      login_session_id: state.flow.sid,
      acr: state.acr,
      amr: state.amr,
      context: state.context,
    },
  }
}

/**
 * Accepts a consent request: scopes, audience and claims are taken as sent (contract 3.5). Writes nothing; the
 * grant is made when the browser brings the verifier.
 */
export async function acceptConsent(
  ctx: RequestContext,
  challenge: string,
  body: unknown,
): Promise<FlowAnswer<Continuation>> {
  const opened = await openChallenge(ctx, 'consent_challenge', challenge)
  if (opened.expired) return startAfresh(ctx, opened.state.flow)
  const accepted = parseBody(acceptConsentBody, body)
  checkScopes(accepted.grant_scope)
  checkSize('session', accepted.session)
  checkSize('context', accepted.context)
  return decide(ctx, opened, {
    scope: [...new Set(accepted.grant_scope)],
    audience: [...new Set(accepted.grant_access_token_audience)],
    remember: accepted.remember,
    rememberFor: accepted.remember_for,
    handledAt: nowSeconds(),
    accessTokenClaims: accepted.session.access_token ?? {},
    idTokenClaims: accepted.session.id_token ?? {},
    context: accepted.context === undefined ? opened.state.context : accepted.context,
  })
}

/** Rejects a consent request: the client gets the app's own error when the browser brings the verifier. */
export async function rejectConsent(
  ctx: RequestContext,
  challenge: string,
  body: unknown,
): Promise<FlowAnswer<Continuation>> {
  const opened = await openChallenge(ctx, 'consent_challenge', challenge)
  if (opened.expired) return startAfresh(ctx, opened.state.flow)
  return decide(ctx, opened, parseDenial(body, 'consent request denied'))
}

async function decide(
  ctx: RequestContext,
  { state, expiresAt }: OpenedFlow<ConsentState>,
  decision: ConsentAcceptance | Denial,
): Promise<FlowAnswer<Continuation>> {
  const verifier = await sealConsentVerdict(ctx.rt, { ...state, decision }, expiresAt)
  return goOn(ctx, state.flow, { consent_verifier: verifier })
}

/** A granted scope is joined with spaces on the wire, so it cannot hold one (RFC 6749 section 3.3). */
function checkScopes(scopes: readonly string[]): void {
  if (scopes.every((scope) => /^[\x21\x23-\x5B\x5D-\x7E]+$/.test(scope))) return
  throw invalidRequest("Field 'grant_scope' holds a value that is no scope token.")
}
