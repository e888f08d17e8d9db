import type { Context } from 'hono'
import { isWithin } from '../config/residency.ts'
import type { AppEnv } from '../context.ts'
import { loginRequired } from '../errors/oauth-error.ts'
import { bindBrowser, readSessionCookie } from '../flow/browser.ts'
import { type Flow, loginChallenge } from '../flow/state.ts'
import { regionOf } from '../http/region.ts'
import { grantIdFor, jurisdictionOf, type Owner } from '../ledger/owner.ts'
import type { SessionView } from '../ledger/types.ts'
import { type Hint, isHintOf, verifyIdTokenHint, withSealedHint } from '../tokens/id-token-hint.ts'
import { after, nowSeconds } from '../util/clock.ts'
import { sidOf } from '../util/ids.ts'
import { asks, type FlowRequest, maxAge } from './request.ts'
import { respondPage } from './respond.ts'
import { sessionLimits } from './session-limits.ts'

/**
 * Starts a login: recognises the browser's session, if there is one and the request allows it, and sends the browser to
 * the login app (contract 3.3). Throws the error to send to the client.
 */
export async function startLogin(c: Context<AppEnv>, request: FlowRequest): Promise<Response> {
  const { rt } = c.var.ctx
  const hint = await hintOf(c, request)
  const known = await recognise(c, request, hint)
  const { jurisdiction, location } = homeOf(c, known)
  if (known === null && asks(request, 'none')) throw loginRequired('login_needed')
  const sid = known?.sid ?? sidOf(crypto.randomUUID())
  const id = grantIdFor(sid)
  const csrf = await bindBrowser(c, 'login', request.client.id, id)
  const requestedAt = nowSeconds()
  const expiresAt = after(requestedAt, rt.config.ttl.loginConsentRequest)
  const { instance, consentEpoch } = request.client
  const { channel, signed, signedTail } = request
  const { pending } = channel
  const query = hint === undefined ? request.query : await withSealedHint(rt, request.query, hint, expiresAt)
  const client = { instance, consentEpoch, signed, signedTail }
  const flow = { id, sid, query, requestedAt, csrf, pending, jurisdiction, location, ...client }
  const state = { flow, known: known && { subject: known.subject, authTime: known.authTime } }
  const { registration, login } = rt.config.urls
  const page = asks(request, 'registration') || asks(request, 'create') ? registration : login
  const schema = request.parameters.get('identity_schema')
  const parameters = schema === undefined ? {} : { identity_schema: schema }
  return respondPage(c, await loginChallenge.urlWith(rt, page, state, expiresAt, parameters))
}

async function hintOf(c: Context<AppEnv>, { client, parameters }: FlowRequest): Promise<Hint | undefined> {
  const hint = parameters.get('id_token_hint')
  return hint === undefined ? undefined : verifyIdTokenHint(c.var.ctx, hint, client)
}

/** Where the ledger of the user who logs in is, or will be made: that of a known session stays where it is. */
function homeOf(c: Context<AppEnv>, known: Recognised | null): Pick<Flow, 'jurisdiction' | 'location'> {
  if (known !== null) return { jurisdiction: jurisdictionOf(known.owner), location: null }
  const { jurisdiction, location } = c.var.ctx.rt.config.residency
  const region = location === 'auto' ? regionOf(c.req.raw) : null
  return { jurisdiction, location: region !== null && isWithin(region, jurisdiction) ? region : null }
}

type Recognised = SessionView & { readonly owner: Owner }

/** The session that answers this request without a new login; null if the user has to log in. */
async function recognise(
  c: Context<AppEnv>,
  request: FlowRequest,
  hint: Hint | undefined,
): Promise<Recognised | null> {
  if (['login', 'select_account', 'create'].some((prompt) => asks(request, prompt))) return null
  const cookie = await readSessionCookie(c)
  if (cookie === undefined) return null
  const { rt } = c.var.ctx
  const session = await rt.ledgers.call(cookie.owner, 'session', {
    sid: cookie.sid,
    ...sessionLimits(rt.config, request.client.metadata),
  })
  if (session === null || isTooOld(session, maxAge(request))) return null
  if (hint !== undefined && !isHintOf(hint, cookie.owner)) throw loginRequired('other_subject')
  return { ...session, owner: cookie.owner }
}

/**
 * Whether a session is older than the requested age in seconds; with `max_age=0` it always is (OIDC Core section
 * 3.1.2.1).
 */
function isTooOld(session: SessionView, age: number | undefined): boolean {
  return age !== undefined && (age === 0 || session.authTime + age < nowSeconds())
}
