import type { Context, MiddlewareHandler, Next } from 'hono'
import { routePath } from 'hono/route'
import { hostAllowed } from './config/hosts.ts'
import type { Config } from './config/types.ts'
import type { Actor, AppEnv, Outcome, RequestContext } from './context.ts'
import type { Env } from './env.ts'
import { OAuthError } from './errors/oauth-error.ts'
import { addressOf } from './http/address.ts'
import { tokenOfScheme } from './http/bearer.ts'
import { challengeOf } from './http/challenge.ts'
import { renderError } from './http/error-response.ts'
import { type LogFields, logLine, requestFields } from './http/log.ts'
import { networkOf } from './http/network.ts'
import { ownPath } from './http/paths.ts'
import { isPlain, leadToHttps, plainRefusal } from './http/plain-http.ts'
import { type Runtime, runtimeOf } from './runtime.ts'
import { type Audited, keepAudit, writeAudit } from './telemetry/audit.ts'
import { countRequest } from './telemetry/data-points.ts'
import { failureFields, isFailure, isLogged } from './telemetry/request-line.ts'
import { none } from './tokens/binding/none.ts'
import { BINDINGS } from './tokens/binding/registry.ts'
import { type Milliseconds, nowMs } from './util/clock.ts'

/** Cache header of an answer whose handler set none (contract 5.4). */
const UNCACHED = 'private, no-cache, no-store, must-revalidate'

/** The longest id of a client, in characters. */
const MAX_CLIENT_ID = 255

/**
 * Sets the context of each request, refuses foreign hosts unless the request came over a binding, adds what every
 * answer has, and writes the audit lines and the one log line of the request. Somebody who hangs up does not stop that:
 * what was changed is also told.
 */
export const requestContext =
  (surface: 'public' | 'binding'): MiddlewareHandler<AppEnv> =>
  (c, next) => {
    const work = answer(c, surface, next)
    c.executionCtx.waitUntil(work)
    return work
  }

async function answer(c: Context<AppEnv>, surface: 'public' | 'binding', next: Next): Promise<void> {
  const startedAt = nowMs()
  const requestId = crypto.randomUUID()
  const notes = newNotes()
  try {
    const rt = runtimeOf(c.env)
    if (surface === 'binding' || isReachedRight(c, rt.config, notes)) {
      c.req.raw = withOwnPath(c.req.raw, rt.config.urls.prefixes)
      c.set('ctx', contextOf(c, rt, requestId, notes))
      await next()
    } else {
      c.res = leadToHttps(c)
    }
  } catch (thrown) {
    c.error = thrown instanceof Error ? thrown : new OAuthError('server_error', 'unexpected')
    c.res = renderError(thrown)
  }
  const { headers } = c.res
  if (!headers.has('cache-control')) headers.set('cache-control', UNCACHED)
  headers.set('x-content-type-options', 'nosniff')
  headers.set('x-request-id', requestId)
  if (notes.hsts !== null) headers.set('strict-transport-security', notes.hsts)
  challenge(c, c.error ?? notes.refusal)
  if (notes.audited.length > 0) await audit(c, requestId, notes, startedAt)
  log(c, requestId, notes, startedAt)
}

/** Whether a request came over TLS, if it should. Throws if it is for a host that is not this server's. */
function isReachedRight(c: Context<AppEnv>, config: Config, notes: Notes): boolean {
  const address = addressOf(c.req.url)
  if (address === null || !hostAllowed(config, address))
    throw new OAuthError('misdirected_request', 'host_foreign')
  const plain = isPlain(config, c.req.raw)
  if (plain) notes.refusal = plainRefusal()
  // Browsers ignore the header over plain http (RFC 6797 section 7.2).
  else notes.hsts = config.transport.hsts
  return !plain
}

/** What a request's handlers told, for its log lines and its headers. */
interface Notes {
  seen: string | null
  named: () => string | undefined
  actor: Actor | null
  proven: string | null
  refusal: OAuthError | undefined
  doubts: readonly string[]
  /** The value of the HSTS header, if the answer gets one. */
  hsts: string | null
  outcome: Outcome
  readonly audited: Audited[]
}

const newNotes = (): Notes => ({
  seen: null,
  named: () => undefined,
  actor: null,
  proven: null,
  refusal: undefined,
  doubts: [],
  hsts: null,
  outcome: {},
  audited: [],
})

function contextOf(c: Context<AppEnv>, rt: Runtime, requestId: string, notes: Notes): RequestContext {
  return {
    rt: { ...rt, ledgers: rt.ledgers.during(requestId) },
    requestId,
    network: networkOf(c.req.raw.headers),
    attempt: requestId,
    defer: (work) => c.executionCtx.waitUntil(work),
    audit: (event, fields, owner) => {
      notes.audited.push({ event, fields, owner: owner ?? null })
    },
    told: (outcome) => {
      notes.outcome = { ...notes.outcome, ...outcome }
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
    named: (find) => {
      notes.named = find
    },
    acts: (actor) => {
      notes.actor = actor
    },
    proved: (id) => {
      notes.proven = id
    },
    client: () => notes.seen ?? notes.named()?.slice(0, MAX_CLIENT_ID) ?? null,
  }
}

/** Writes the audit lines of a request, and copies those of an operator's. */
async function audit(
  c: Context<AppEnv>,
  requestId: string,
  notes: Notes,
  startedAt: Milliseconds,
): Promise<void> {
  const { rt, network, defer } = c.get('ctx')
  const acting = { requestId, operator: notes.actor, client: notes.proven, network }
  const entries = await writeAudit(rt.roots, acting, notes.audited)
  if (notes.actor !== null) await keepAudit(rt.auditLog, entries, requestId, startedAt, defer)
}

/** Counts a request, and writes its line, if it is to be counted or to have one. */
function log(c: Context<AppEnv>, requestId: string, notes: Notes, startedAt: Milliseconds): void {
  const failure = c.error ?? notes.refusal
  const rt = c.get('ctx')?.rt
  const failed = isFailure(c.res.status, failure) || notes.doubts.length > 0
  const hasLine = isLogged(requestId, rt?.config.logRequests ?? 1, failed)
  if (!hasLine && c.env.METRICS === undefined) return
  const line = {
    request_id: requestId,
    method: c.req.method,
    route: routePath(c, -1),
    status: c.res.status,
    client_id: notes.seen,
    duration_ms: nowMs() - startedAt,
  }
  const why = failureFields(failure)
  countRequest(c.env.METRICS, line, { ...why, ...notes.outcome }, rt?.ledgers.calls ?? 0)
  if (!hasLine) return
  logLine('request', {
    ...requestFields(line),
    ...(notes.actor !== null && { actor: notes.actor }),
    ...notes.outcome,
    ...why,
    ...warnings(c, notes.doubts),
  })
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
