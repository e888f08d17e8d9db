import { hostAllowed } from './config/hosts.ts'
import type { Config } from './config/types.ts'
import type { Actor, Exchange, Outcome, RequestContext, Route } from './context.ts'
import type { Env } from './env.ts'
import { OAuthError } from './errors/oauth-error.ts'
import { addressOf } from './http/address.ts'
import { tokenOfScheme } from './http/bearer.ts'
import { challengeOf } from './http/challenge.ts'
import { renderError, toOAuthError } from './http/error-response.ts'
import { hasDocuments, helpLink } from './http/help-link.ts'
import { type LogFields, logLine, requestFields } from './http/log.ts'
import { networkOf } from './http/network.ts'
import { ANY_PATH } from './http/not-found.ts'
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
 * Makes the context of each request, refuses foreign hosts unless the request came over a binding, adds what every
 * answer has, and writes the audit lines and the one log line of the request. Somebody who hangs up does not stop that:
 * what was changed is also told.
 *
 * @param route - answers the request
 */
export const inContext =
  (surface: 'public' | 'binding', route: Route) =>
  (request: Request, env: Env, executionCtx: ExecutionContext): Promise<Response> => {
    const work = answer({ surface, route, request, env, executionCtx })
    executionCtx.waitUntil(work)
    return work
  }

/** A request, and who answers it. */
interface Incoming {
  readonly surface: 'public' | 'binding'
  readonly route: Route
  readonly request: Request
  readonly env: Env
  readonly executionCtx: ExecutionContext
}

async function answer(incoming: Incoming): Promise<Response> {
  const { request } = incoming
  const notes = newNotes()
  const response = await routed(incoming, notes).catch((thrown: unknown) => {
    notes.error = thrown instanceof Error ? thrown : new OAuthError('server_error', 'unexpected')
    return renderError(thrown)
  })
  const { headers } = response
  if (!headers.has('cache-control')) headers.set('cache-control', UNCACHED)
  headers.set('x-content-type-options', 'nosniff')
  headers.set('x-request-id', notes.requestId)
  if (notes.hsts !== null) headers.set('strict-transport-security', notes.hsts)
  challenge(request, response, notes.error ?? notes.refusal)
  help(response, notes)
  if (notes.audited.length > 0) await audit(notes)
  log(incoming, response, notes)
  return response
}

async function routed(
  { surface, route, request, env, executionCtx }: Incoming,
  notes: Notes,
): Promise<Response> {
  const rt = runtimeOf(env)
  if (surface === 'public' && !isReachedRight(request, rt.config, notes)) return leadToHttps(request)
  const ctx = contextOf(request, rt, executionCtx, notes)
  notes.ctx = ctx
  const exchange: Exchange = { bindings: env, ctx, route: undefined, error: undefined }
  const response = await route(withOwnPath(request, rt.config.urls.prefixes), exchange, executionCtx)
  notes.route = exchange.route ?? ANY_PATH
  notes.error = exchange.error
  return response
}

/** Whether a request came over TLS, if it should. Throws if it is for a host that is not this server's. */
function isReachedRight(request: Request, config: Config, notes: Notes): boolean {
  const address = addressOf(request.url)
  if (address === null || !hostAllowed(config, address))
    throw new OAuthError('misdirected_request', 'host_foreign')
  const plain = isPlain(config, request)
  if (plain) notes.refusal = plainRefusal()
  // Browsers ignore the header over plain http (RFC 6797 section 7.2).
  else notes.hsts = config.transport.hsts
  return !plain
}

/** What a request's handlers told, for its log lines and its headers. */
interface Notes {
  readonly requestId: string
  readonly startedAt: Milliseconds
  /** Undefined for a request that was refused before it was routed. */
  ctx: RequestContext | undefined
  route: string
  error: Error | undefined
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
  requestId: crypto.randomUUID(),
  startedAt: nowMs(),
  ctx: undefined,
  route: ANY_PATH,
  error: undefined,
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

function contextOf(
  { headers }: Request,
  rt: Runtime,
  executionCtx: ExecutionContext,
  notes: Notes,
): RequestContext {
  const { requestId } = notes
  return {
    rt: { ...rt, ledgers: rt.ledgers.during(requestId) },
    requestId,
    network: networkOf(headers),
    attempt: requestId,
    defer: (work) => executionCtx.waitUntil(work),
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
    actor: () => notes.actor,
    proved: (id) => {
      notes.proven = id
    },
    client: () => notes.seen ?? notes.named()?.slice(0, MAX_CLIENT_ID) ?? null,
  }
}

/** Writes the audit lines of a request, and copies those of an operator's. */
async function audit({ ctx, requestId, startedAt, actor, proven, audited }: Notes): Promise<void> {
  if (ctx === undefined) return
  const { rt, network, defer } = ctx
  const acting = { requestId, operator: actor, client: proven, network }
  const entries = await writeAudit(rt.roots, acting, audited)
  if (actor !== null) await keepAudit(rt.auditLog, entries, requestId, startedAt, defer)
}

/** Counts a request, and writes its line, if it is to be counted or to have one. */
function log({ request, env }: Incoming, { status }: Response, notes: Notes): void {
  const failure = notes.error ?? notes.refusal
  const rt = notes.ctx?.rt
  const failed = isFailure(status, failure) || notes.doubts.length > 0
  const hasLine = isLogged(notes.requestId, rt?.config.logRequests ?? 1, failed)
  if (!hasLine && env.METRICS === undefined) return
  const line = {
    request_id: notes.requestId,
    method: request.method,
    route: notes.route,
    status,
    client_id: notes.seen,
    duration_ms: nowMs() - notes.startedAt,
  }
  const why = failureFields(failure)
  if (env.METRICS !== undefined)
    countRequest(env.METRICS, line, { ...why, ...notes.outcome }, rt?.ledgers.calls ?? 0)
  if (!hasLine) return
  logLine('request', {
    ...requestFields(line),
    ...(notes.actor !== null && { actor: notes.actor }),
    ...notes.outcome,
    ...why,
    ...warnings(rt?.config, notes.doubts),
  })
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
function challenge(request: Request, { status, headers }: Response, thrown: Error | undefined): void {
  const error = thrown instanceof OAuthError ? thrown : undefined
  if (status !== 401 && error?.code !== 'insufficient_scope') return
  const authorization = request.headers.get('authorization')
  const tried = BINDINGS.find(({ scheme }) => tokenOfScheme(authorization, scheme) !== undefined)
  headers.set('www-authenticate', challengeOf(error, (tried ?? none).scheme))
}

/** Links an answer that tells an error to its explanation, where there is one. */
function help({ status, headers }: Response, { ctx, error, refusal }: Notes): void {
  const thrown = error ?? refusal
  if (thrown === undefined || status < 400) return
  if (ctx === undefined || !hasDocuments(ctx.rt)) return
  headers.append('link', helpLink(ctx.rt.config.urls.public, toOAuthError(thrown)))
}

/** Tells what was warned of, and marks every log line while demo pages are on at a public server: everybody knows the password of the demo user. */
function warnings(config: Config | undefined, doubts: readonly string[]): LogFields {
  return {
    ...(config?.demoPages && !config.loopback && { warning: 'DEMO_PAGES is on' }),
    ...(doubts.length > 0 && { warnings: doubts }),
  }
}
