import type { Context } from 'hono'
import type { AppEnv } from '../context.ts'
import { accessDenied, OAuthError } from '../errors/oauth-error.ts'
import { invalidClient } from '../errors/refusals.ts'
import { browserMatches } from '../flow/browser.ts'
import type { FlowKind } from '../flow/seal.ts'
import type { Denial, Flow } from '../flow/state.ts'
import type { CsrfStep } from '../http/cookies.ts'
import { readQuery } from '../http/form.ts'
import type { Seconds } from '../util/clock.ts'
import { validate } from './pipeline.ts'
import { asks, type FlowRequest } from './request.ts'
import { respondPage } from './respond.ts'

/** A verifier that passed every check before the ledger: its request is valid now and this browser started it. */
export interface Resumed<State, Acceptance = unknown> {
  readonly state: State
  readonly decision: Acceptance
  readonly request: FlowRequest
  readonly expiresAt: Seconds
}

/**
 * What every verifier goes through before anything is written (design invariant 2): it opens, names this client,
 * its request is still allowed, it is in time, it was not denied, and this browser started the flow. Answers with
 * the response when one of these fails, or throws what no client may be told. A forged verifier reads no storage.
 */
export async function resume<
  Acceptance extends object,
  State extends { readonly flow: Flow; readonly decision: Acceptance | Denial },
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
  const { query, pending } = state.flow
  let validation = await validate(ctx, query, pending)
  // A client that looks like another one than asked is read from the source first.
  if (validation.error === undefined && !isAsAsked(validation.request, state.flow)) {
    await ctx.rt.clients.fresh(validation.request.client.id)
    validation = await validate(ctx, query, pending)
  }
  if (validation.error !== undefined) return validation.tell(c, validation.error)
  const { request } = validation
  if (opened.expired || !isAsAsked(request, state.flow)) return startAfresh(c, request)
  const refusal = browserMatches(c, step, request.client.id, state.flow)
    ? request.channel.expiry()
    : new OAuthError('request_forbidden', 'flow_of_other_browser')
  if ('error' in decision) return request.channel.deny(c, decision, step, refusal)
  return refusal === undefined ? { state, decision, request, expiresAt } : request.channel.tell(c, refusal)
}

/** Whether the client is still what it was when the flow began: the same creation, at the same addresses. */
const isAsAsked = ({ client }: FlowRequest, { instance, consentEpoch }: Flow): boolean =>
  client.instance === instance && client.consentEpoch === consentEpoch

/** A spent or expired step begins again; `prompt=none` may not show a page, so its client is told instead (design rule 9). */
export function startAfresh(c: Context<AppEnv>, request: FlowRequest): Response | Promise<Response> {
  if (!asks(request, 'none')) return respondPage(c, request.channel.startUrl)
  const spent = new OAuthError('request_unauthorized', 'flow_expired')
  return request.channel.tell(c, spent)
}
