import type { Context } from 'hono'
import { MAX_SESSION_SECONDS } from '../config/limits.ts'
import type { Location } from '../config/residency.ts'
import type { Config } from '../config/types.ts'
import type { AppEnv, RequestContext } from '../context.ts'
import { clearSessionCookie, type SessionCookie, writeSessionCookie } from '../flow/browser.ts'
import { changeState, clearState, extendState } from '../flow/session-state.ts'
import type { LoginAcceptance, LoginVerdict } from '../flow/state.ts'
import { directoryOf, jurisdictionOf } from '../ledger/owner.ts'
import type { Input, LoginResult } from '../ledger/types.ts'
import { endSessions } from '../logout/end-sessions.ts'
import { isRefreshable, lifetimesFor } from '../tokens/lifetimes.ts'
import { after, nowSeconds, type Seconds, seconds } from '../util/clock.ts'
import type { FlowRequest } from './request.ts'
import type { Resumed } from './resume.ts'
import { sessionLimits } from './session-limits.ts'

/**
 * Commits a login: binds the session id to its owner in the directory, starts or renews the session in the subject's
 * ledger, and sets or clears the browser's cookie (contract 3.4). If the session id already belongs to another subject
 * (the browser went back and logged in as somebody else), the login counts as ended.
 */
export async function commitLogin(
  c: Context<AppEnv>,
  { state, decision, request, expiresAt }: Resumed<LoginVerdict, LoginAcceptance>,
  session: SessionCookie,
  cookie: SessionCookie | undefined,
): Promise<LoginResult> {
  const { rt, audit, attempt } = c.var.ctx
  const { owner, sid } = session
  const { subject, authTime, epoch, extend, providerSession } = decision
  const { id: clientId, instance, consentEpoch } = request.client
  const skip = state.known !== null
  const lifetime = lifetimeOf(rt.config, decision)
  const remember = decision.remember && lifetime > 0
  const other = !skip && !remember && cookie?.sid !== sid ? cookie : undefined
  // Removing the cookie ends a session, but its row must outlive this flow and its code, which are checked against it.
  const flowExpiresAt = after(expiresAt, request.profile.codeLifetime)
  const input: Input<'login'> = {
    attempt,
    sid,
    subject,
    clientId,
    instance,
    consentEpoch,
    epoch,
    authTime,
    remember,
    providerSession,
    skip,
    expiresAt: skip && !extend ? null : seconds(Math.max(nowSeconds() + lifetime, flowExpiresAt)),
    flowExpiresAt,
    ...likelyEnd(rt.config, request, flowExpiresAt),
    replaces: other?.owner === owner ? other.sid : null,
    ...sessionLimits(rt.config, request.client.metadata),
  }
  const result = skip
    ? await rt.ledgers.call(owner, 'login', input)
    : await startSession(c.var.ctx, session, input, state.flow.location)
  if (result.status !== 'active') return result
  if (!skip) audit('session.started', { client_id: clientId, sid }, owner)
  if (remember && (!skip || extend)) {
    await writeSessionCookie(c, session, lifetime)
    if (cookie?.sid === sid) extendState(c, lifetime)
    else changeState(c, lifetime)
  }
  if (other !== undefined) await dropSession(c, other)
  return result
}

/**
 * Binds the id of a new session to its owner, and starts the session. The id was made in this flow, so hardly ever
 * somebody else has it: both are asked at once, and a session whose id is not its own ends before anybody hears of it.
 * A login that ends another session first makes sure that the id is its own.
 */
async function startSession(
  { rt, attempt }: RequestContext,
  session: SessionCookie,
  input: Input<'login'>,
  location: Location | null,
): Promise<LoginResult> {
  const { owner, sid } = session
  const directory = directoryOf(sid, jurisdictionOf(owner))
  const bind = async (): Promise<boolean> => {
    const bound = await rt.ledgers.call(directory, 'bindSession', session)
    return bound.owner === owner
  }
  const login = (): Promise<LoginResult> => rt.ledgers.call(owner, 'login', input, location)
  if (input.replaces !== null) return (await bind()) ? login() : { status: 'ended' }
  const [bound, started] = await Promise.allSettled([bind(), login()])
  if (bound.status === 'fulfilled' && bound.value) {
    if (started.status === 'rejected') throw started.reason
    return started.value
  }
  const flowLifetime = rt.config.ttl.loginConsentRequest
  // Without an answer it may have been bound before, by an attempt that started the session.
  const target = bound.status === 'rejected' ? { sid, startedBy: attempt } : { sid }
  const ending = { attempt, target, flowLifetime, notify: false, revoke: false }
  await rt.ledgers.call(owner, 'endSessions', ending)
  if (bound.status === 'rejected') throw bound.reason
  return { status: 'ended' }
}

/** When the tokens that a request asks for end, if it gets them and they are not refreshed. */
function likelyEnd(
  config: Config,
  { client, scope }: FlowRequest,
  flowExpiresAt: Seconds,
): Pick<Input<'login'>, 'tokensLikelyEnd'> {
  if (!isRefreshable(client, scope)) return {}
  const { refreshToken } = lifetimesFor(config, client, 'authorization_code')
  return refreshToken === null ? {} : { tokensLikelyEnd: after(flowExpiresAt, refreshToken) }
}

/** How long the session is recognised, in seconds; 0 if the login is longer ago than any session may last. */
function lifetimeOf({ ttl }: Config, { rememberFor, authTime }: LoginAcceptance): Seconds {
  const wanted = Math.min(rememberFor || ttl.authenticationSession, MAX_SESSION_SECONDS)
  if (ttl.sessionAbsolute === null) return seconds(wanted)
  return seconds(Math.max(0, Math.min(wanted, authTime + ttl.sessionAbsolute - nowSeconds())))
}

/** Ends the browser's session, if there is one, and clears its cookie. */
export async function dropSession(c: Context<AppEnv>, cookie: SessionCookie | undefined): Promise<void> {
  if (cookie === undefined) return
  await endSessions(c.var.ctx, cookie.owner, { sid: cookie.sid }, false)
  clearSessionCookie(c)
  clearState(c)
}
