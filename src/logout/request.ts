import { renderClient } from '../clients/render.ts'
import { type RegisteredItself, registeredItself } from '../clients/stranger.ts'
import { callsOn } from '../flow/challenge.ts'
import type { JsonObject } from '../util/json.ts'
import { rfc3339 } from '../util/rfc3339.ts'
import { logoutChallenge, logoutVerifier } from './state.ts'

/** A logout request as JSON (contract 2.4), which leaves out undefined members. */
export interface LogoutRequestView {
  readonly challenge: string
  readonly subject: string
  readonly sid: string
  readonly request_url: string
  readonly rp_initiated: boolean
  readonly requested_at: string
  readonly expires_at: string
  readonly client: JsonObject | undefined
  /** Set for a client that nobody reviewed: nobody checked what it calls itself. */
  readonly registered_itself: RegisteredItself | undefined
}

const logoutCall = callsOn(logoutChallenge, ({ urls }, { requestUrl }) => urls.public + requestUrl)

/** Answers with a logout request. */
export const getLogoutRequest = logoutCall<LogoutRequestView>(
  async ({ rt }, { state, expiresAt }, _body, challenge) => {
    const { subject, sid, clientId, foreign } = state
    const client = clientId === null ? undefined : await rt.clients.find(clientId)
    const shown = client && renderClient(client)
    return {
      challenge,
      subject,
      sid,
      request_url: state.requestUrl,
      rp_initiated: clientId !== null && !foreign,
      requested_at: rfc3339(state.requestedAt),
      expires_at: rfc3339(expiresAt),
      // The user must be asked where the ID token is of no session of this browser (RP-Initiated Logout section 2).
      client: shown && foreign ? { ...shown, skip_logout_consent: false } : shown,
      registered_itself: client && registeredItself(client, undefined),
    }
  },
)

/** Accepts a logout request; the session ends when the browser returns with the verifier. */
export const acceptLogout = logoutCall(async ({ rt }, { state, expiresAt }) => {
  const url = `${rt.config.urls.public}/oauth2/sessions/logout`
  return { redirect_to: await logoutVerifier.urlWith(rt, url, state, expiresAt) }
})

/** Rejects a logout request: changes nothing, even if the request has expired (contract 1.4.2). */
export const rejectLogout = logoutCall(async () => null)
