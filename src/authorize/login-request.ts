import { MAX_SESSION_SECONDS } from '../config/limits.ts'
import type { RequestContext } from '../context.ts'
import { noField } from '../errors/missing.ts'
import { invalidRequest } from '../errors/oauth-error.ts'
import { acceptLoginBody, checkSize, parseBody, parseDenial, remembering } from '../flow/bodies.ts'
import { callsOn, goOn } from '../flow/challenge.ts'
import { loginChallenge, loginVerifier, ownerIn } from '../flow/state.ts'
import { withQuery } from '../http/location.ts'
import { ownersOf } from '../ledger/owner.ts'
import { type Milliseconds, milliseconds, nowMs, secondsOf } from '../util/clock.ts'
import { parseRfc3339Ms } from '../util/rfc3339.ts'
import { isDotSegment, isPlainText } from '../util/text.ts'
import { entryUrl, startUrl } from './channels/registry.ts'
import { type RequestView, viewRequest } from './request-view.ts'

/** Maximum length of a subject, in characters. */
const MAX_SUBJECT = 255

/** Maximum length of an identity provider's session id, in characters. */
const MAX_PROVIDER_SESSION = 255

/** How far the login app's clock may be ahead of ours, in milliseconds. */
const MAX_AHEAD_MS = 60_000

/** A login request as JSON (contract 2.2). */
export interface LoginRequestView extends RequestView {
  readonly challenge: string
  readonly skip: boolean
  readonly subject: string
  readonly session_id: string
}

const loginCall = callsOn(loginChallenge, (config, { flow }) => startUrl(config, flow))

/** Answers with a login request. */
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
 * Accepts a login request. Writes nothing: the decision is sealed into the verifier and takes effect when the browser
 * returns with it, so the call may be repeated (contract 1.4.2). Ending all sessions of the subject later makes the
 * decision stale. The user has to log in again if the subject is not the remembered one, or if the authentication is
 * older than the last end of all sessions.
 */
export const acceptLogin = loginCall(async (ctx, { state, expiresAt }, body) => {
  const accepted = parseBody(acceptLoginBody, body)
  const { subject, force_subject_identifier: forcedSubject, acr, amr, context = null } = accepted
  checkSubject('subject', subject)
  if (forcedSubject !== '') checkSubject('force_subject_identifier', forcedSubject)
  const providerSession = accepted.identity_provider_session_id
  checkProviderSession(providerSession)
  checkSize('context', context)
  const { flow, known } = state
  const { remember, rememberFor } = remembering(accepted)
  const authenticatedMs = checkTime('authenticated_at', accepted.authenticated_at)
  const anew = { redirect_to: withQuery(startUrl(ctx.rt.config, flow), { prompt: 'login' }) }
  if (known !== null && known.subject !== subject) return anew
  const epoch =
    known === null ? await ctx.rt.ledgers.call(ownerIn(flow, subject), 'loginEpoch', null, flow.location) : 0
  const latest = known === null && authenticatedMs !== undefined ? await lastEnd(ctx, subject, epoch) : epoch
  // Old epochs are deleted, so an older authentication cannot be checked against them.
  const oldestMs = Math.max(latest, nowMs() - MAX_SESSION_SECONDS * 1000)
  if (known === null && authenticatedMs !== undefined && authenticatedMs < oldestMs) return anew
  const decision = {
    subject,
    authTime: known?.authTime ?? secondsOf(authenticatedMs ?? nowMs()),
    epoch,
    remember: known !== null || remember,
    rememberFor,
    extend: accepted.extend_session_lifespan,
    forcedSubject,
    acr,
    amr,
    context,
    providerSession,
  }
  return goOn(ctx, loginVerifier, { ...state, decision }, expiresAt, entryUrl(ctx.rt.config, state.flow))
})

/** When all sessions of a subject were last ended, ms: as its ledger says, or one in which it was before. */
async function lastEnd({ rt }: RequestContext, subject: string, epoch: number): Promise<number> {
  const [, ...before] = ownersOf('subject', subject, rt.config.residency)
  const epochs = await Promise.all(before.map((owner) => rt.ledgers.call(owner, 'loginEpoch', null)))
  return Math.max(epoch, ...epochs)
}

/** Rejects a login request; the client gets the app's own error when the browser returns with the verifier. */
export const rejectLogin = loginCall((ctx, { state, expiresAt }, body) => {
  const decision = parseDenial(body, 'login')
  return goOn(ctx, loginVerifier, { ...state, decision }, expiresAt, entryUrl(ctx.rt.config, state.flow))
})

/**
 * Reads a time of another machine's clock, which may be slightly ahead: milliseconds since the epoch, or `undefined`
 * for an empty field. Throws `invalid_request` for a malformed or later time.
 */
function checkTime(field: string, text: string): Milliseconds | undefined {
  if (text === '') return undefined
  const time = parseRfc3339Ms(text)
  const now = nowMs()
  if (time !== undefined && time <= now + MAX_AHEAD_MS) return milliseconds(Math.min(time, now))
  throw invalidRequest('field_malformed', { field, expected: 'an RFC 3339 time that has come' })
}

/** Refuses an id that cannot be one part of a URL's path: it becomes one when the session ends (contract 2.2). */
function checkProviderSession(id: string): void {
  if (id.length <= MAX_PROVIDER_SESSION && isPlainText(id) && !isDotSegment(id)) return
  const expected = `well-formed text of at most ${MAX_PROVIDER_SESSION} characters, and no dots alone`
  throw invalidRequest('field_malformed', { field: 'identity_provider_session_id', expected })
}

/** Refuses a subject that cannot name an owner unambiguously (design section 2). */
function checkSubject(field: string, subject: string): void {
  if (subject === '') throw invalidRequest('field_missing', noField(field))
  const expected =
    subject.length > MAX_SUBJECT
      ? `of at most ${MAX_SUBJECT} characters`
      : !isPlainText(subject)
        ? 'well-formed text without control characters'
        : isDotSegment(subject)
          ? "another text than '.' and '..'"
          : undefined
  if (expected !== undefined) throw invalidRequest('field_malformed', { field, expected })
}
