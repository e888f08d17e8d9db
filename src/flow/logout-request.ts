import { renderClient } from '../clients/render.ts'
import type { RequestContext } from '../context.ts'
import { OAuthError } from '../errors/oauth-error.ts'
import type { JsonObject } from '../util/json.ts'
import { rfc3339 } from '../util/rfc3339.ts'
import { type LogoutState, openLogout, sealLogout } from './logout-state.ts'
import type { Continuation, FlowAnswer } from './request-view.ts'
import { withQuery } from './urls.ts'

/** Logout request on the wire (contract 2.4). */
export interface LogoutRequestView {
  readonly challenge: string
  readonly subject: string
  readonly sid: string
  readonly request_url: string
  readonly rp_initiated: boolean
  readonly requested_at: string
  readonly expires_at: string
  readonly client: JsonObject | null
}

/** Shows a logout request; throws `challenge_not_found` for a value that is no logout challenge. */
export async function getLogoutRequest(
  ctx: RequestContext,
  challenge: string,
): Promise<FlowAnswer<LogoutRequestView>> {
  const { state, expired, expiresAt } = await open(ctx, challenge)
  if (expired) return startAfresh(ctx, state)
  const client = state.clientId === null ? undefined : await ctx.rt.clients.find(state.clientId)
  return {
    status: 200,
    body: {
      challenge,
      subject: state.subject,
      sid: state.sid,
      request_url: state.requestUrl,
      rp_initiated: state.clientId !== null,
      requested_at: rfc3339(state.requestedAt),
      expires_at: rfc3339(expiresAt),
      client: client === undefined ? null : renderClient(client),
    },
  }
}

/** Accepts a logout request; the session ends when the browser brings the verifier. */
export async function acceptLogout(
  ctx: RequestContext,
  challenge: string,
): Promise<FlowAnswer<Continuation>> {
  const { state, expired, expiresAt } = await open(ctx, challenge)
  if (expired) return startAfresh(ctx, state)
  const verifier = await sealLogout(ctx.rt, 'logout_verifier', state, expiresAt)
  return { status: 200, body: { redirect_to: withQuery(logoutUrl(ctx), { logout_verifier: verifier }) } }
}

/** Rejects a logout request: nothing happens (contract 1.4.2). */
export async function rejectLogout(ctx: RequestContext, challenge: string): Promise<void> {
  await open(ctx, challenge)
}

const logoutUrl = (ctx: RequestContext): string => `${ctx.rt.config.urls.public}/oauth2/sessions/logout`

async function open(ctx: RequestContext, challenge: string) {
  const opened = await openLogout(ctx.rt, 'logout_challenge', challenge)
  if (opened === undefined) throw new OAuthError('challenge_not_found')
  return opened
}

const startAfresh = (ctx: RequestContext, state: LogoutState): FlowAnswer<never> => ({
  status: 410,
  body: { redirect_to: new URL(state.requestUrl, ctx.rt.config.urls.public).href },
})
