import type { Context } from 'hono'
import type { AppEnv } from '../context.ts'
import { accessDenied, OAuthError } from '../errors/oauth-error.ts'
import { invalidClient } from '../errors/refusals.ts'
import { browserMatches } from '../flow/browser.ts'
import type { FlowKind } from '../flow/seal.ts'
import { type Denial, type Flow, ownerIn } from '../flow/state.ts'
import type { CsrfStep } from '../http/cookies.ts'
import { MAX_QUERY, readQuery } from '../http/form.ts'
import { speakAs } from '../http/page-text.ts'
import type { Seconds } from '../util/clock.ts'
import { validate } from './pipeline.ts'
import { asks, type FlowRequest } from './request.ts'
import { respondPage } from './respond.ts'

/**
 * A flow step whose verifier passed every check that comes before the ledger: its request is still allowed and this
 * browser started it.
 */
export interface Resumed<State, Acceptance = unknown> {
  readonly state: State
  readonly decision: Acceptance
  readonly request: FlowRequest
  readonly expiresAt: Seconds
}

/**
 * Makes the checks that every verifier passes before anything is written (design invariant 2): it opens, its flow
 * belongs to this client, its request is still allowed and has not expired, the app did not deny it, and this browser
 * started the flow. When a check fails, returns the response, or throws an error that must not go to a client. A forged
 * verifier reads no storage.
 */
export async function resume<
  Acceptance extends object,
  State extends { readonly flow: Flow; readonly decision: Acceptance | Denial; readonly subject?: string },
>(
  c: Context<AppEnv>,
  step: CsrfStep,
  kind: FlowKind<State>,
  verifier: string,
  clientId: string | undefined,
): Promise<Response | Resumed<State, Acceptance>> {
  const { ctx } = c.var
  const opened = await kind.open(ctx.rt, verifier)
  if (opened === undefined) throw accessDenied('flow_unknown', { step })
  const { state, expiresAt } = opened
  const decision: Acceptance | Denial = state.decision
  if (clientId !== readQuery(state.flow.query).get('client_id')) {
    throw invalidClient('flow_of_other_client')
  }
  const { query, pending, signed, signedTail } = state.flow
  speakAs(c, query)
  let validation = await validate(ctx, query, pending, { signed, signedTail })
  // A cached copy of the client may be outdated, so the source decides whether the client changed.
  if (validation.error === undefined && !isAsAsked(validation.request, state.flow)) {
    await ctx.rt.clients.fresh(validation.request.client.id)
    validation = await validate(ctx, query, pending, { signed, signedTail })
  }
  if (validation.error !== undefined) return validation.tell(c, validation.error)
  const { request } = validation
  if (opened.expired || !isAsAsked(request, state.flow)) return startAfresh(c, request)
  const refusal = browserMatches(c, step, request.client.id, state.flow)
    ? request.channel.expiry()
    : new OAuthError('request_forbidden', 'flow_of_other_browser')
  if ('error' in decision) {
    const owner = state.subject === undefined ? undefined : ownerIn(state.flow, state.subject)
    return request.channel.deny(c, decision, { step, owner }, refusal)
  }
  return refusal === undefined ? { state, decision, request, expiresAt } : request.channel.tell(c, refusal)
}

/** Whether the client is still what it was when the flow began: the same registration with the same addresses. */
const isAsAsked = ({ client }: FlowRequest, { instance, consentEpoch }: Flow): boolean =>
  client.instance === instance && client.consentEpoch === consentEpoch

/**
 * Starts a spent or expired flow again. With `prompt=none`, which may not show a page, and for a request that only its
 * client can make again, sends an error to the client instead (design rule 9).
 */
export function startAfresh(c: Context<AppEnv>, request: FlowRequest): Response | Promise<Response> {
  const isRepeatable = !request.profile.requiresObject && request.query.length <= MAX_QUERY
  if (isRepeatable && !asks(request, 'none')) return respondPage(c, request.channel.startUrl)
  const spent = new OAuthError('request_unauthorized', 'flow_expired')
  return request.channel.tell(c, spent)
}
