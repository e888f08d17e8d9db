import type { Context } from 'hono'
import { withClient } from '../client-auth/authenticate.ts'
import { hasCredentials } from '../client-auth/present.ts'
import type { AppEnv, RequestContext } from '../context.ts'
import { invalidRequest } from '../errors/oauth-error.ts'
import { bearerOf } from '../http/bearer.ts'
import { type Parameters, readForm } from '../http/form.ts'
import { oauthJson } from '../http/json.ts'
import { isV1Path } from '../http/paths.ts'
import type { ClientRecord } from '../store/types.ts'
import { type ActiveToken, findActive, openToken } from '../tokens/active-token.ts'
import { introspectionOf } from '../tokens/introspection.ts'
import { scopeRule } from '../util/scope.ts'
import { type AdminGuard, admit } from './guard.ts'

/**
 * Introspection (RFC 7662, contract 1.4.4). The answer for an inactive token says only that. Without the admin prefix a
 * confidential client may call it too, for its own tokens and those meant for it. An API key goes before its credentials.
 */
export const introspect =
  (guard: AdminGuard) =>
  async (c: Context<AppEnv>): Promise<Response> => {
    const { ctx } = c.env
    const authorization = c.req.header('authorization')
    const forClients = isV1Path(c.req.url) && bearerOf(authorization) === undefined
    if (!forClients) admit(guard, c, 'introspect')
    const form = await readForm(c.get('body'))
    const request = { authorization, form }
    if (forClients && hasCredentials(request)) {
      // The row of the table counts wrong API keys; callers without one are counted here, like at the token endpoint.
      const refusal = await ctx.rt.floods.ofNetwork('client', ctx.network)
      if (refusal !== undefined) throw refusal
      return withClient(ctx, 'introspection', request, (own, client) => answer(own, form, client))
    }
    if (forClients) admit(guard, c, 'introspect')
    return answer(ctx, form, null)
  }

async function answer(ctx: RequestContext, form: Parameters, asker: ClientRecord | null): Promise<Response> {
  if (form.size === 0)
    throw invalidRequest('body_empty', { parameter: 'token', expected: 'token is the token to introspect' })
  const scopes = form.scopes()
  const token = form.get('token')
  // A missing token is answered like any other that is not good, as in Hydra.
  const opened = token === undefined ? undefined : await openToken(ctx, token)
  const active = opened && (await findActive(ctx, opened))
  const shown = active && mayAsk(asker, active) && hasEveryScope(ctx, active, scopes)
  return oauthJson(shown ? introspectionOf(ctx.rt, active, asker) : { active: false })
}

/**
 * Whether a client may learn about a token: one issued to it, or an access token whose audience contains it (RFC 7662
 * section 4). An admin may learn about all.
 */
function mayAsk(asker: ClientRecord | null, { use, token, grant }: ActiveToken): boolean {
  if (asker === null) return true
  const { clientId, audience } = grant ?? token
  return clientId === asker.id || (use === 'access_token' && audience.includes(asker.id))
}

/** Whether the token has every requested scope. */
function hasEveryScope({ rt }: RequestContext, active: ActiveToken, scopes: readonly string[]): boolean {
  if (scopes.length === 0) return true
  const { scope: granted } = active.grant ?? active.token
  return scopes.every(scopeRule(rt.config.strategies.scope, granted))
}
