import type { Context } from 'hono'
import type { AppEnv } from '../context.ts'
import { OAuthError } from '../errors/oauth-error.ts'
import { acceptConsent, getConsentRequest, rejectConsent } from '../flow/consent-request.ts'
import { acceptUserCode } from '../flow/device-request.ts'
import { acceptLogin, getLoginRequest, rejectLogin } from '../flow/login-request.ts'
import { acceptLogout, getLogoutRequest, rejectLogout } from '../flow/logout-request.ts'
import type { FlowAnswer } from '../flow/request-view.ts'
import { emptyRoutes } from '../http/empty-routes.ts'
import { readJson } from '../http/form.ts'
import { json } from '../http/json.ts'

/** Login, consent, logout and device requests, mounted at `/oauth2/auth/requests` (contract 1.4.2). */
export const flowRoutes = emptyRoutes()

type Flow = 'login' | 'consent' | 'logout' | 'device'

/** The challenge, by its own name, the older `challenge`, or in the path as v1.0-beta has it; throws `invalid_request` when it is missing. */
function challengeOf(c: Context<AppEnv>, flow: Flow): string {
  const challenge = c.req.query(`${flow}_challenge`) ?? c.req.query('challenge') ?? c.req.param('challenge')
  if (challenge !== undefined && challenge !== '') return challenge
  throw new OAuthError('invalid_request', `Parameter '${flow}_challenge' is missing.`)
}

const answer = ({ status, body }: FlowAnswer<unknown>): Response => json(body, status)

flowRoutes
  .get('/login/:challenge?', async (c) => answer(await getLoginRequest(c.var.ctx, challengeOf(c, 'login'))))
  .put('/login/accept/:challenge?', async (c) =>
    answer(await acceptLogin(c.var.ctx, challengeOf(c, 'login'), await readJson(c.req.raw))),
  )
  .put('/login/reject/:challenge?', async (c) =>
    answer(await rejectLogin(c.var.ctx, challengeOf(c, 'login'), await readJson(c.req.raw))),
  )
  .get('/consent/:challenge?', async (c) =>
    answer(await getConsentRequest(c.var.ctx, challengeOf(c, 'consent'))),
  )
  .put('/consent/accept/:challenge?', async (c) =>
    answer(await acceptConsent(c.var.ctx, challengeOf(c, 'consent'), await readJson(c.req.raw))),
  )
  .put('/consent/reject/:challenge?', async (c) =>
    answer(await rejectConsent(c.var.ctx, challengeOf(c, 'consent'), await readJson(c.req.raw))),
  )
  .put('/device/accept', async (c) =>
    answer(await acceptUserCode(c.var.ctx, challengeOf(c, 'device'), await readJson(c.req.raw))),
  )
  .get('/logout', async (c) => answer(await getLogoutRequest(c.var.ctx, challengeOf(c, 'logout'))))
  .put('/logout/accept', async (c) => answer(await acceptLogout(c.var.ctx, challengeOf(c, 'logout'))))
  .put('/logout/reject', async (c) => {
    await rejectLogout(c.var.ctx, challengeOf(c, 'logout'))
    return c.body(null, 204)
  })
