import type { Context, MiddlewareHandler } from 'hono'
import type { AdminScope, Config } from '../config/types.ts'
import type { Actor, AppEnv } from '../context.ts'
import { OAuthError } from '../errors/oauth-error.ts'
import type { Facts, Reason } from '../errors/reasons.ts'
import { bearerOf } from '../http/bearer.ts'
import { constantTimeEqual } from '../util/digest.ts'
import { isLoopbackHost } from '../util/loopback.ts'

/** Returns who may use a part of the admin API with this request, or throws the error for its caller. */
export type AdminGuard = (c: Context<AppEnv>, scope: AdminScope) => Actor

/**
 * Guard of the public surface: requires an API key with a scope for the part, or open access on this machine only
 * (design section 6).
 */
export const guardByKey: AdminGuard = (c, scope) => {
  const { config } = c.var.ctx.rt
  const { auth, keys } = config.admin
  if (auth === 'open') return local(c, config)
  if (keys.length === 0) {
    throw new OAuthError('misconfiguration', 'setting_unusable', {
      problems: 'ADMIN_API_KEYS is not set, so the admin API is closed.',
    })
  }
  const presented = bearerOf(c.req.header('authorization'))
  if (presented === undefined) throw unauthorized('api_key_missing')
  // Compare with every key, so that the time taken does not tell which one was close.
  const matching = keys.filter(({ key }) => constantTimeEqual(key, presented))
  if (matching.length === 0) throw unauthorized('api_key_unknown')
  const sufficient = matching.find((key) => key.scope === 'all' || key.scope === scope)
  if (sufficient !== undefined) return `key:${sufficient.name}`
  throw new OAuthError('admin_forbidden', 'api_key_scope', { scope })
}

/** Guard of the service binding: any Worker that is bound to the entrypoint may call, once the operator opened it. */
export const guardByBinding: AdminGuard = (c) => {
  if (c.var.ctx.rt.config.admin.entrypoint) return 'binding:Admin'
  throw unauthorized('admin_closed', { setting: 'ADMIN_ENTRYPOINT is off' })
}

/** Lets a request use a part of the admin API, and notes who acts. Throws the error for its caller. */
export function admit(guard: AdminGuard, c: Context<AppEnv>, scope: AdminScope): void {
  c.var.ctx.acts(guard(c, scope))
}

/** Makes a middleware that applies the guard to one part of the admin API. */
export const requireScope =
  (guard: AdminGuard, scope: AdminScope): MiddlewareHandler<AppEnv> =>
  async (c, next) => {
    admit(guard, c, scope)
    await next()
  }

/** Whether the guard would let the request use a part of the admin API. */
export function hasScope(guard: AdminGuard, c: Context<AppEnv>, scope: AdminScope): boolean {
  try {
    guard(c, scope)
    return true
  } catch {
    return false
  }
}

/**
 * Throws unless the request may use open access, which is for development: issuer and request host must be loopback,
 * and no page of another origin may have sent it.
 */
function local(c: Context<AppEnv>, config: Config): Actor {
  const url = new URL(c.req.url)
  const origin = c.req.header('origin')
  const site = c.req.header('sec-fetch-site') ?? 'none'
  const foreign =
    (origin !== undefined && origin !== url.origin) || (site !== 'none' && site !== 'same-origin')
  if (config.loopback && isLoopbackHost(url.hostname) && !foreign) return 'open'
  throw unauthorized('admin_closed', { setting: 'ADMIN_AUTH=open answers requests from this machine only' })
}

const unauthorized = (why: Reason, facts?: Facts): OAuthError =>
  new OAuthError('admin_unauthorized', why, facts)
