import { Buffer } from 'node:buffer'
import type { Context } from 'hono'
import type { AppEnv } from '../context.ts'
import { readCookie, stateCookieName } from '../http/cookies.ts'
import { randomText, toBase64url } from '../util/base64url.ts'
import { sha256 } from '../util/digest.ts'

/** What scripts of our origin may know of a session: the same for as long as it is, and nothing that opens it. */
export const browserState = (sid: string): string =>
  toBase64url(sha256(`browser state\0${sid}`).subarray(0, 16))

/**
 * The `session_state` of an answer to a client: what its page hands to our frame to learn whether the session is
 * still the one of this answer (OIDC Session Management 1.0 section 2). None for an application without web origin.
 */
export function sessionState(
  c: Context<AppEnv>,
  clientId: string,
  redirectUri: string,
): { readonly session_state?: string } {
  const { origin } = new URL(redirectUri)
  if (origin === 'null') return {}
  const state = readCookie(c.req.header('cookie'), stateCookieName(c.var.ctx.rt.config.cookies)) ?? ''
  const salt = randomText(8)
  const hash = sha256([clientId, origin, state, salt].join(' '))
  return { session_state: `${Buffer.from(hash).toString('hex')}.${salt}` }
}
