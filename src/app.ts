import type { ErrorHandler, Hono } from 'hono'
import { type EntrypointName, limitWrongKeys } from './admin/guard.ts'
import type { AppEnv, Route } from './context.ts'
import { bindingTable, endpointsOf, endpointTable } from './endpoints/table.ts'
import { withCors } from './http/cors.ts'
import { corsClasses, type EndpointGroup, mount, noting } from './http/endpoint.ts'
import { renderError } from './http/error-response.ts'
import { notFound } from './http/not-found.ts'
import { newRouter } from './http/router.ts'
import { inContext } from './request-context.ts'

/** Answers what a handler threw. Wrong API keys are counted, and too many of them get another answer. */
const refuse: ErrorHandler<AppEnv> = async (thrown, c) => {
  const refusal = (await limitWrongKeys(c.env.ctx, thrown)) ?? thrown
  c.env.error = refusal
  return renderError(refusal)
}

/**
 * Returns the application of groups of endpoints. The context of a request is made, and its answer completed, around
 * Hono's routing instead of in middleware, so that most requests meet their endpoint's handler only.
 *
 * @param around - what is done between context and routing
 */
function appOf(
  surface: 'public' | 'binding',
  table: readonly EndpointGroup[],
  around: (route: Route) => Route = (route) => route,
): Hono<AppEnv> {
  const base = newRouter().notFound(notFound(table)).onError(noting(refuse))
  const app = mount(base, table)
  return Object.assign(app, { fetch: inContext(surface, around(app.fetch)) })
}

/** Returns the table of the public origin: every public route, and the admin API, which requires an API key. */
export const publicTable = (): readonly EndpointGroup[] =>
  endpointTable((request, c) => Promise.resolve(publicApp().fetch(request, c.env.bindings, c.executionCtx)))

let known: Hono<AppEnv> | undefined

/** Returns the application of the public origin. An isolate that runs only ledgers or the scheduled job makes none. */
export function publicApp(): Hono<AppEnv> {
  if (known !== undefined) return known
  const table = publicTable()
  known = appOf('public', table, (route) => withCors(corsClasses(endpointsOf(table)), route))
  return known
}

const bindingApps = new Map<EntrypointName, Hono<AppEnv>>()

/** Returns the application of an entrypoint for service bindings, which few isolates need: it is made on first use. */
export function bindingApp(name: EntrypointName): Hono<AppEnv> {
  const known = bindingApps.get(name)
  if (known !== undefined) return known
  const made = appOf('binding', bindingTable(name))
  bindingApps.set(name, made)
  return made
}
