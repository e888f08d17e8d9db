import type { Context } from 'hono'
import { acceptConsent, getConsentRequest, rejectConsent } from '../authorize/consent-request.ts'
import { acceptLogin, getLoginRequest, rejectLogin } from '../authorize/login-request.ts'
import type { AppEnv, RequestContext } from '../context.ts'
import { noParameter } from '../errors/missing.ts'
import { invalidRequest, OAuthError } from '../errors/oauth-error.ts'
import { as } from '../errors/translate.ts'
import type { FlowAnswer } from '../flow/challenge.ts'
import { acceptUserCode } from '../flow/device-request.ts'
import { readAdminQuery, readJson } from '../http/form.ts'
import { json } from '../http/json.ts'
import { acceptLogout, getLogoutRequest, rejectLogout } from '../logout/request.ts'

type Flow = 'login' | 'consent' | 'logout' | 'device'

/**
 * The challenge of a request: from `<flow>_challenge`, the older `challenge`, or the path as in v1.0-beta. Throws
 * `invalid_request` if it is missing.
 */
function challengeOf(c: Context<AppEnv>, flow: Flow): string {
  const query = readAdminQuery(c.req.url)
  const challenge = query.get(`${flow}_challenge`) ?? query.get('challenge') ?? c.req.param('challenge')
  if (challenge !== undefined && challenge !== '') return challenge
  throw invalidRequest('parameter_missing', noParameter(`${flow}_challenge`))
}

const FLOWS: readonly Flow[] = ['login', 'consent', 'logout', 'device']

/**
 * Returns a handler of the error for a challenge that does not open as one of a flow: it names the other flow whose
 * challenge it is. Any challenge opens or does not by arithmetic alone.
 */
const namingFlow =
  ({ rt }: RequestContext, flow: Flow, challenge: string) =>
  async (thrown: unknown): Promise<never> => {
    if (!(thrown instanceof OAuthError) || thrown.reason !== 'challenge_unknown') throw thrown
    for (const kind of FLOWS) {
      const opened = kind !== flow && (await rt.envelopes.open(`${kind}_challenge`, challenge))
      if (opened) throw new OAuthError(thrown.code, 'challenge_of_other_kind', { flow, kind })
    }
    throw thrown
  }

type Answer = FlowAnswer<unknown>

const answer = ({ status, body }: Answer): Response => json(body, status)

/** The word that Hydra has for a logout challenge that does not open; other flows have `Not Found`. */
const asRow = as<never>({
  challenge_not_found: ({ reason, facts }) => new OAuthError('resource_not_found', reason, facts),
})

/** The word that Hydra has for a body of the login app that cannot be read. */
const asRequest = as<never>({ malformed_body: ({ reason, facts }) => invalidRequest(reason, facts) })

/** Makes a handler for a call without a body. */
const asked =
  (flow: Flow, handle: (ctx: RequestContext, challenge: string) => Promise<Answer>) =>
  async (c: Context<AppEnv>): Promise<Response> => {
    const challenge = challengeOf(c, flow)
    const { ctx } = c.var
    return answer(await handle(ctx, challenge).catch(namingFlow(ctx, flow, challenge)))
  }

/** Makes a handler for a call about a logout. */
const askedLogout =
  (handle: (ctx: RequestContext, challenge: string) => Promise<Answer>) =>
  (c: Context<AppEnv>): Promise<Response> =>
    asked('logout', handle)(c).catch(asRow)

/** Makes a handler for a decision with a JSON body. */
const decided =
  (flow: Flow, handle: (ctx: RequestContext, challenge: string, body: unknown) => Promise<Answer>) =>
  async (c: Context<AppEnv>): Promise<Response> => {
    const challenge = challengeOf(c, flow)
    const body = await readJson(c.var.body).catch(asRequest)
    const { ctx } = c.var
    const handled = handle(ctx, challenge, body).catch(namingFlow(ctx, flow, challenge))
    return answer(await handled.catch(asRequest))
  }

/** GET of login, consent and logout requests, for the apps that decide them (contract 1.4.2). */
export const getLogin = asked('login', getLoginRequest)
export const getConsent = asked('consent', getConsentRequest)
export const getLogout = askedLogout(getLogoutRequest)

/** PUT of the apps' decisions. */
export const putLoginAccept = decided('login', acceptLogin)
export const putLoginReject = decided('login', rejectLogin)
export const putConsentAccept = decided('consent', acceptConsent)
export const putConsentReject = decided('consent', rejectConsent)
export const putDeviceAccept = decided('device', acceptUserCode)
export const putLogoutAccept = askedLogout(acceptLogout)

/** PUT that rejects a logout: there is nowhere to send the browser. */
export async function putLogoutReject(c: Context<AppEnv>): Promise<Response> {
  await rejectLogout(c.var.ctx, challengeOf(c, 'logout')).catch(asRow)
  return c.body(null, 204)
}
