import type { Context, MiddlewareHandler } from 'hono'
import { routePath } from 'hono/route'
import { hostAllowed } from './config/hosts.ts'
import type { Actor, AppEnv, AuditEvent, RequestContext } from './context.ts'
import type { Env } from './env.ts'
import { OAuthError } from './errors/oauth-error.ts'
import { tokenOfScheme } from './http/bearer.ts'
import { challengeOf } from './http/challenge.ts'
import { renderError } from './http/error-response.ts'
import { type LogFields, logLine, requestFields } from './http/log.ts'
import { networkOf } from './http/network.ts'
import { ownPath } from './http/paths.ts'
import { type Runtime, runtimeOf } from './runtime.ts'
import { none } from './tokens/binding/none.ts'
import { BINDINGS } from './tokens/binding/registry.ts'
import { nowMs } from './util/clock.ts'

/** Cache header of an answer whose handler set none (contract 5.4). */
const UNCACHED = 'private, no-cache, no-store, must-revalidate'

/**
 * Sets the context of each request, refuses foreign hosts unless the request came over a binding, adds what every
 * answer has, and writes the one log line of the request.
 */
export const requestContext =
  (surface: 'public' | 'binding'): MiddlewareHandler<AppEnv> =>
  async (c, next) => {
    const startedAt = nowMs()
    const requestId = crypto.randomUUID()
    const notes: Notes = { seen: null, named: null, actor: null, refusal: undefined, doubts: [] }
    try {
      const rt = runtimeOf(c.env)
      c.req.raw = withOwnPath(c.req.raw, rt.config.urls.prefixes)
      if (surface === 'public' && !hostAllowed(rt.config, new URL(c.req.url))) {
        throw new OAuthError('misdirected_request', 'host_foreign')
      }
      c.set('ctx', contextOf(c, rt, requestId, notes))
      await next()
    } catch (thrown) {
      c.error = thrown instanceof Error ? thrown : new OAuthError('server_error', 'unexpected')
      c.res = renderError(thrown)
    }
    const { headers } = c.res
    if (!headers.has('cache-control')) headers.set('cache-control', UNCACHED)
    headers.set('x-content-type-options', 'nosniff')
    headers.set('x-request-id', requestId)
    challenge(c, c.error ?? notes.refusal)
    const line = {
      request_id: requestId,
      method: c.req.method,
      route: routePath(c, -1),
      status: c.res.status,
      client_id: notes.seen,
      duration_ms: nowMs() - startedAt,
    }
    logLine('request', {
      ...requestFields(line),
      ...failureFields(c.error ?? notes.refusal),
      ...warnings(c, notes.doubts),
    })
  }

/** What a request's handlers told, for its log line and its headers. */
interface Notes {
  seen: string | null
  named: string | null
  actor: Actor | null
  refusal: OAuthError | undefined
  doubts: readonly string[]
}

function contextOf(c: Context<AppEnv>, rt: Runtime, requestId: string, notes: Notes): RequestContext {
  return {
    rt: { ...rt, ledgers: rt.ledgers.during(requestId) },
    requestId,
    network: networkOf(c.req.raw.headers),
    attempt: requestId,
    defer: (work) => c.executionCtx.waitUntil(work),
    audit: (event: AuditEvent, fields: LogFields) => {
      const { actor } = notes
      logLine('audit', { event, request_id: requestId, ...(actor !== null && { actor }), ...fields })
    },
    refused: (error) => {
      notes.refusal = error
    },
    warned: (problems) => {
      notes.doubts = problems
    },
    seen: (id) => {
      notes.seen = id
    },
    named: (id) => {
      notes.named = id
    },
    acts: (actor) => {
      notes.actor = actor
    },
    get actor() {
      return notes.actor
    },
    get clientId() {
      return notes.seen ?? notes.named
    },
  }
}

/** The paths that requests may have before ours; none while the settings cannot be used, which every request is told. */
export function prefixesOf(env: Env): readonly string[] {
  try {
    return runtimeOf(env).config.urls.prefixes
  } catch {
    return []
  }
}

/** Returns the request without the issuer's path, so that no handler sees that. */
function withOwnPath(request: Request, prefixes: readonly string[]): Request {
  if (prefixes.length === 0) return request
  const url = new URL(request.url)
  const path = ownPath(url.pathname, prefixes)
  if (path === url.pathname) return request
  url.pathname = path
  return new Request(url, request)
}

/** Adds the challenge to an answer that needs one, in the scheme in which the request has a token. */
function challenge({ req, res }: Context<AppEnv>, thrown: Error | undefined): void {
  const error = thrown instanceof OAuthError ? thrown : undefined
  if (res.status !== 401 && error?.code !== 'insufficient_scope') return
  const authorization = req.header('authorization')
  const tried = BINDINGS.find(({ scheme }) => tokenOfScheme(authorization, scheme) !== undefined)
  res.headers.set('www-authenticate', challengeOf(error, (tried ?? none).scheme))
}

/** Tells what was warned of, and marks every log line while demo pages are on at a public server: everybody knows the password of the demo user. */
function warnings(c: Context<AppEnv>, doubts: readonly string[]): LogFields {
  const config = c.var.ctx?.rt.config
  return {
    ...(config?.demoPages && !config.loopback && { warning: 'DEMO_PAGES is on' }),
    ...(doubts.length > 0 && { warnings: doubts }),
  }
}

/**
 * Log fields of a failure: code, reason and facts. The message of a foreign error is left out, because it could contain
 * anything.
 */
function failureFields(thrown: Error | undefined): LogFields {
  if (thrown === undefined) return {}
  if (!(thrown instanceof OAuthError))
    return { error: 'server_error', reason: 'unexpected', thrown: thrown.name }
  const facts = Object.entries(thrown.facts).map(([name, fact]) => `${name}=${fact}`)
  return {
    error: thrown.code,
    reason: thrown.reason,
    ...(facts.length > 0 && { facts }),
  }
}
