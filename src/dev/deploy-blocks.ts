import { createHash } from 'node:crypto'
import { existsSync, realpathSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import type { Installation, RateLimit } from './deploy-target.ts'
import { MIGRATIONS } from './paths.ts'

/** A part of the configuration that every installation needs. */
export type Part = 'database' | 'copies' | 'ledger' | 'migration' | 'crons' | 'limits' | 'routes'

/** The file, environment and Worker that a part is written for. */
export interface Place extends Pick<Installation, 'file' | 'environment'> {
  readonly worker: string
  /** The rate limits that an installation has. */
  readonly limits: readonly RateLimit[]
}

/** The namespace ids of rate limits have five digits, the last of which counts the limits of an installation. */
const ID_RANGE = [10_000, 99_990] as const

/** Returns the path of the migrations from a configuration's folder, where a rehearsal has a link to them. */
function migrationsFrom(folder: string): string {
  const beside = join(folder, 'migrations')
  const isHere = existsSync(beside) && realpathSync(beside) === realpathSync(MIGRATIONS)
  return isHere ? 'migrations' : relative(folder, MIGRATIONS)
}

/** Returns the lines of `wrangler.toml` for one part. */
export function linesOf(part: Part, place: Place): readonly string[] {
  const prefix = place.environment === undefined ? '' : `env.${place.environment}.`
  switch (part) {
    case 'database':
      return [
        `[[${prefix}d1_databases]]`,
        'binding = "DB"',
        `database_name = "${place.worker}"`,
        `migrations_dir = "${migrationsFrom(dirname(place.file))}"`,
      ]
    case 'copies':
      return [`[[${prefix}kv_namespaces]]`, 'binding = "COPIES"']
    case 'ledger':
      return [
        `[${prefix}durable_objects]`,
        'bindings = [{ name = "LEDGER", class_name = "Ledger" }]',
        'code_update_strategy = { mode = "immediate" }',
      ]
    case 'migration':
      return [`[[${prefix}migrations]]`, 'tag = "v1"', 'new_sqlite_classes = ["Ledger"]']
    case 'crons':
      return [`[${prefix}triggers]`, 'crons = ["*/15 * * * *"]']
    case 'limits':
      return place.limits.flatMap(({ name, simple }, index) => [
        ...(index === 0 ? [] : ['']),
        `[[${prefix}ratelimits]]`,
        `name = "${name}"`,
        `namespace_id = "${firstId(place.worker) + index}"`,
        `simple = { limit = ${simple.limit}, period = ${simple.period} }`,
      ])
    case 'routes':
      return [
        ...(place.environment === undefined ? [] : [`[env.${place.environment}]`]),
        'routes = []   # or a domain of its own',
      ]
  }
}

/** Returns the lines of an environment for one Worker, with every part that environments do not inherit. */
export function environmentLines(place: Place & { readonly environment: string }): readonly string[] {
  const { environment, worker } = place
  const [table = '', ...routes] = linesOf('routes', place)
  const parts = (['database', 'copies', 'ledger', 'limits'] as const).flatMap((part) => [
    '',
    ...linesOf(part, place),
  ])
  const variables = [`[env.${environment}.vars]`, 'URLS_SELF_ISSUER = "https://…"   # and its other settings']
  return [table, `name = "${worker}"`, ...routes, '', ...variables, ...parts]
}

/** The namespace id of a Worker's first rate limit: limits of one id are counted together, so Workers have their own. */
function firstId(worker: string): number {
  const [from, to] = ID_RANGE
  const tens = createHash('sha256').update(worker).digest().readUInt32BE() % ((to - from) / 10)
  return from + 10 * tens
}
