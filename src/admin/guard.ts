import type { Context, MiddlewareHandler } from 'hono'
import type { AdminScope, Config, Entrypoint } from '../config/types.ts'
import type { Actor, AppEnv, RequestContext } from '../context.ts'
import { OAuthError } from '../errors/oauth-error.ts'
import type { Facts, Reason } from '../errors/reasons.ts'
import { bearerOf } from '../http/bearer.ts'
import { BoundedMap } from '../util/bounded-map.ts'
import { constantTimeEqual, sha256 } from '../util/digest.ts'
import { isLoopbackHost } from '../util/loopback.ts'

/** Returns who may use a part of the admin API with this request, or throws the error for its caller. */
export type AdminGuard = (c: Context<AppEnv>, scope: AdminScope) => Actor

/** Whether one who has a scope may do what needs another. Whoever may plant keys may read the public ones, too. */
const covers = (has: AdminScope, needed: AdminScope): boolean =>
  has === 'all' || has === needed || (has === 'keys:write' && needed === 'keys')

/** How many keys' digests are remembered. */
const MAX_DIGESTS = 100

/** The scopes that allow what needs this one, in words. */
const allowing = (scope: AdminScope): string =>
  scope === 'keys' ? 'keys, keys:write or all' : scope === 'all' ? scope : `${scope} or all`

/**
 * Digests of right keys, by the key: a digest takes longer than all the rest of the guard. To be found here a text must
 * have the same hash as a key under the seed of the isolate, which tells a guesser nothing.
 */
const digests = new BoundedMap<Uint8Array>(MAX_DIGESTS)

/**
 * Guard of the public surface: requires an API key with a scope for the part, or open access on this machine only
 * (design section 6).
 */
export const guardByKey: AdminGuard = (c, scope) => {
  const { config } = c.env.ctx.rt
  const { auth, keys } = config.admin
  if (auth === 'open') return local(c, config)
  if (keys.length === 0) {
    throw new OAuthError('misconfiguration', 'setting_unusable', {
      problems: 'ADMIN_API_KEYS is not set, so the admin API is closed.',
    })
  }
  const presented = bearerOf(c.req.header('authorization'))
  if (presented === undefined) throw unauthorized('api_key_missing')
  const digest = digests.get(presented) ?? sha256(presented)
  // Compare with every key, so that the time taken does not tell which one was close.
  const matching = keys.filter((key) => constantTimeEqual(key.digest, digest))
  const [first] = matching
  if (first === undefined) throw unauthorized('api_key_unknown')
  digests.set(presented, digest)
  const sufficient = matching.find((key) => covers(key.scope, scope))
  if (sufficient !== undefined) return `key:${sufficient.name}`
  throw new OAuthError('admin_forbidden', 'api_key_scope', { scopes: allowing(scope), name: first.name })
}

/** The entrypoints for service bindings: what each allows, and what opens it in `ADMIN_ENTRYPOINT`. */
const ENTRYPOINTS = {
  AdminFlows: 'flows',
  AdminIntrospect: 'introspect',
  Admin: 'all',
} as const satisfies Record<string, Entrypoint>

/** The class name of an entrypoint. */
export type EntrypointName = keyof typeof ENTRYPOINTS

/**
 * Returns the guard of a service binding: any Worker that is bound to the entrypoint may call, once the operator opened
 * that.
 */
export const guardByBinding =
  (name: EntrypointName): AdminGuard =>
  (c, scope) => {
    const has = ENTRYPOINTS[name]
    if (!c.env.ctx.rt.config.admin.entrypoints.includes(has))
      throw unauthorized('admin_closed', { setting: `ADMIN_ENTRYPOINT does not open ${name}` })
    if (covers(has, scope)) return `binding:${name}`
    const others = Object.entries(ENTRYPOINTS).filter(([, offered]) => covers(offered, scope))
    const entrypoints = others.map(([other]) => other).join(' or ')
    throw new OAuthError('admin_forbidden', 'binding_scope', { name, scopes: allowing(scope), entrypoints })
  }

/** Lets a request use a part of the admin API, and notes who acts. Throws the error for its caller. */
export function admit(guard: AdminGuard, c: Context<AppEnv>, scope: AdminScope): void {
  c.env.ctx.acts(guard(c, scope))
}

/**
 * Makes a middleware that applies the guard to one part of the admin API.
 *
 * @param writes - the scope for what changes the part
 */
export const requireScope =
  (guard: AdminGuard, reads: AdminScope, writes = reads): MiddlewareHandler<AppEnv> =>
  async (c, next) => {
    admit(guard, c, READS.includes(c.req.method) ? reads : writes)
    await next()
  }

const READS: readonly string[] = ['GET', 'HEAD']

/**
 * Counts the requests whose API key is missing or unknown, by network. Returns the refusal if there were too many. A right
 * key is never counted and always opens: keys are too long to guess (config/admin-keys.ts).
 */
export async function limitWrongKeys(
  { rt, network }: RequestContext,
  thrown: Error,
): Promise<OAuthError | undefined> {
  if (!(thrown instanceof OAuthError) || thrown.code !== 'admin_unauthorized') return undefined
  return rt.floods.ofNetwork('api_key', network)
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
