import type { Context, Hono } from 'hono'
import * as v from 'valibot'
import type { AppEnv } from '../../context.ts'
import { OAuthError } from '../../errors/oauth-error.ts'
import { emptyRoutes } from '../../http/empty-routes.ts'
import { basePath, renderPage } from '../../http/page.ts'
import { renderProblem } from '../problem.ts'
import { type Dispatch, newPending, RelyingParty, type Reply } from './relying-party.ts'
import { renderResult } from './result.ts'
import {
  clearPending,
  clearSession,
  type DemoSession,
  readPending,
  readSession,
  Tokens,
  writePending,
  writeSession,
} from './session.ts'
import { isJwt, type VerifiedToken, verifyIdToken, verifyJwt } from './verify.ts'

/** Longest answer shown after a button, in characters. */
const SHOWN = 1500

/** What a button does with the session it finds; the session it returns is shown next. */
type Action = (party: RelyingParty, session: DemoSession) => Promise<DemoSession>

const ACTIONS: Readonly<Record<string, Action>> = {
  refresh: async (party, session) => {
    const reply = await party.refresh(session.tokens.refresh_token ?? '')
    const renewed = v.safeParse(Tokens, reply.body)
    if (!renewed.success) return { ...session, outcome: outcome('Refresh', reply) }
    const tokens = { ...session.tokens, ...renewed.output }
    return { ...session, tokens, outcome: { title: 'Refresh: new tokens', body: '' } }
  },
  userinfo: async (party, session) => {
    return { ...session, outcome: outcome('Userinfo', await party.userinfo(session.tokens.access_token)) }
  },
  introspect: async (party, session) => {
    const reply = await party.introspect(session.tokens.access_token)
    return { ...session, outcome: outcome('Introspection', reply) }
  },
  revoke: async (party, session) => {
    const { refresh_token: refreshToken, access_token: accessToken } = session.tokens
    return { ...session, outcome: outcome('Revocation', await party.revoke(refreshToken ?? accessToken)) }
  },
}

/** The demo application below `/demo`: start, callback, result and its buttons. */
export function demoRoutes(dispatch: Dispatch): Hono<AppEnv> {
  const routes = emptyRoutes()
    .post('/start', (c) => start(c, new RelyingParty(dispatch, c)))
    .get('/callback', (c) => callback(c, new RelyingParty(dispatch, c)))
    .get('/', (c) => show(c, new RelyingParty(dispatch, c)))
    .post('/logout', (c) => logout(c, new RelyingParty(dispatch, c)))
    .post('/:action', (c) => act(c, new RelyingParty(dispatch, c)))
  // Whoever reloads or goes back to a button's address sees the page the button was on.
  return routes.get('/:action', toResult)
}

const toResult = (c: Context<AppEnv>): Response => c.redirect(`${basePath(c.var.ctx.rt.config)}/demo`, 303)

async function start(c: Context<AppEnv>, party: RelyingParty): Promise<Response> {
  const pending = newPending()
  await writePending(c, pending)
  return c.redirect(party.authorizationUrl(pending), 303)
}

/** Takes the authorization response (RFC 6749 section 4.1.2, RFC 9207) and redeems the code. */
async function callback(c: Context<AppEnv>, party: RelyingParty): Promise<Response> {
  const { issuer } = c.var.ctx.rt.config.urls
  const { state, iss, code, error, error_description: description } = c.req.query()
  const pending = await readPending(c)
  if (pending === undefined || pending.state !== state || iss !== issuer) {
    if ((await readSession(c)) !== undefined) return toResult(c)
    return renderProblem(c, 400, 'This browser did not start the login that ended here, or it took too long.')
  }
  clearPending(c)
  if (error !== undefined || code === undefined) {
    return renderProblem(
      c,
      400,
      `The login ended without success: ${error ?? 'no code'}. ${description ?? ''}`,
    )
  }
  const reply = await party.redeem(code, pending.verifier)
  const tokens = v.safeParse(Tokens, reply.body)
  if (!tokens.success) return renderProblem(c, 400, `The code was not redeemed: ${shown(reply.body)}`)
  const session = { nonce: pending.nonce, tokens: tokens.output, outcome: null }
  const failed = (await verifiedIdToken(c, party, session))?.checks.find(({ ok }) => !ok)
  if (failed !== undefined) return renderProblem(c, 400, `The ID token is not acceptable. ${failed.label}`)
  await writeSession(c, session)
  return toResult(c)
}

async function show(c: Context<AppEnv>, party: RelyingParty): Promise<Response> {
  const session = await readSession(c)
  if (session === undefined) return c.redirect(`${basePath(c.var.ctx.rt.config)}/`, 303)
  const { access_token: token } = session.tokens
  const { issuer } = c.var.ctx.rt.config.urls
  const content = renderResult({
    session,
    idToken: await verifiedIdToken(c, party, session),
    accessToken: isJwt(token) ? await verifyJwt(await party.jwks(), issuer, token) : undefined,
    base: basePath(c.var.ctx.rt.config),
  })
  return renderPage(c, { title: 'You are logged in', content })
}

async function act(c: Context<AppEnv>, party: RelyingParty): Promise<Response> {
  const name = c.req.param('action') ?? ''
  const action = Object.hasOwn(ACTIONS, name) ? ACTIONS[name] : undefined
  if (action === undefined) return c.notFound()
  const session = await readSession(c)
  if (session !== undefined) await writeSession(c, await action(party, session))
  return toResult(c)
}

/** Ends the demo's own session first: whatever happens next, this application has let go of the tokens. */
async function logout(c: Context<AppEnv>, party: RelyingParty): Promise<Response> {
  const session = await readSession(c)
  clearSession(c)
  return c.redirect(party.logoutUrl(session?.tokens.id_token), 303)
}

async function verifiedIdToken(
  c: Context<AppEnv>,
  party: RelyingParty,
  session: DemoSession,
): Promise<VerifiedToken | undefined> {
  const { id_token: idToken } = session.tokens
  if (idToken === undefined) return undefined
  if (!isJwt(idToken)) throw new OAuthError('server_error', 'The ID token is no JWT.')
  return verifyIdToken(await party.jwks(), c.var.ctx.rt.config.urls.issuer, idToken, session)
}

const shown = (body: unknown): string => (body === null ? '' : JSON.stringify(body, null, 2).slice(0, SHOWN))

const outcome = (what: string, { status, body }: Reply) => ({
  title: `${what}: status ${status}`,
  body: shown(body),
})
