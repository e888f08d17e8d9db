import type { Installation, Route } from './deploy-target.ts'

/** Something of another installation that a deployment would use or take. */
export interface Shared {
  readonly kind: 'database' | 'copies' | 'routes'
  /** What it is called: a database's or namespace's name or id, a route's pattern. */
  readonly name: string
  readonly owner: Installation
}

type Database = Installation['config']['d1_databases'][number]

/** What of others' D1 databases, KV namespaces and domains this installation would use or take, each named once. */
export function sharedWith(target: Installation, others: readonly Installation[]): readonly Shared[] {
  // One Worker in two files is one installation.
  const apart = others.filter(({ worker }) => worker !== target.worker)
  // Environments inherit routes: what they have of the top level is no reason to refuse the top level.
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

/** Ids decide where both are known; wrangler finds a database without one by its name. */
function sameDatabase(one: Database, other: Database): boolean {
  if (one.database_id !== undefined && other.database_id !== undefined)
    return one.database_id === other.database_id
  return one.database_name !== undefined && one.database_name === other.database_name
}

/** Whether requests of `other` would reach `one`. Two routes of one host are apart when their paths are. */
function takes(one: Route, other: Route): boolean {
  if (!covers(hostOf(one), hostOf(other))) return false
  return (one.custom_domain ?? false) || (other.custom_domain ?? false) || pathsMeet(one, other)
}

/** Whether a host pattern, which may start with `*`, has the other below it. */
function covers(pattern: string, host: string): boolean {
  return pattern.startsWith('*') ? host.endsWith(pattern.slice(1)) : pattern === host
}

function pathsMeet(one: Route, other: Route): boolean {
  const [path, otherPath] = [pathOf(one), pathOf(other)]
  return startsWith(path, otherPath) || startsWith(otherPath, path)
}

/** Whether a path pattern, which may end with `*`, has the other below it. */
function startsWith(pattern: string, path: string): boolean {
  return pattern.endsWith('*') ? path.startsWith(pattern.slice(0, -1)) : pattern === path
}

const bare = ({ pattern }: Route): string => pattern.replace(/^https?:\/\//, '').toLowerCase()

const hostOf = (route: Route): string => bare(route).split('/', 1)[0] ?? ''

const pathOf = (route: Route): string => bare(route).slice(hostOf(route).length)
