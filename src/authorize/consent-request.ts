import { invalidRequest } from '../errors/oauth-error.ts'
import { acceptConsentBody, checkSize, parseBody, parseDenial, remembering } from '../flow/bodies.ts'
import { callsOn, goOn } from '../flow/challenge.ts'
import { consentChallenge, consentVerifier } from '../flow/state.ts'
import { nowSeconds } from '../util/clock.ts'
import type { Json } from '../util/json.ts'
import { AUDIENCE_RULE, isAmbiguousAudience, SCOPE_TOKEN } from '../util/scope.ts'
import { entryUrl, startUrl } from './channels/registry.ts'
import { type RequestView, viewRequest } from './request-view.ts'

/** A consent request as JSON (contract 2.3), which leaves out undefined members. */
export interface ConsentRequestView extends RequestView {
  readonly challenge: string
  readonly consent_request_id: string
  readonly skip: boolean
  readonly subject: string
  readonly login_challenge: string
  readonly login_session_id: string
  readonly acr: string
  readonly amr: readonly string[]
  readonly context: Json | undefined
}

const consentCall = callsOn(consentChallenge, (config, { flow }) => startUrl(config, flow))

/** Answers with a consent request. */
export const getConsentRequest = consentCall<ConsentRequestView>(
  async (ctx, { state: { flow, restsOn, subject, acr, amr, context } }, _body, challenge) => ({
    challenge,
    consent_request_id: flow.id,
    ...(await viewRequest(ctx, flow)),
    skip: restsOn !== null,
    subject,
    login_challenge: flow.id,
    login_session_id: flow.sid,
    acr,
    amr,
    context: context ?? undefined,
  }),
)

/**
 * Accepts a consent request; takes scopes, audience and claims as sent (contract 3.5). Writes nothing: the grant is
 * made when the browser returns with the verifier.
 */
export const acceptConsent = consentCall((ctx, { state, expiresAt }, body) => {
  const accepted = parseBody(acceptConsentBody, body)
  const { grant_scope: scope, session, context = state.context } = accepted
  checkScopes(scope)
  checkAudience(accepted.grant_access_token_audience)
  checkSize('session', session)
  checkSize('context', context)
  const decision = {
    scope: [...new Set(scope)],
    audience: [...new Set(accepted.grant_access_token_audience)],
    ...remembering(accepted),
    handledAt: nowSeconds(),
    accessTokenClaims: session.access_token ?? {},
    idTokenClaims: session.id_token ?? {},
    context,
  }
  return goOn(ctx, consentVerifier, { ...state, decision }, expiresAt, entryUrl(ctx.rt.config, state.flow))
})

/** Rejects a consent request; the client gets the app's own error when the browser returns with the verifier. */
export const rejectConsent = consentCall((ctx, { state, expiresAt }, body) => {
  const decision = parseDenial(body, 'consent')
  return goOn(ctx, consentVerifier, { ...state, decision }, expiresAt, entryUrl(ctx.rt.config, state.flow))
})

/** Refuses scopes that contain a space: granted scopes are joined with spaces (RFC 6749 section 3.3). */
function checkScopes(scopes: readonly string[]): void {
  if (scopes.every((scope) => SCOPE_TOKEN.test(scope))) return
  throw invalidRequest('field_malformed', { field: 'grant_scope', expected: 'a list of scope tokens' })
}

/** Refuses audiences that could be taken for others (contract 3.8). */
function checkAudience(audience: readonly string[]): void {
  if (!audience.some(isAmbiguousAudience)) return
  const expected = `a list of audiences ${AUDIENCE_RULE}`
  throw invalidRequest('field_malformed', { field: 'grant_access_token_audience', expected })
}
