import type { Context, ErrorHandler, Handler, Hono, MiddlewareHandler } from 'hono'
import { PatternRouter } from 'hono/router/pattern-router'
import type { GenericSchema } from 'valibot'
import type { Config } from '../config/types.ts'
import type { AppEnv } from '../context.ts'
import { type BodyClass, RequestBody } from './body.ts'
import { newRouter } from './router.ts'

/**
 * Who may read an endpoint's answers out of a web page: the server's list of origins and that of the client the request
 * is of, the server's list alone, or nobody.
 */
export type CorsClass = 'client' | 'server' | 'none'

/** What brakes a stranger who calls an endpoint often: nothing, or the count of user codes tried by one network. */
export type RateClass = 'none' | 'user_code'

export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'

/** A JSON Schema (draft 2020-12), or the valibot schema that the handler itself reads with. */
export type Schema = { readonly [keyword: string]: unknown } | GenericSchema

/** An answer: its content by media type, if it has any. */
export interface Answer {
  readonly description: string
  readonly content?: Readonly<Record<string, Schema>>
}

/** What an endpoint is sent and what it answers: enough for an OpenAPI document. */
export interface Wire {
  readonly summary: string
  /** Parameters in the query, by name. */
  readonly query?: Readonly<Record<string, Schema>>
  /** The body, of the kind that the endpoint takes. */
  readonly body?: Schema
  readonly answers: Readonly<Record<number, Answer>>
}

/** What an endpoint adds to the metadata document (RFC 8414 section 2). */
export type Discovered = (config: Config) => Readonly<Record<string, unknown>>

/** One row of the table of endpoints. Everything that is done alike for all of them is done from it. */
export interface Endpoint {
  /** Path as Hono's routers write it, parameters included. */
  readonly path: string
  readonly methods: readonly [Method, ...Method[]]
  readonly handler: (c: Context<AppEnv>) => Response | Promise<Response>
  readonly cors: CorsClass
  /** What it takes as a body, which bounds it. */
  readonly body: BodyClass
  readonly rate: RateClass
  readonly discovery?: Discovered
  readonly wire: Wire
}

/** Endpoints that share what comes before them. */
export interface EndpointGroup {
  /** What runs first, by the pattern of the paths it runs for, unknown ones below too. */
  readonly before: readonly (readonly [pattern: string, middleware: MiddlewareHandler<AppEnv>])[]
  /** Who answers what is thrown; the application if absent. */
  readonly onError?: ErrorHandler<AppEnv>
  readonly endpoints: readonly Endpoint[]
}

/** Adds groups to an application, in order; what fits a request first answers it. */
export function mount(app: Hono<AppEnv>, groups: readonly EndpointGroup[]): Hono<AppEnv> {
  for (const { before, onError, endpoints } of groups) {
    const router = newRouter()
    if (onError !== undefined) router.onError(onError)
    for (const [pattern, middleware] of before) router.use(pattern, middleware)
    for (const endpoint of endpoints) router.on([...endpoint.methods], endpoint.path, framed(endpoint))
    app.route('/', router)
  }
  return app
}

/** An endpoint's handler, to whom the body is shown only through the reader that knows the endpoint's bound. */
const framed =
  ({ body, handler }: Endpoint): Handler<AppEnv> =>
  (c) => {
    const { raw } = c.req
    c.set('body', new RequestBody(raw, body))
    if (raw.body !== null) c.req.raw = new Request(raw.url, { method: raw.method, headers: raw.headers })
    return handler(c)
  }

/** Finds the CORS class of a path among endpoints; of one that none of them has it is `none`. */
export function corsClasses(endpoints: readonly Endpoint[]): (path: string) => CorsClass {
  const router = new PatternRouter<CorsClass>()
  for (const { path, cors } of endpoints) if (cors !== 'none') router.add('ALL', path, cors)
  return (path) => router.match('ALL', path)[0][0]?.[0] ?? 'none'
}

/** What endpoints add to the metadata document. */
export const discovered = (
  endpoints: readonly Endpoint[],
  config: Config,
): Readonly<Record<string, unknown>> =>
  Object.assign({}, ...endpoints.map(({ discovery }) => discovery?.(config)))
