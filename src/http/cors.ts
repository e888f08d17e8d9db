import type { Context, MiddlewareHandler } from 'hono'
import type { CorsSettings } from '../config/types.ts'
import type { AppEnv } from '../context.ts'
import type { CorsClass } from './endpoint.ts'
import { ANY_ORIGIN, originAllowed } from './origins.ts'

/** Whether and how the endpoint of a path may be called out of a web page. */
type ClassOf = (path: string) => CorsClass

/**
 * CORS of the public endpoints (Fetch standard section 3.2, contract 3.14): the server's list everywhere, and beside
 * it the list of the client that the request turned out to be of. Off unless `SERVE_PUBLIC_CORS_ENABLED`. Endpoints
 * where a client's own `allowed_cors_origins` count look at no cookie.
 */
export const cors =
  (classOf: ClassOf): MiddlewareHandler<AppEnv> =>
  async (c, next) => {
    const settings = c.var.ctx.rt.config.publicCors
    const corsClass = classOf(c.req.path)
    if (corsClass === 'none') return next()
    const byClient = corsClass === 'client'
    const asks = settings.enabled && c.req.header('access-control-request-method') !== undefined
    if (c.req.method === 'OPTIONS' && (asks || byClient)) return preflight(c, settings, asks, byClient)
    await next()
    if (!settings.enabled) return
    c.res.headers.append('vary', 'Origin')
    const allowed = await allowedOrigin(c, settings, byClient)
    if (allowed === undefined) return
    allow(c.res.headers, settings, allowed)
    if (settings.exposedHeaders.length > 0)
      c.res.headers.set('access-control-expose-headers', settings.exposedHeaders.join(', '))
  }

/**
 * A preflight names no client. Where a client's own list may allow the origin, any may therefore ask, and the answer
 * to what it asks says whether it was allowed (contract 8.2: client origins must pass the preflight).
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

/** Browsers send no credentials where any origin is allowed, so nothing is said of them there. */
function allow(headers: Headers, settings: CorsSettings, allowed: string): void {
  headers.set('access-control-allow-origin', allowed)
  if (settings.allowCredentials && allowed !== ANY_ORIGIN)
    headers.set('access-control-allow-credentials', 'true')
}

/** In a list of headers `*` does not cover Authorization, so what was asked for is named. */
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

/** The client the request loaded, or one that a public document is asked for; only the source says no. */
async function byClient(c: Context<AppEnv>, origin: string): Promise<boolean> {
  const { rt, clientId } = c.var.ctx
  const id = clientId ?? c.req.query('client_id')
  if (id === undefined || origin === new URL(rt.config.urls.public).origin) return false
  for (const ask of ['find', 'fresh'] as const) {
    // The answer itself is ready: a source that is down must not spoil it.
    const client = await rt.clients[ask](id).catch(() => undefined)
    if (client !== undefined && originAllowed(client.metadata.allowed_cors_origins, origin)) return true
  }
  return false
}
