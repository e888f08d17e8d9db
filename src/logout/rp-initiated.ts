import type { Context } from 'hono'
import { respondErrorPage, respondPage } from '../authorize/respond.ts'
import type { AppEnv, RequestContext } from '../context.ts'
import { invalidRequest, OAuthError } from '../errors/oauth-error.ts'
import { clearSessionCookie, readSessionCookie, type SessionCookie } from '../flow/browser.ts'
import { clearState } from '../flow/session-state.ts'
import { ownLogoutUrl } from '../flow/urls.ts'
import {
  countingQuery,
  MAX_QUERY,
  Parameters,
  queryOf,
  readEntries,
  readFormEntries,
  readQuery,
  requestTooLong,
  toQuery,
} from '../http/form.ts'
import { withQuery } from '../http/location.ts'
import { speakAs } from '../http/page-text.ts'
import { counting, HYDRA_REPEATS } from '../http/repeats.ts'
import { type Hint, isHintOf, verifyIdTokenHint, withSealedHint } from '../tokens/id-token-hint.ts'
import { after, nowSeconds } from '../util/clock.ts'
import { clientIdOf, type Sid } from '../util/ids.ts'
import { mapConcurrent } from '../util/map-concurrent.ts'
import { endSessions } from './end-sessions.ts'
import { frontChannelUrl, showFrames } from './front-channel.ts'
import { type LogoutState, logoutChallenge, logoutVerifier } from './state.ts'

/** The error for an unusable logout request; `problem` says what is wrong. */
const unfit = (problem: string): OAuthError => invalidRequest('logout_unfit', { problem })

/** The logout endpoint, GET and POST (OIDC RP-Initiated Logout 1.0 section 2, contract 3.11). */
export async function logout(c: Context<AppEnv>): Promise<Response> {
  try {
    const verifier = readQuery(new URL(c.req.url).search).get('logout_verifier')
    return verifier === undefined ? await askLogoutApp(c) : await finish(c, verifier)
  } catch (thrown) {
    if (thrown instanceof OAuthError) return respondErrorPage(c, thrown)
    throw thrown
  }
}

/** Sends the browser to the logout app, or directly to the target if there is no session to end. */
async function askLogoutApp(c: Context<AppEnv>): Promise<Response> {
  const { rt } = c.var.ctx
  const query = queryOf(c.req.url)
  const form = c.req.method === 'POST' ? await readFormEntries(c.var.body) : []
  const entries = counting([...readEntries(query), ...form], HYDRA_REPEATS)
  const parameters = new Parameters(entries)
  // Our own ID token may be a hint of any length. The rest is bounded, because it is sealed into the logout challenge.
  const rest = entries.filter(([name]) => name !== 'id_token_hint')
  if (form.length > 0 && toQuery(rest).length > MAX_QUERY) throw requestTooLong(MAX_QUERY)
  const text = parameters.get('id_token_hint')
  const hint = text === undefined ? undefined : await verifyIdTokenHint(c.var.ctx, text)
  const asked = hint === undefined ? await byEndUser(c, parameters) : await byClient(c, hint, parameters)
  if (typeof asked === 'string') {
    // A login that is not remembered has no session cookie, but pages may watch its state.
    if ((await readSessionCookie(c)) === undefined) clearState(c)
    return respondPage(c, withAlong(c, asked, parameters))
  }
  const requestedAt = nowSeconds()
  const expiresAt = after(requestedAt, rt.config.ttl.loginConsentRequest)
  const given = form.length === 0 ? countingQuery(query) : toQuery(entries)
  const search = hint === undefined ? given : await withSealedHint(rt, given, hint, expiresAt)
  const requestUrl = `/oauth2/sessions/logout${search === '' ? '' : `?${search}`}`
  const state = { ...asked, requestUrl, requestedAt }
  return respondPage(c, await logoutChallenge.urlWith(rt, rt.config.urls.logout, state, expiresAt))
}

type Asked = Omit<LogoutState, 'requestUrl' | 'requestedAt'>

/**
 * A request without a hint: only this browser's own session can end. A client that is named by its id alone may still
 * say where to go afterwards.
 */
async function byEndUser(c: Context<AppEnv>, parameters: Parameters): Promise<Asked | string> {
  const { rt } = c.var.ctx
  const clientId = parameters.get('client_id')
  const leads = parameters.get('post_logout_redirect_uri') !== undefined
  if (leads && clientId === undefined) {
    throw unfit("has a 'post_logout_redirect_uri', but neither an 'id_token_hint' nor a 'client_id'")
  }
  const known = leads && clientId !== undefined
  const target = known ? await logoutTarget(c, clientId, parameters) : rt.config.urls.postLogoutRedirect
  const cookie = await readSessionCookie(c)
  if (cookie === undefined) return target
  const own = await ownSession(c.var.ctx, cookie)
  return own === null ? target : { ...own, clientId: null, target, foreign: false }
}

