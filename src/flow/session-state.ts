import { Buffer } from 'node:buffer'
import type { Context } from 'hono'
import { MAX_SESSION_SECONDS } from '../config/limits.ts'
import type { AppEnv } from '../context.ts'
import { readCookie, stateCookie } from '../http/cookies.ts'
import { randomText } from '../util/base64url.ts'
import { sha256 } from '../util/digest.ts'
import { readSessionCookie } from './browser.ts'

const STATE = /^[A-Za-z0-9_-]{22}$/

/** The browser's state, if it is in the form that ours have. */
function presented(c: Context<AppEnv>): string | undefined {
  const state = readCookie(c.req.header('cookie'), c.var.ctx.rt.config.cookies.stateName)
  return state !== undefined && STATE.test(state) ? state : undefined
}

// The browser's state is random and says nothing about who is logged in, because scripts of our origin can read it.
function setState(c: Context<AppEnv>, value: string, lifetime: number): string {
  const { cookies, sessionManagement } = c.var.ctx.rt.config
  if (sessionManagement) c.header('set-cookie', stateCookie(cookies, value, lifetime), { append: true })
  return value
}

/**
 * Sets a new browser state: pages that watch the session see that it changed (OIDC Session Management 1.0 section 3.2),
 * and again when it expires.
 *
 * @param lifetime - seconds for which the browser's session lasts
 */
export const changeState = (c: Context<AppEnv>, lifetime: number): string =>
  setState(c, randomText(16), lifetime)

/** Keeps the browser state, or sets one if there is none, until `lifetime` seconds from now. */
export const extendState = (c: Context<AppEnv>, lifetime: number): string =>
  setState(c, presented(c) ?? randomText(16), lifetime)

/** Removes the browser state: pages that watch the session see that it ended. */
export const clearState = (c: Context<AppEnv>): string => setState(c, '', 0)

/**
 * The `session_state` of an answer to a client: the client's page gives it to our frame to learn whether the session is
 * still the same (OIDC Session Management 1.0 section 2). Empty for an application without web origin. Sets a browser
 * state if there is none.
 *
 * @param sid - the session that the answer belongs to; if the browser has another one, the frame reports a change at
 *   once
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
