import type { RequestContext } from '../context.ts'
import { OAuthError } from '../errors/oauth-error.ts'
import { type Continuation, type FlowAnswer, flowParameters } from './request-view.ts'
import { type Flow, type OpenedFlow, openState, type StateOf } from './state.ts'
import { continueUrl, requestUrl } from './urls.ts'

/** Opens the challenge of a login or consent step; throws `challenge_not_found` for a value that is none. */
export async function openChallenge<Kind extends 'login_challenge' | 'consent_challenge'>(
  ctx: RequestContext,
  kind: Kind,
  challenge: string,
): Promise<OpenedFlow<StateOf<Kind>>> {
  const opened = await openState(ctx.rt, kind, challenge)
  if (opened === undefined) throw new OAuthError('challenge_not_found')
  return opened
}

/** Answers a challenge that came too late: the same authorization request once more (design rule 9). */
export const startAfresh = (ctx: RequestContext, flow: Flow): FlowAnswer<never> => ({
  status: 410,
  body: { redirect_to: requestUrl(ctx.rt.config, flow) },
})

/** Sends the browser on to the authorization endpoint, which takes the decision out of the verifier. */
export function goOn(
  ctx: RequestContext,
  flow: Flow,
  verifier: Readonly<Record<string, string>>,
): FlowAnswer<Continuation> {
  const clientId = flowParameters(flow).require('client_id')
  ctx.seen(clientId)
  return { status: 200, body: { redirect_to: continueUrl(ctx.rt.config, flow, clientId, verifier) } }
}
