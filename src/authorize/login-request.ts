import { MAX_SESSION_SECONDS } from '../config/limits.ts'
import { invalidRequest } from '../errors/oauth-error.ts'
import { acceptLoginBody, checkSize, parseBody, parseDenial } from '../flow/bodies.ts'
import { callsOn, goOn } from '../flow/challenge.ts'
import { loginChallenge, loginVerifier } from '../flow/state.ts'
import { withQuery } from '../http/location.ts'
import { ownerOf } from '../ledger/owner.ts'
import { type Milliseconds, milliseconds, nowMs, seconds, secondsOf } from '../util/clock.ts'
import { parseRfc3339Ms } from '../util/rfc3339.ts'
import { isPlainText } from '../util/text.ts'
import { entryUrl, startUrl } from './channels/registry.ts'
import { type RequestView, viewRequest } from './request-view.ts'

/** Longest subject, in characters. */
const MAX_SUBJECT = 255

/** How far the login app's clock may be ahead, ms. */
const MAX_AHEAD_MS = 60_000

/** Login request on the wire (contract 2.2). */
export interface LoginRequestView extends RequestView {
  readonly challenge: string
  readonly skip: boolean
  readonly subject: string
  readonly session_id: string
}

const loginCall = callsOn(loginChallenge, (config, { flow }) => startUrl(config, flow))

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
 * brings it, so the call may be repeated (contract 1.4.2). It is the subject's newest word, unless all sessions are
 * ended after it. Another subject than the remembered one has to log in anew, and so has one who proved who they are
 * before all sessions were ended.
 */
export const acceptLogin = loginCall(async (ctx, { state, expiresAt }, body) => {
  const accepted = parseBody(acceptLoginBody, body)
  const { subject, force_subject_identifier: forcedSubject, acr, amr, context = null } = accepted
  checkSubject('subject', subject)
  if (forcedSubject !== '') checkSubject('force_subject_identifier', forcedSubject)
  checkSize('context', context)
  const { flow, known } = state
  const authenticatedMs = checkTime('authenticated_at', accepted.authenticated_at)
  const anew = { redirect_to: withQuery(startUrl(ctx.rt.config, flow), { prompt: 'login' }) }
  if (known !== null && known.subject !== subject) return anew
  const epoch =
    known === null ? await ctx.rt.ledgers.call(ownerOf('subject', subject), 'loginEpoch', null) : 0
  // Of a proof that is older than the epochs that are kept nobody knows what it has missed.
  const oldestMs = Math.max(epoch, nowMs() - MAX_SESSION_SECONDS * 1000)
  if (known === null && authenticatedMs !== undefined && authenticatedMs < oldestMs) return anew
  const decision = {
    subject,
    authTime: known?.authTime ?? secondsOf(authenticatedMs ?? nowMs()),
    epoch,
    remember: known !== null || accepted.remember,
    rememberFor: seconds(accepted.remember_for),
    extend: accepted.extend_session_lifespan,
    forcedSubject,
    acr,
    amr,
    context,
  }
  return goOn(ctx, loginVerifier, { ...state, decision }, expiresAt, entryUrl(ctx.rt.config, state.flow))
})

/** Rejects a login request: the client gets the app's own error when the browser brings the verifier. */
export const rejectLogin = loginCall((ctx, { state, expiresAt }, body) => {
  const decision = parseDenial(body, 'login request denied')
  return goOn(ctx, loginVerifier, { ...state, decision }, expiresAt, entryUrl(ctx.rt.config, state.flow))
})

/** The time in a field, ms since the epoch, of another clock that may be a little ahead; `undefined` if it is empty. */
function checkTime(field: string, text: string): Milliseconds | undefined {
  if (text === '') return undefined
  const time = parseRfc3339Ms(text)
  const now = nowMs()
  if (time !== undefined && time <= now + MAX_AHEAD_MS) return milliseconds(Math.min(time, now))
  throw invalidRequest('field_malformed', { field, expected: 'an RFC 3339 time that has come' })
}

/** Refuses subjects that could not name an owner unambiguously (design section 2). */
function checkSubject(field: string, subject: string): void {
  if (subject === '') throw invalidRequest('field_missing', { field })
  const expected =
    subject.length > MAX_SUBJECT
      ? `of at most ${MAX_SUBJECT} characters`
      : !isPlainText(subject)
        ? 'well-formed text without control characters'
        : undefined
  if (expected !== undefined) throw invalidRequest('field_malformed', { field, expected })
}
