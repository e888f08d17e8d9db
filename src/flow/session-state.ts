import { Buffer } from 'node:buffer'
import type { Context } from 'hono'
import { MAX_SESSION_SECONDS } from '../config/limits.ts'
import type { AppEnv } from '../context.ts'
import { readCookie, stateCookie, stateCookieName } from '../http/cookies.ts'
import { randomText } from '../util/base64url.ts'
import { sha256 } from '../util/digest.ts'
import { readSessionCookie } from './browser.ts'

const presented = (c: Context<AppEnv>): string | undefined =>
  readCookie(c.req.header('cookie'), stateCookieName(c.var.ctx.rt.config.cookies))

// The browser's state is random and says nothing of who is logged in: scripts of our origin can read it.
function setState(c: Context<AppEnv>, value: string, lifetime: number): string {
  const { cookies, sessionManagement } = c.var.ctx.rt.config
  if (sessionManagement) c.header('set-cookie', stateCookie(cookies, value, lifetime), { append: true })
  return value
}

/**
 * Has the pages that watch this browser's session see that it changed (OIDC Session Management 1.0 section 3.2), and
 * see it again when the session is over.
 *
 * @param lifetime - seconds that the browser knows the session for
 */
export const changeState = (c: Context<AppEnv>, lifetime: number): string =>
  setState(c, randomText(16), lifetime)

/** Has them see the session go on for that much longer. */
export const extendState = (c: Context<AppEnv>, lifetime: number): string =>
  setState(c, presented(c) ?? randomText(16), lifetime)

/** Has them see the end of a session. */
export const clearState = (c: Context<AppEnv>): string => setState(c, '', 0)

/**
 * The `session_state` of an answer to a client: what its page hands to our frame to learn whether the session is still
 * the one of this answer (OIDC Session Management 1.0 section 2). None for an application without web origin.
 *
 * @param sid - the session that the answer is about; another one in this browser counts as a change at once
 */
export async function sessionState(
  c: Context<AppEnv>,
  clientId: string,
  redirectUri: string,
  sid: string | undefined,
): Promise<{ readonly session_state?: string }> {
  const { sessionManagement } = c.var.ctx.rt.config
  const { origin } = new URL(redirectUri)
  if (!sessionManagement || origin === 'null') return {}
  const session = sid === undefined ? undefined : await readSessionCookie(c)
  const fits = session === undefined || session.sid === sid
  const state = presented(c) ?? changeState(c, MAX_SESSION_SECONDS)
  const salt = randomText(8)
  const hash = sha256([clientId, origin, fits ? state : '', salt].join(' '))
  return { session_state: `${Buffer.from(hash).toString('hex')}.${salt}` }
}