async function byClient(c: Context<AppEnv>, hint: Hint, parameters: Parameters): Promise<Asked | string> {
  const { ctx } = c.var
  const clientId = clientIdOf(hint.audience[0] ?? '')
  ctx.seen(clientId)
  if ((parameters.get('client_id') ?? clientId) !== clientId)
    throw unfit("has a 'client_id' that is not the client of its 'id_token_hint'")
  const target = await logoutTarget(c, clientId, parameters)
  const { sid } = hint
  if (sid === undefined) throw unfit("has an 'id_token_hint' that names no session")
  const cookie = await readSessionCookie(c)
  const named = await sessionOf(ctx, hint, sid, cookie)
  if (named === null) return target
  const foreign = cookie?.sid !== sid
  const asked = { clientId, target, foreign }
  const own = cookie !== undefined && foreign ? await ownSession(ctx, cookie) : null
  // Nobody's word but this browser's ends its session, so it is asked about that one.
  if (own !== null) return { ...asked, ...own }
  // Without the session's cookie only the token speaks: what it does not tell its holder is not shown.
  return { ...asked, ...named, subject: foreign ? hint.subject : named.subject }
}

/** The session that a hint names, in the ledger of this browser's cookie or in those of its subject; null if it is over. */
async function sessionOf(
  ctx: RequestContext,
  hint: Hint,
  sid: Sid,
  cookie: SessionCookie | undefined,
): Promise<OpenSession | null> {
  const own = cookie?.sid === sid && isHintOf(hint, cookie.owner)
  for (const owner of own ? [cookie.owner] : hint.owners) {
    const session = await ownSession(ctx, { owner, sid })
    if (session !== null) return session
  }
  return null
}

/** A session that is not over, with its ledger. */
type OpenSession = Pick<LogoutState, 'owner' | 'sid' | 'subject'>

/** A session in its ledger; null if it is over. */
async function ownSession(
  { rt }: RequestContext,
  { owner, sid }: SessionCookie,
): Promise<OpenSession | null> {
  const session = await rt.ledgers.call(owner, 'session', { sid })
  return session === null ? null : { owner, sid, subject: session.subject }
}

/** The registered target that a client asked for, or else the configured target. */
async function logoutTarget(c: Context<AppEnv>, clientId: string, parameters: Parameters): Promise<string> {
  const { clients, config } = c.var.ctx.rt
  const requested = parameters.get('post_logout_redirect_uri')
  const known = await clients.find(clientId)
  const registers = (uris: readonly string[] | undefined): boolean =>
    uris !== undefined && (requested === undefined || uris.includes(requested))
  const current = registers(known?.metadata.post_logout_redirect_uris) ? known : await clients.fresh(clientId)
  if (current === undefined) throw invalidRequest('client_unregistered')
  if (!registers(current.metadata.post_logout_redirect_uris)) {
    throw unfit("has a 'post_logout_redirect_uri' that is not among the client's post_logout_redirect_uris")
  }
  return requested ?? config.urls.postLogoutRedirect
}

/**
 * The target with what goes along: the `state` of the request to a target that a client asked for (section 3), the
 * user's language to our own last page.
 */
function withAlong(c: Context<AppEnv>, target: string, parameters: Parameters): string {
  const isAskedFor = parameters.get('post_logout_redirect_uri') !== undefined
  const name = isAskedFor ? 'state' : 'ui_locales'
  const value = parameters.get(name)
  const takes = isAskedFor || target === ownLogoutUrl(c.var.ctx.rt.config.urls)
  return value === undefined || !takes ? target : withQuery(target, { [name]: value })
}

/**
 * Ends the session that the logout app agreed to end. A repeated verifier finds it ended, and shows the clients' frames
 * again.
 */
async function finish(c: Context<AppEnv>, verifier: string): Promise<Response> {
  const { ctx } = c.var
  const opened = await logoutVerifier.open(ctx.rt, verifier)
  if (opened === undefined) throw new OAuthError('challenge_not_found', 'challenge_unknown')
  if (opened.expired) throw new OAuthError('request_unauthorized', 'flow_expired')
  const { owner, sid, clientId, requestUrl, foreign } = opened.state
  const query = requestUrl.slice(requestUrl.indexOf('?') + 1)
  speakAs(c, query)
  const target = withAlong(c, opened.state.target, readQuery(query))
  const cookie = await readSessionCookie(c)
  const own = cookie?.sid === sid
  // Only the browser that has the session may end it, whoever has the ID token. When it repeats the request it has no
  // cookie any more.
  const told = await endSessions(ctx, owner, { sid, onlyEnded: !own })
  if (foreign && !own) ctx.refused(new OAuthError('request_forbidden', 'session_of_other_browser'))
  if (own) clearSessionCookie(c)
  if (own || (cookie === undefined && clientId !== null)) clearState(c)
  const frames = (await mapConcurrent(told, (client) => frontChannelUrl(ctx.rt, client))).flat()
  return frames.length === 0 ? respondPage(c, target) : showFrames(c, frames, target)
}
