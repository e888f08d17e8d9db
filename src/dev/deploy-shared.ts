import type { Installation, Route } from './deploy-target.ts'

/** A resource of another installation that a deployment would use or take over. */
export interface Shared {
  readonly kind: 'database' | 'copies' | 'routes'
  /** The name or id of a database or namespace, or the pattern of a route. */
  readonly name: string
  readonly owner: Installation
}

type Database = Installation['config']['d1_databases'][number]

/** Returns the D1 databases, KV namespaces and domains of others that an installation would use or take over. */
export function sharedWith(target: Installation, others: readonly Installation[]): readonly Shared[] {
  // The same Worker in two files is one installation.
  const apart = others.filter(({ worker }) => worker !== target.worker)
  // Environments inherit routes. Those that they inherit from the top level do not conflict with it.
  const original = target.environment === undefined && target.worker === target.config.name
  const bearers = apart.filter(({ file }) => !(original && file === target.file))
  const { d1_databases: databases, kv_namespaces: namespaces } = target.config
  return [
    ...databases.flatMap((one) =>
      first('database', one.database_name ?? one.database_id ?? '', apart, ({ config }) =>
        config.d1_databases.some((other) => sameDatabase(one, other)),
      ),
    ),
    ...namespaces.flatMap(({ id }) =>
      first('copies', id ?? '', apart, ({ config }) =>
        config.kv_namespaces.some((other) => id !== undefined && other.id === id),
      ),
    ),
    ...target.routes.flatMap((one) =>
      first('routes', one.pattern, bearers, ({ routes }) => routes.some((other) => takes(one, other))),
    ),
  ]
}

function first(
  kind: Shared['kind'],
  name: string,
  others: readonly Installation[],
  has: (other: Installation) => boolean,
): readonly Shared[] {
  const owner = others.find(has)
  return owner === undefined ? [] : [{ kind, name, owner }]
}

/** Whether two databases are the same, by their ids, or by their names if an id is missing, as in wrangler. */
function sameDatabase(one: Database, other: Database): boolean {
  if (one.database_id !== undefined && other.database_id !== undefined)
    return one.database_id === other.database_id
  return one.database_name !== undefined && one.database_name === other.database_name
}

/** Whether requests for the route `other` would reach `one`. Routes of the same host are compared by their paths. */
function takes(one: Route, other: Route): boolean {
  if (!covers(hostOf(one), hostOf(other))) return false
  return (one.custom_domain ?? false) || (other.custom_domain ?? false) || pathsMeet(one, other)
}

/** Whether a host pattern, which may start with `*`, matches a host. */
function covers(pattern: string, host: string): boolean {
  return pattern.startsWith('*') ? host.endsWith(pattern.slice(1)) : pattern === host
}

function pathsMeet(one: Route, other: Route): boolean {
  const [path, otherPath] = [pathOf(one), pathOf(other)]
  return startsWith(path, otherPath) || startsWith(otherPath, path)
}

/** Whether a path pattern, which may end with `*`, matches a path. */
function startsWith(pattern: string, path: string): boolean {
  return pattern.endsWith('*') ? path.startsWith(pattern.slice(0, -1)) : pattern === path
}

const bare = ({ pattern }: Route): string => pattern.replace(/^https?:\/\//, '').toLowerCase()

const hostOf = (route: Route): string => bare(route).split('/', 1)[0] ?? ''

const pathOf = (route: Route): string => bare(route).slice(hostOf(route).length)
