import type { Hono, MiddlewareHandler } from 'hono'
import type { EntrypointName } from './admin/guard.ts'
import type { AppEnv } from './context.ts'
import { bindingTable, endpointsOf, endpointTable } from './endpoints/table.ts'
import type { Env } from './env.ts'
import { addressOf } from './http/address.ts'
import { cors } from './http/cors.ts'
import { corsClasses, type Endpoint, type EndpointGroup, methodsAt, mount } from './http/endpoint.ts'
import { renderError } from './http/error-response.ts'
import { notFound } from './http/not-found.ts'
import { canonicalPath, ownPath } from './http/paths.ts'
import { newRouter } from './http/router.ts'
import { prefixesOf, requestContext } from './request-context.ts'

/**
 * Returns the path that a request is routed by, below the path of the issuer. A `Host` that is none, or several of them,
 * make a URL that cannot be parsed; the request's context refuses that.
 */
const getPath = (request: Request, { env }: { env?: Env } = {}): string =>
  canonicalPath(ownPath(addressOf(request.url)?.pathname ?? '/', env === undefined ? [] : prefixesOf(env)))

function base(
  surface: 'public' | 'binding',
  ofSurface: readonly Endpoint[],
  ...more: MiddlewareHandler<AppEnv>[]
): Hono<AppEnv> {
  const ofAdmin = ofSurface.filter(({ path }) => path.startsWith('/admin/'))
  return newRouter({ getPath })
    .use(requestContext(surface), ...more)
    .notFound(notFound(methodsAt(ofAdmin)))
    .onError(renderError)
}

/** Returns the table of the public origin: every public route, and the admin API, which requires an API key. */
export const publicTable = (): readonly EndpointGroup[] =>
  endpointTable((request, c) => Promise.resolve(publicApp().fetch(request, c.env, c.executionCtx)))

let known: Hono<AppEnv> | undefined

/** Returns the application of the public origin. An isolate that runs only ledgers or the scheduled job makes none. */
export function publicApp(): Hono<AppEnv> {
  if (known !== undefined) return known
  const table = publicTable()
  const endpoints = endpointsOf(table)
  known = mount(base('public', endpoints, cors(corsClasses(endpoints))), table)
  return known
}

const bindingApps = new Map<EntrypointName, Hono<AppEnv>>()

/** Returns the application of an entrypoint for service bindings, which few isolates need: it is made on first use. */
export function bindingApp(name: EntrypointName): Hono<AppEnv> {
  const known = bindingApps.get(name)
  if (known !== undefined) return known
  const ofBinding = bindingTable(name)
  const made = mount(base('binding', endpointsOf(ofBinding)), ofBinding)
  bindingApps.set(name, made)
  return made
}
