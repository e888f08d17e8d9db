import type { Context, MiddlewareHandler } from 'hono'
import type { CorsSettings } from '../config/types.ts'
import type { AppEnv } from '../context.ts'
import type { CorsClass } from './endpoint.ts'
import { ANY_ORIGIN, originAllowed } from './origins.ts'

/** Returns whether and how a web page may call the endpoint of a path. */
type ClassOf = (path: string) => CorsClass

/**
 * Applies CORS to the public endpoints (Fetch standard section 3.2, contract 3.14). A page may read the challenge of a
 * 401 whatever the settings say. The server's list of origins counts
 * for all of them, for class `client` also the `allowed_cors_origins` of the request's client; these endpoints read no
 * cookies. Off unless `SERVE_PUBLIC_CORS_ENABLED`.
 */
export const cors =
  (classOf: ClassOf): MiddlewareHandler<AppEnv> =>
  async (c, next) => {
    const settings = c.get('ctx').rt.config.publicCors
    const isPreflight = c.req.method === 'OPTIONS'
    if (!settings.enabled && !isPreflight) return next()
    const corsClass = classOf(c.req.path)
    if (corsClass === 'none') return next()
    const byClient = corsClass === 'client'
    const asks = settings.enabled && c.req.header('access-control-request-method') !== undefined
    if (isPreflight && (asks || byClient)) return preflight(c, settings, asks, byClient)
    await next()
    if (!settings.enabled) return
    c.res.headers.append('vary', 'Origin')
    const allowed = await allowedOrigin(c, settings, byClient)
    if (allowed === undefined) return
    allow(c.res.headers, settings, allowed)
    const exposed = new Set([...settings.exposedHeaders, 'WWW-Authenticate'])
    c.res.headers.set('access-control-expose-headers', [...exposed].join(', '))
  }

/**
 * Answers a preflight. It names no client. So if a client's own list may allow the origin, every origin passes, and the
 * answer to the request itself says whether the origin is allowed (contract 8.2: client origins must pass the
 * preflight).
 */
function preflight(c: Context<AppEnv>, settings: CorsSettings, asks: boolean, anyClient: boolean): Response {
  const headers = new Headers()
  if (asks) {
    headers.set('vary', 'Origin, Access-Control-Request-Method, Access-Control-Request-Headers')
    const allowed = byServer(settings, c.req.header('origin') ?? '')
    if (allowed !== undefined || anyClient) {
      allow(headers, settings, allowed ?? ANY_ORIGIN)
      headers.set('access-control-allow-methods', settings.allowedMethods.join(', '))
      headers.set('access-control-allow-headers', allowedHeaders(c, settings))
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
function allowedHeaders(c: Context<AppEnv>, { allowedHeaders: allowed }: CorsSettings): string {
  const asked = c.req.header('access-control-request-headers') ?? ''
  return allowed.includes('*') && /^[\w, -]+$/.test(asked) ? asked : allowed.join(', ')
}

async function allowedOrigin(
  c: Context<AppEnv>,
  settings: CorsSettings,
  anyClient: boolean,
): Promise<string | undefined> {
  const origin = c.req.header('origin')
  if (origin === undefined) return undefined
  const allowed = byServer(settings, origin)
  if (allowed !== undefined || !anyClient) return allowed
  return (await byClient(c, origin)) ? origin : undefined
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
async function byClient(c: Context<AppEnv>, origin: string): Promise<boolean> {
  const { rt, network } = c.var.ctx
  const clientId = c.var.ctx.client()
  const id = clientId ?? c.req.query('client_id')
  if (id === undefined || origin === new URL(rt.config.urls.public).origin) return false
  // Nothing looked the query's client up before, so this is counted like a request of a client.
  if (clientId === null && (await rt.floods.ofNetwork('client', network)) !== undefined) return false
  for (const ask of ['find', 'fresh'] as const) {
    // The response is ready, and a failing source must not replace it by an error.
    const client = await rt.clients[ask](id).catch(() => undefined)
    if (client !== undefined && originAllowed(client.metadata.allowed_cors_origins, origin)) return true
  }
  return false
}
