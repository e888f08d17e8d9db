import type { RequestContext } from '../context.ts'
import { invalidRequest } from '../errors/oauth-error.ts'
import { nowSeconds } from '../util/clock.ts'
import { isPlainText } from '../util/text.ts'
import { acceptLoginBody, checkSize, parseBody, parseDenial } from './bodies.ts'
import { goOn, openChallenge, startAfresh } from './challenge.ts'
import { type Continuation, type FlowAnswer, type RequestView, viewRequest } from './request-view.ts'
import {
  type Denial,
  type LoginAcceptance,
  type LoginState,
  type OpenedFlow,
  sealLoginVerdict,
} from './state.ts'
import { loginAgainUrl } from './urls.ts'

/** Longest subject, in characters. */
const MAX_SUBJECT = 255

/** Login request on the wire (contract 2.2). */
export interface LoginRequestView extends RequestView {
  readonly challenge: string
  readonly skip: boolean
  readonly subject: string
  readonly session_id: string
}

/** Shows a login request; throws `challenge_not_found` for a value that is no login challenge. */
export async function getLoginRequest(
  ctx: RequestContext,
  challenge: string,
): Promise<FlowAnswer<LoginRequestView>> {
  const { state, expired } = await openChallenge(ctx, 'login_challenge', challenge)
  if (expired) return startAfresh(ctx, state.flow)
  const view = await viewRequest(ctx, state.flow)
  return {
    status: 200,
    body: {
      challenge,
      ...view,
      skip: state.known !== null,
      subject: state.known?.subject ?? '',
      session_id: state.flow.sid,
    },
  }
}

/**
 * Accepts a login request. Writes nothing: the decision travels in the verifier and counts when the browser
 * brings it, so the call may be repeated (contract 1.4.2).
 */
export async function acceptLogin(
  ctx: RequestContext,
  challenge: string,
  body: unknown,
): Promise<FlowAnswer<Continuation>> {
  const opened = await openChallenge(ctx, 'login_challenge', challenge)
  if (opened.expired) return startAfresh(ctx, opened.state.flow)
  const accepted = parseBody(acceptLoginBody, body)
  const { force_subject_identifier: forced } = accepted
  checkSubject('subject', accepted.subject)
  if (forced !== '') checkSubject('force_subject_identifier', forced)
  checkSize('context', accepted.context)
  const { flow, known } = opened.state
  if (known !== null && known.subject !== accepted.subject) {
    return { status: 200, body: { redirect_to: loginAgainUrl(ctx.rt.config, flow) } }
  }
  return decide(ctx, opened, {
    subject: accepted.subject,
    authTime: known?.authTime ?? nowSeconds(),
    remember: known !== null || accepted.remember,
    rememberFor: accepted.remember_for,
    extend: accepted.extend_session_lifespan,
    forced,
    acr: accepted.acr,
    amr: accepted.amr,
    context: accepted.context ?? null,
  })
}

/** Rejects a login request: the client gets the app's own error when the browser brings the verifier. */
export async function rejectLogin(
  ctx: RequestContext,
  challenge: string,
  body: unknown,
): Promise<FlowAnswer<Continuation>> {
  const opened = await openChallenge(ctx, 'login_challenge', challenge)
  if (opened.expired) return startAfresh(ctx, opened.state.flow)
  return decide(ctx, opened, parseDenial(body, 'login request denied'))
}

async function decide(
  ctx: RequestContext,
  { state, expiresAt }: OpenedFlow<LoginState>,
  decision: LoginAcceptance | Denial,
): Promise<FlowAnswer<Continuation>> {
  const verifier = await sealLoginVerdict(ctx.rt, { ...state, decision }, expiresAt)
  return goOn(ctx, state.flow, { login_verifier: verifier })
}

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
