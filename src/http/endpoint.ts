import type { Context, ErrorHandler, Handler, Hono, MiddlewareHandler } from 'hono'
import { routePath } from 'hono/route'
import type { GenericSchema } from 'valibot'
import type { Config, FloodClass } from '../config/types.ts'
import type { AppEnv, RequestContext } from '../context.ts'
import type { OAuthError } from '../errors/oauth-error.ts'
import { withoutBody } from './bodiless.ts'
import { type BodyClass, RequestBody } from './body.ts'
import { type Members, onlyMembers } from './members.ts'
import { isV1Path } from './paths.ts'
import { renderRefusal } from './refusal.ts'
import { newRouter } from './router.ts'
import { SegmentRouter } from './segment-router.ts'

/**
 * Which web pages may read an endpoint's answers: those on the server's list of origins or on the list of the request's
 * client, those on the server's list only, or none.
 */
export type CorsClass = 'client' | 'server' | 'none'

/**
 * The class of floods that an endpoint's requests are counted in. Those of `browser`, `client`, `device` and
 * `registration` are counted by network before anything is done for them; the handler counts tries of user codes, and
 * the guard of the admin API wrong keys. `none` is for what costs no storage call.
 */
export type RateClass = FloodClass | 'none'

export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'

/** A JSON Schema (draft 2020-12), or the valibot schema that the handler parses with. */
export type Schema = { readonly [keyword: string]: unknown } | GenericSchema

/** An answer of an endpoint. */
export interface Answer {
  readonly description: string
  /** The schema of the content, by media type; absent without content. */
  readonly content?: Readonly<Record<string, Schema>>
}

/** The requests and answers of an endpoint, for the OpenAPI document. */
export interface Wire {
  readonly summary: string
  /** The parameters in the query, by name. */
  readonly query?: Readonly<Record<string, Schema>>
  /** The content of the body. */
  readonly body?: Schema
  /** The answers, by status. */
  readonly answers: Readonly<Record<number, Answer>>
  /** The members that an answer has where the path is spelled as in v1; all if absent. */
  readonly v1?: Members
}

/** Returns the members that an endpoint adds to the metadata document (RFC 8414 section 2). */
export type Discovered = (config: Config) => Readonly<Record<string, unknown>>

/** One row of the table of endpoints, from which routing, CORS, bounds and documents are derived. */
export interface Endpoint {
  /** The path in Hono's notation, with parameters. */
  readonly path: string
  readonly methods: readonly [Method, ...Method[]]
  readonly handler: (c: Context<AppEnv>) => Response | Promise<Response>
  readonly cors: CorsClass
  /** The kind of body that the endpoint takes, which decides the bound of its size. */
  readonly body: BodyClass
  readonly rate: RateClass
  readonly discovery?: Discovered
  /** A function, so that no schema is made when the Worker starts. */
  readonly wire: () => Wire
}

/** Endpoints that share their middleware. */
export interface EndpointGroup {
  /** The middleware, each with the pattern of its paths. It also runs for unknown paths that match. */
  readonly before: readonly (readonly [pattern: string, middleware: MiddlewareHandler<AppEnv>])[]
  /** Answers errors that are thrown; the application does if absent. */
  readonly onError?: ErrorHandler<AppEnv>
  /** Whether they are served; always if absent. A path of those that are not is an unknown one. */
  readonly isOn?: (config: Config) => boolean
  readonly endpoints: readonly Endpoint[]
}

/** Adds groups of endpoints to an application, in order. The first endpoint that matches a request answers it. */
export function mount(app: Hono<AppEnv>, groups: readonly EndpointGroup[]): Hono<AppEnv> {
  for (const { before, onError, endpoints } of groups) {
    // An application of its own has its own answer to errors, and costs each route twice.
    const router = onError === undefined ? app : newRouter().onError(noting(onError))
    for (const [pattern, middleware] of before) router.use(pattern, middleware)
    for (const endpoint of endpoints) router.on([...endpoint.methods], endpoint.path, framed(endpoint))
    if (router !== app) app.route('/', router)
  }
  return app
}

/** Notes what was thrown, and where, for the line of the request. */
export const noting =
  (onError: ErrorHandler<AppEnv>): ErrorHandler<AppEnv> =>
  (thrown, c) => {
    c.env.route ??= routePath(c, -1)
    c.env.error = thrown
    return onError(thrown, c)
  }

/**
 * Wraps an endpoint's handler, so that it can read the body only through `RequestBody`, which applies the bound, and
 * its answers on paths of v1 have only members of v1.
 */
const framed =
  ({ path, body, handler, rate, wire }: Endpoint): Handler<AppEnv> =>
  async (c) => {
    const { raw } = c.req
    const { ctx } = c.env
    c.env.route = path
    c.set('ctx', ctx)
    const refusal = isCountedHere(rate) && (await flooded(ctx, rate))
    if (refusal) return renderRefusal(c, refusal)
    c.set('body', new RequestBody(raw, body))
    c.req.raw = withoutBody(raw)
    const v1 = isV1Path(raw.url) ? wire().v1 : undefined
    return v1 === undefined ? handler(c) : onlyMembers(await handler(c), v1)
  }

const flooded = ({ rt, network }: RequestContext, rate: FloodClass): Promise<OAuthError | undefined> =>
  rt.floods.ofNetwork(rate, network)

const isCountedHere = (rate: RateClass): rate is Exclude<FloodClass, 'user_code' | 'api_key'> =>
  rate !== 'none' && rate !== 'user_code' && rate !== 'api_key'

/** Returns a function that finds the CORS class of a path. It is `none` for a path that no endpoint has. */
export function corsClasses(endpoints: readonly Endpoint[]): (path: string) => CorsClass {
  const router = new SegmentRouter<CorsClass>()
  for (const { path, cors } of endpoints) if (cors !== 'none') router.add('ALL', path, cors)
  return (path) => router.match('ALL', path)[0][0]?.[0] ?? 'none'
}

/** Returns a function that lists the methods that a path of these endpoints takes; none for an unknown path. */
export function methodsAt(endpoints: readonly Endpoint[]): (path: string) => readonly string[] {
  const router = new SegmentRouter<readonly Method[]>()
  for (const { path, methods } of endpoints) router.add('ALL', path, methods)
  return (path) => {
    const methods = router.match('ALL', path)[0].flatMap(([taken]) => taken)
    return [...new Set([...methods, ...(methods.includes('GET') ? ['HEAD'] : [])])].sort()
  }
}

/** Returns the members that endpoints add to the metadata document. */
export const discovered = (
  endpoints: readonly Endpoint[],
  config: Config,
): Readonly<Record<string, unknown>> =>
  Object.assign({}, ...endpoints.map(({ discovery }) => discovery?.(config)))
