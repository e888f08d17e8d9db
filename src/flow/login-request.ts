import { invalidRequest } from '../errors/oauth-error.ts'
import { withQuery } from '../http/location.ts'
import { nowSeconds } from '../util/clock.ts'
import { isPlainText } from '../util/text.ts'
import { acceptLoginBody, checkSize, parseBody, parseDenial } from './bodies.ts'
import { callsOn, goOn } from './challenge.ts'
import { type RequestView, viewRequest } from './request-view.ts'
import { loginChallenge, loginVerifier } from './state.ts'
import { requestUrl } from './urls.ts'

/** Longest subject, in characters. */
const MAX_SUBJECT = 255

/** Login request on the wire (contract 2.2). */
export interface LoginRequestView extends RequestView {
  readonly challenge: string
  readonly skip: boolean
  readonly subject: string
  readonly session_id: string
}

const loginCall = callsOn(loginChallenge, (config, { flow }) => requestUrl(config, flow))

/** Shows a login request. */
export const getLoginRequest = loginCall<LoginRequestView>(
  async (ctx, { state: { flow, known } }, _body, challenge) => ({
    challenge,
    ...(await viewRequest(ctx, flow)),
    skip: known !== null,
    subject: known?.subject ?? '',
    session_id: flow.sid,
  }),
)

/**
 * Accepts a login request. Writes nothing: the decision travels in the verifier and counts when the browser
 * brings it, so the call may be repeated (contract 1.4.2). Another subject than the remembered one has to log in anew.
 */
export const acceptLogin = loginCall(async (ctx, { state, expiresAt }, body) => {
  const accepted = parseBody(acceptLoginBody, body)
  const { subject, force_subject_identifier: forcedSubject, acr, amr, context = null } = accepted
  checkSubject('subject', subject)
  if (forcedSubject !== '') checkSubject('force_subject_identifier', forcedSubject)
  checkSize('context', context)
  const { flow, known } = state
  if (known !== null && known.subject !== subject) {
    return { redirect_to: withQuery(requestUrl(ctx.rt.config, flow), { prompt: 'login' }) }
  }
  const decision = {
    subject,
    authTime: known?.authTime ?? nowSeconds(),
    remember: known !== null || accepted.remember,
    rememberFor: accepted.remember_for,
    extend: accepted.extend_session_lifespan,
    forcedSubject,
    acr,
    amr,
    context,
  }
  return goOn(ctx, loginVerifier, { ...state, decision }, expiresAt)
})

/** Rejects a login request: the client gets the app's own error when the browser brings the verifier. */
export const rejectLogin = loginCall((ctx, { state, expiresAt }, body) => {
  const decision = parseDenial(body, 'login request denied')
  return goOn(ctx, loginVerifier, { ...state, decision }, expiresAt)
})

/** Refuses subjects that could not name an owner unambiguously (design section 2). */
function checkSubject(field: string, subject: string): void {
  const problem =
    subject === ''
      ? 'must not be empty'
      : subject.length > MAX_SUBJECT
        ? 'must have at most 255 characters'
        : !isPlainText(subject)
          ? 'must be well-formed text without control characters'
          : undefined
  if (problem !== undefined) throw invalidRequest(`Field '${field}' ${problem}.`)
}
