import type { Context } from 'hono'
import * as v from 'valibot'
import type { AppEnv } from '../../context.ts'
import { SAID_NO } from '../../flow/denial.ts'
import { readQuery } from '../../http/form.ts'
import { redirect } from '../../http/location.ts'
import { basePath, renderPage } from '../../http/page.ts'
import { filledText, textsFor } from '../../http/page-text.ts'
import type { TextName, Texts } from '../../languages/en.ts'
import { renderProblem } from '../problem.ts'
import { ACTIONS } from './actions.ts'
import {
  authorizationUrl,
  type Dispatch,
  logoutUrl,
  newPending,
  type RelyingParty,
  type Reply,
  relyingParty,
} from './relying-party.ts'
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

/** Maximum length of an answer that the result page shows, in characters. */
const MAX_SHOWN = 1500

type Page = (c: Context<AppEnv>) => Promise<Response>

const withParty =
  (handle: (c: Context<AppEnv>, party: RelyingParty) => Promise<Response>) =>
  (dispatch: Dispatch): Page =>
  (c) =>
    handle(c, relyingParty(dispatch, c))

/** The callback and the result page; `dispatch` passes a request to this server's own routes. */
export const demoCallback = withParty(callback)
export const demoResult = withParty(show)

/** The buttons of the result page: name and handler. */
export const demoButtons: readonly (readonly [name: string, press: (dispatch: Dispatch) => Page])[] =
  ACTIONS.map(([name, label, ask]) => [
    name,
    withParty(async (c, party) => {
      const session = await readSession(c)
      if (session === undefined) return toResult(c)
      return toResult(c, shownIn(textsFor(c), session, label, await ask(party, session.tokens)))
    }),
  ])

/** Shows the result page again to a browser that reloads or goes back to a button's address. */
export const demoReloaded = (c: Context<AppEnv>): Promise<Response> => toResult(c)

/** Redirects to the result page; stores the session if there is a new one. */
async function toResult(c: Context<AppEnv>, session?: DemoSession): Promise<Response> {
  if (session !== undefined) await writeSession(c, session)
  return redirect(c, `${basePath(c)}/demo`, 303)
}

/** The session after a button: with the new tokens if there are any, or else with the answer to show. */
function shownIn(texts: Texts, session: DemoSession, label: TextName, { status, body }: Reply): DemoSession {
  const title = (text: TextName): string =>
    filledText(texts[text], { action: texts[label], status: String(status) })
  const renewed = v.safeParse(Tokens, body)
  if (!renewed.success) {
    const isDone = body === null && status < 300
    return { ...session, outcome: { title: title(isDone ? 'demoDone' : 'demoStatus'), body: shown(body) } }
  }
  const outcome = { title: title('demoNewTokens'), body: '' }
  return { ...session, tokens: { ...session.tokens, ...renewed.output }, outcome }
}

/** Starts a login at this server. */
export async function demoStart(c: Context<AppEnv>): Promise<Response> {
  const pending = newPending()
  await writePending(c, pending)
  return redirect(c, authorizationUrl(c, pending), 303)
}

/** Handles the authorization response (RFC 6749 section 4.1.2, RFC 9207) and redeems the code. */
async function callback(c: Context<AppEnv>, party: RelyingParty): Promise<Response> {
  const { issuer } = c.var.ctx.rt.config.urls
  const answer = readQuery(new URL(c.req.url).search)
  const [code, error] = [answer.get('code'), answer.get('error')]
  const pending = await readPending(c)
  if (pending === undefined || pending.state !== answer.get('state') || answer.get('iss') !== issuer) {
    if ((await readSession(c)) !== undefined) return toResult(c)
    return unsuccessful(c, textsFor(c).demoNotStarted)
  }
  clearPending(c)
  if (error !== undefined || code === undefined) return refused(c, error, answer.get('error_description'))
  const reply = await party.redeem(code, pending.verifier)
  const tokens = v.safeParse(Tokens, reply.body)
  if (!tokens.success) return unsuccessful(c, textsFor(c).demoFailed, shown(reply.body))
  const session = { nonce: pending.nonce, tokens: tokens.output, outcome: null }
  const failed = (await verifiedIdToken(c, party, session))?.checks.find(([, ok]) => !ok)
  if (failed !== undefined) return unsuccessful(c, textsFor(c).demoFailed, failed[0])
  return toResult(c, session)
}

/** The page for an authorization error response, or for a response without a code. */
function refused(c: Context<AppEnv>, error = 'no code', description = ''): Response | Promise<Response> {
  const texts = textsFor(c)
  if (error === SAID_NO.error)
    return renderProblem(c, 400, { title: texts.demoSaidNo, advice: texts.demoNoAccess })
  return unsuccessful(c, texts.demoFailed, description, error)
}

function unsuccessful(
  c: Context<AppEnv>,
  advice: string,
  description = '',
  error = '',
): Response | Promise<Response> {
  const title = textsFor(c).somethingWrong
  return renderProblem(c, 400, { title, advice, details: { error, code: error, reason: '', description } })
}

async function show(c: Context<AppEnv>, party: RelyingParty): Promise<Response> {
  const session = await readSession(c)
  if (session === undefined) return redirect(c, `${basePath(c)}/`, 303)
  const { access_token: token } = session.tokens
  const { issuer } = c.var.ctx.rt.config.urls
  const texts = textsFor(c)
  const content = renderResult({
    texts,
    session,
    idToken: await verifiedIdToken(c, party, session),
    accessToken: isJwt(token) ? await verifyJwt(await party.jwks(), issuer, token) : undefined,
    base: basePath(c),
  })
  return renderPage(c, { title: texts.demoLoggedIn, wide: true, content })
}

/** Logs out. Ends the demo's own session first, so that the tokens are gone whatever happens next. */
export async function demoLogout(c: Context<AppEnv>): Promise<Response> {
  const session = await readSession(c)
  clearSession(c)
  return redirect(c, logoutUrl(c, session?.tokens.id_token), 303)
}

async function verifiedIdToken(
  c: Context<AppEnv>,
  party: RelyingParty,
  session: DemoSession,
): Promise<VerifiedToken | undefined> {
  const { id_token: idToken } = session.tokens
  if (idToken === undefined) return undefined
  return verifyIdToken(await party.jwks(), c.var.ctx.rt.config.urls.issuer, idToken, session)
}

const shown = (body: unknown): string =>
  body === null ? '' : JSON.stringify(body, null, 2).slice(0, MAX_SHOWN)
