import type { Config } from '../config/types.ts'
import type { RequestContext } from '../context.ts'
import { OAuthError } from '../errors/oauth-error.ts'
import { readQuery } from '../http/form.ts'
import type { Seconds } from '../util/clock.ts'
import type { FlowKind, OpenedFlow } from './seal.ts'
import type { Flow } from './state.ts'

/** Where the app sends the browser next. */
export interface Continuation {
  readonly redirect_to: string
}

/** The answer to an admin call on a challenge; a 410 says where to start an expired flow again. */
export type FlowAnswer<Body> =
  | { readonly status: 200; readonly body: Body }
  | { readonly status: 410; readonly body: Continuation }

/** An admin call on a challenge. Throws `challenge_not_found` for a value that is not such a challenge. */
export type ChallengeCall<Body> = (
  ctx: RequestContext,
  challenge: string,
  body?: unknown,
) => Promise<FlowAnswer<Body>>

/**
 * Defines the admin calls on one kind of challenge. Each handler answers while the flow has not expired.
 *
 * @param afresh - where to start an expired flow again (design rule 9)
 */
export const callsOn =
  <State>(kind: FlowKind<State>, afresh: (config: Config, state: State) => string) =>
  <Body>(
    answer: (
      ctx: RequestContext,
      opened: OpenedFlow<State>,
      body: unknown,
      challenge: string,
    ) => Promise<Body>,
  ): ChallengeCall<Body> =>
  async (ctx, challenge, body) => {
    const opened = await kind.open(ctx.rt, challenge)
    if (opened === undefined) throw new OAuthError('challenge_not_found', 'challenge_unknown')
    return opened.expired
      ? { status: 410, body: { redirect_to: afresh(ctx.rt.config, opened.state) } }
      : { status: 200, body: await answer(ctx, opened, body, challenge) }
  }

/**
 * Tells the app to send the browser back to where the flow began, with the decision sealed in a verifier.
 *
 * @param entry - URL where the flow began
 */
export async function goOn<State extends { readonly flow: Flow }>(
  { rt, seen }: RequestContext,
  verifier: FlowKind<State>,
  state: State,
  expiresAt: Seconds,
  entry: string,
): Promise<Continuation> {
  const clientId = readQuery(state.flow.query).require('client_id')
  seen(clientId)
  return { redirect_to: await verifier.urlWith(rt, entry, state, expiresAt, { client_id: clientId }) }
}
