import type { Context } from 'hono'
import type { AppEnv } from '../context.ts'
import { OAuthError } from '../errors/oauth-error.ts'
import { readForm } from '../http/form.ts'
import { oauthJson } from '../http/json.ts'
import { findActive, openToken } from '../tokens/inspect.ts'
import { grantedScopes, introspectionOf } from '../tokens/introspection.ts'
import { scopeAllowed } from '../util/scope.ts'

/** Introspection (RFC 7662, contract 1.4.4): whatever is not active says exactly that and no more. */
export async function introspect(c: Context<AppEnv>): Promise<Response> {
  const { ctx } = c.var
  const form = await readForm(c.req.raw)
  if (form.size === 0) throw new OAuthError('invalid_request', 'The body is empty.')
  const opened = await openToken(ctx, form.require('token'))
  const active = opened === undefined ? undefined : await findActive(ctx, opened)
  if (active === undefined) return oauthJson({ active: false })
  const granted = grantedScopes(active)
  const covered = form
    .list('scope')
    .every((scope) => scopeAllowed(ctx.rt.config.strategies.scope, granted, scope))
  return oauthJson(covered ? introspectionOf(ctx.rt, active) : { active: false })
}
