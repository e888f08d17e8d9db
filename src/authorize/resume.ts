import type { Context } from 'hono'
import type { AppEnv } from '../context.ts'
import { OAuthError } from '../errors/oauth-error.ts'
import { browserMatches } from '../flow/browser.ts'
import { flowParameters } from '../flow/request-view.ts'
import type { Denial, Flow, OpenedFlow } from '../flow/state.ts'
import { requestUrl } from '../flow/urls.ts'
import type { CsrfStep } from '../http/cookies.ts'
import { nowSeconds } from '../util/clock.ts'
import { answerDenial } from './device-answer.ts'
import { type Validation, validate } from './pipeline.ts'
import type { FlowRequest } from './request.ts'
import { respondError, respondPage, respondToClient } from './respond.ts'

/** Why a step does not go on in this browser. */
export const FOREIGN_BROWSER = 'The CSRF cookie of this flow is missing or differs.'

/** A verifier that passed every check before the ledger: its request is valid now and this browser started it. */
export interface Resumed<State> {
  readonly state: State
  readonly request: FlowRequest
  readonly expiresAt: number
}

/**
 * What every verifier goes through before anything is written (design invariant 2): it opens, names this client,
 * its request is still allowed, it is in time, it was not denied, and this browser started the flow. Answers with
 * the response when one of these fails, or throws what no client may be told. A forged verifier reads no storage.
 */
export async function resume<State extends { readonly flow: Flow; readonly decision: object }>(
  c: Context<AppEnv>,
  step: CsrfStep,
  clientId: string | undefined,
  opened: OpenedFlow<State> | undefined,
): Promise<Response | Resumed<State>> {
  if (opened === undefined) {
    throw new OAuthError('access_denied', `The ${step} verifier is invalid.`)
  }
  const { state, expiresAt } = opened
  if (clientId !== flowParameters(state.flow).get('client_id')) {
    throw new OAuthError('invalid_client', 'The flow belongs to another client.')
  }
  const validation = await validateFor(c, state.flow)
  if (validation.error !== undefined) {
    const { target, error } = validation
    if (target === undefined) throw error
    return respondError(c, target, error)
  }
  const { request } = validation
  if (opened.expired || request.client.instance !== state.flow.instance) return startAfresh(c, request)
  if (isDenial(state.decision) && request.device === null) {
    if (step === 'consent') c.var.ctx.audit('consent.rejected', { client_id: request.client.id })
    const { error, description } = state.decision
    return respondToClient(c, request, { error, error_description: description })
  }
  if (!browserMatches(c, step, request.client.id, state.flow)) {
    return respondError(c, request, new OAuthError('request_forbidden', FOREIGN_BROWSER))
  }
  if (request.device !== null) {
    if (request.device.expiresAt <= nowSeconds()) throw new OAuthError('expired_token')
    if (isDenial(state.decision)) return answerDenial(c, request, state.decision)
  }
  return { state, request, expiresAt }
}

/** Validates a flow's request again; a client that looks like another one than asked is read from the source first. */
async function validateFor({ var: { ctx } }: Context<AppEnv>, flow: Flow): Promise<Validation> {
  const validation = await validate(ctx, flow.query, flow.device)
  if (validation.error !== undefined || validation.request.client.instance === flow.instance)
    return validation
  await ctx.rt.clients.fresh(validation.request.client.id)
  return validate(ctx, flow.query, flow.device)
}

/** Whether a decision is a denial by the app. */
export const isDenial = (decision: object): decision is Denial => 'error' in decision

/** A spent or expired step begins again; `prompt=none` may not show a page, so its client is told instead (design rule 9). */
export function startAfresh(c: Context<AppEnv>, request: FlowRequest): Response | Promise<Response> {
  if (request.prompt.includes('none')) {
    return respondError(
      c,
      request,
      new OAuthError('request_unauthorized', 'The flow has expired or is spent.'),
    )
  }
  return respondPage(c, requestUrl(request.config, request))
}
