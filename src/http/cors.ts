import type { CorsSettings } from '../config/types.ts'
import type { RequestContext, Route } from '../context.ts'
import { searchOf } from './address.ts'
import type { CorsClass } from './endpoint.ts'
import { ANY_ORIGIN, originAllowed } from './origins.ts'
import { routedPath } from './paths.ts'

/** What a page may read of any answer: the challenge of a 401, where an error is explained, and the id for the log. */
const ALWAYS_EXPOSED = ['WWW-Authenticate', 'Link', 'X-Request-Id']

/** Returns whether and how a web page may call the endpoint of a path. */
type ClassOf = (path: string) => CorsClass

/**
 * Applies CORS to the public endpoints (Fetch standard section 3.2, contract 3.14). Some
 * headers a page may read whatever the settings say. The server's list of origins counts
 * for all of them, for class `client` also the `allowed_cors_origins` of the request's client; these endpoints read no
 * cookies. Off unless `SERVE_PUBLIC_CORS_ENABLED`.
 */
export const withCors =
  (classOf: ClassOf, route: Route): Route =>
  (request, exchange, executionCtx) => {
    const { publicCors } = exchange.ctx.rt.config
    const concerns = publicCors.enabled || request.method === 'OPTIONS'
    const corsClass = concerns ? classOf(routedPath(request)) : 'none'
    const answer = (): Response | Promise<Response> => route(request, exchange, executionCtx)
    return corsClass === 'none' ? answer() : shared(request, exchange.ctx, corsClass, answer)
  }

async function shared(
  request: Request,
  ctx: RequestContext,
  corsClass: CorsClass,
  answer: () => Response | Promise<Response>,
): Promise<Response> {
  const settings = ctx.rt.config.publicCors
  const byClient = corsClass === 'client'
  const asks = settings.enabled && request.headers.has('access-control-request-method')
  if (request.method === 'OPTIONS' && (asks || byClient)) return preflight(request, settings, asks, byClient)
  const response = await answer()
  if (!settings.enabled) return response
  const { headers } = response
  headers.append('vary', 'Origin')
  const allowed = await allowedOrigin(request, ctx, settings, byClient)
  if (allowed === undefined) return response
  allow(headers, settings, allowed)
  const exposed = new Set([...settings.exposedHeaders, ...ALWAYS_EXPOSED])
  headers.set('access-control-expose-headers', [...exposed].join(', '))
  return response
}

/**
 * Answers a preflight. It names no client. So if a client's own list may allow the origin, every origin passes, and the
 * answer to the request itself says whether the origin is allowed (contract 8.2: client origins must pass the
 * preflight).
 */
function preflight(request: Request, settings: CorsSettings, asks: boolean, anyClient: boolean): Response {
  const headers = new Headers()
  if (asks) {
    headers.set('vary', 'Origin, Access-Control-Request-Method, Access-Control-Request-Headers')
    const allowed = byServer(settings, request.headers.get('origin') ?? '')
    if (allowed !== undefined || anyClient) {
      allow(headers, settings, allowed ?? ANY_ORIGIN)
      headers.set('access-control-allow-methods', settings.allowedMethods.join(', '))
      headers.set('access-control-allow-headers', allowedHeaders(request, settings))
      if (settings.maxAge > 0) headers.set('access-control-max-age', String(settings.maxAge))
    }
  }
  return new Response(null, { status: 204, headers })
}

/** Allows an origin. For `*` the header for credentials is left out, since browsers then send none. */
function allow(headers: Headers, settings: CorsSettings, allowed: string): void {
  headers.set('access-control-allow-origin', allowed)
  if (settings.allowCredentials && allowed !== ANY_ORIGIN)
    headers.set('access-control-allow-credentials', 'true')
}

/** Returns the allowed headers. For `*`, which does not cover Authorization, these are the requested names. */
function allowedHeaders({ headers }: Request, { allowedHeaders: allowed }: CorsSettings): string {
  const asked = headers.get('access-control-request-headers') ?? ''
  return allowed.includes('*') && /^[\w, -]+$/.test(asked) ? asked : allowed.join(', ')
}

async function allowedOrigin(
  { headers, url }: Request,
  ctx: RequestContext,
  settings: CorsSettings,
  anyClient: boolean,
): Promise<string | undefined> {
  const origin = headers.get('origin')
  if (origin === null) return undefined
  const allowed = byServer(settings, origin)
  if (allowed !== undefined || !anyClient) return allowed
  return (await byClient(ctx, url, origin)) ? origin : undefined
}

function byServer({ allowedOrigins }: CorsSettings, origin: string): string | undefined {
  // As in Hydra, an empty list allows everybody.
  if (allowedOrigins.length === 0 || allowedOrigins.includes(ANY_ORIGIN)) return ANY_ORIGIN
  return originAllowed(allowedOrigins, origin) ? origin : undefined
}

/**
 * Whether the request's client allows an origin. The client is the one that the handler loaded, or else the one that
 * the query names. The source is asked before the answer is no.
 */
async function byClient(ctx: RequestContext, url: string, origin: string): Promise<boolean> {
  const { rt, network } = ctx
  const clientId = ctx.client()
  const id = clientId ?? new URLSearchParams(searchOf(url)).get('client_id')
  if (id === null || origin === new URL(rt.config.urls.public).origin) return false
  // Nothing looked the query's client up before, so this is counted like a request of a client.
  if (clientId === null && (await rt.floods.ofNetwork('client', network)) !== undefined) return false
  for (const ask of ['find', 'fresh'] as const) {
    // The response is ready, and a failing source must not replace it by an error.
    const client = await rt.clients[ask](id).catch(() => undefined)
    if (client !== undefined && originAllowed(client.metadata.allowed_cors_origins, origin)) return true
  }
  return false
}
