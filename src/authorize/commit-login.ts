import type { Context } from 'hono'
import type { AppEnv } from '../context.ts'
import {
  clearSessionCookie,
  MAX_SESSION_SECONDS,
  type SessionCookie,
  writeSessionCookie,
} from '../flow/browser.ts'
import { endSessions } from '../flow/end.ts'
import type { LoginAcceptance, LoginVerdict } from '../flow/state.ts'
import { directoryOf, ownerOf } from '../ledger/owner.ts'
import type { LoginInput, LoginResult } from '../ledger/types.ts'
import { nowSeconds } from '../util/clock.ts'
import type { Resumed } from './resume.ts'

/**
 * Commits a login: the directory learns whose the session is, the subject's ledger starts or renews it, the browser
 * gets or loses its cookie (contract 3.4). A session id that was given to another subject, by the same browser
 * going back and logging in as somebody else, is not given twice: that login counts as ended.
 */
export async function commitLogin(
  c: Context<AppEnv>,
  resumed: Resumed<LoginVerdict>,
  decision: LoginAcceptance,
  session: SessionCookie,
  cookie: SessionCookie | undefined,
): Promise<LoginResult> {
  const { rt, audit } = c.var.ctx
  const skip = resumed.state.known !== null
  const directory = directoryOf(session.sid)
  if (!skip) {
    const { owner } = await rt.ledgers.call(directory, 'bindSession', session)
    if (owner !== session.owner) return { status: 'ended' }
  }
  const wanted = decision.rememberFor > 0 ? decision.rememberFor : rt.config.ttl.authenticationSession
  const lifetime = Math.min(wanted, MAX_SESSION_SECONDS)
  const other = !skip && !decision.remember && cookie?.sid !== session.sid ? cookie : undefined
  const replaces = other?.owner === session.owner ? other.sid : null
  const input = loginInput(c, resumed, decision, lifetime)
  const result = await rt.ledgers.call(session.owner, 'login', { ...input, sid: session.sid, replaces })
  // Nothing was started, so nothing would ever take the entry back.
  if (result.status === 'stale') await rt.ledgers.call(directory, 'unbindSessions', { sids: [session.sid] })
  if (result.status !== 'active') return result
  if (!skip) audit('session.started', { client_id: resumed.request.client.id, sid: session.sid })
  if (decision.remember && (!skip || decision.extend)) await writeSessionCookie(c, session, lifetime)
  if (other !== undefined) await dropSession(c, other)
  return result
}

function loginInput(
  c: Context<AppEnv>,
  { state, request, expiresAt }: Resumed<LoginVerdict>,
  { subject, authTime, remember, extend }: LoginAcceptance,
  lifetime: number,
): Omit<LoginInput, 'sid' | 'replaces'> {
  const { attempt, rt } = c.var.ctx
  const skip = state.known !== null
  // The cookie ends a session; its row must outlive this flow and its code, which are checked against it.
  const flowEnds = expiresAt + rt.config.ttl.authCode
  const ends = Math.max(nowSeconds() + lifetime, flowEnds)
  return {
    attempt,
    subject,
    clientId: request.client.id,
    instance: request.client.instance,
    epoch: state.seen?.owner === ownerOf('subject', subject) ? state.seen.epoch : 0,
    authTime,
    remember,
    skip,
    expiresAt: skip && !extend ? null : ends,
    flowExpiresAt: flowEnds,
  }
}

/** Ends the browser's session, if it has one, and clears its cookie. */
export async function dropSession(c: Context<AppEnv>, cookie: SessionCookie | undefined): Promise<void> {
  if (cookie === undefined) return
  await endSessions(c.var.ctx, cookie.owner, { sid: cookie.sid }, false)
  clearSessionCookie(c)
}
