import type { Context } from 'hono'
import { acceptConsent, getConsentRequest, rejectConsent } from '../authorize/consent-request.ts'
import { acceptLogin, getLoginRequest, rejectLogin } from '../authorize/login-request.ts'
import type { AppEnv, RequestContext } from '../context.ts'
import { invalidRequest } from '../errors/oauth-error.ts'
import type { FlowAnswer } from '../flow/challenge.ts'
import { acceptUserCode } from '../flow/device-request.ts'
import { readJson } from '../http/form.ts'
import { json } from '../http/json.ts'
import { newRouter } from '../http/router.ts'
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
    answer(await handle(c.var.ctx, challengeOf(c, flow), await readJson(c.req.raw)))

/** Login, consent, logout and device requests, mounted at `/oauth2/auth/requests` (contract 1.4.2). */
export const flowRoutes = newRouter()
  .put('/device/accept', decided('device', acceptUserCode))
  .get('/logout', asked('logout', getLogoutRequest))
  .put('/logout/accept', asked('logout', acceptLogout))
  .put('/logout/reject', async (c) => {
    await rejectLogout(c.var.ctx, challengeOf(c, 'logout'))
    return c.body(null, 204)
  })

for (const [flow, show, accept, reject] of [
  ['login', getLoginRequest, acceptLogin, rejectLogin],
  ['consent', getConsentRequest, acceptConsent, rejectConsent],
] as const) {
  flowRoutes
    .get(`/${flow}/:challenge?`, asked(flow, show))
    .put(`/${flow}/accept/:challenge?`, decided(flow, accept))
    .put(`/${flow}/reject/:challenge?`, decided(flow, reject))
}
