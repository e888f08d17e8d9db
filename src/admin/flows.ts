import type { Context } from 'hono'
import { acceptConsent, getConsentRequest, rejectConsent } from '../authorize/consent-request.ts'
import { acceptLogin, getLoginRequest, rejectLogin } from '../authorize/login-request.ts'
import type { AppEnv, RequestContext } from '../context.ts'
import { invalidRequest } from '../errors/oauth-error.ts'
import type { FlowAnswer } from '../flow/challenge.ts'
import { acceptUserCode } from '../flow/device-request.ts'
import { readJson } from '../http/form.ts'
import { json } from '../http/json.ts'
import { acceptLogout, getLogoutRequest, rejectLogout } from '../logout/request.ts'

type Flow = 'login' | 'consent' | 'logout' | 'device'

/** The challenge, by its own name, the older `challenge`, or in the path as v1.0-beta has it; throws `invalid_request` when it is missing. */
function challengeOf(c: Context<AppEnv>, flow: Flow): string {
  const challenge = c.req.query(`${flow}_challenge`) ?? c.req.query('challenge') ?? c.req.param('challenge')
  if (challenge !== undefined && challenge !== '') return challenge
  throw invalidRequest(`Parameter '${flow}_challenge' is missing.`)
}

type Answer = FlowAnswer<unknown>

const answer = ({ status, body }: Answer): Response => json(body, status)

/** Shows a request, or decides without a body. */
const asked =
  (flow: Flow, handle: (ctx: RequestContext, challenge: string) => Promise<Answer>) =>
  async (c: Context<AppEnv>): Promise<Response> =>
    answer(await handle(c.var.ctx, challengeOf(c, flow)))

/** Takes a decision that comes as JSON. */
const decided =
  (flow: Flow, handle: (ctx: RequestContext, challenge: string, body: unknown) => Promise<Answer>) =>
  async (c: Context<AppEnv>): Promise<Response> =>
    answer(await handle(c.var.ctx, challengeOf(c, flow), await readJson(c.var.body)))

/** GET of the login, consent and logout requests, for the apps that decide (contract 1.4.2). */
export const getLogin = asked('login', getLoginRequest)
export const getConsent = asked('consent', getConsentRequest)
export const getLogout = asked('logout', getLogoutRequest)

/** PUT of what the apps decide. */
export const putLoginAccept = decided('login', acceptLogin)
export const putLoginReject = decided('login', rejectLogin)
export const putConsentAccept = decided('consent', acceptConsent)
export const putConsentReject = decided('consent', rejectConsent)
export const putDeviceAccept = decided('device', acceptUserCode)
export const putLogoutAccept = asked('logout', acceptLogout)

/** PUT that refuses to log out: there is nowhere to go on. */
export async function putLogoutReject(c: Context<AppEnv>): Promise<Response> {
  await rejectLogout(c.var.ctx, challengeOf(c, 'logout'))
  return c.body(null, 204)
}
