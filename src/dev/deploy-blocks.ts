import { dirname, relative } from 'node:path'
import type { Installation } from './deploy-target.ts'
import { MIGRATIONS } from './paths.ts'

/** A part of the configuration that every installation needs. */
export type Part = 'database' | 'copies' | 'ledger' | 'migration' | 'crons' | 'routes'

/** The file, environment and Worker that a part is written for. */
type Place = Pick<Installation, 'file' | 'environment'> & { readonly worker: string }

/** Returns the lines of `wrangler.toml` for one part. */
export function linesOf(part: Part, place: Place): readonly string[] {
  const prefix = place.environment === undefined ? '' : `env.${place.environment}.`
  switch (part) {
    case 'database':
      return [
        `[[${prefix}d1_databases]]`,
        'binding = "DB"',
        `database_name = "${place.worker}"`,
        `migrations_dir = "${relative(dirname(place.file), MIGRATIONS)}"`,
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
    case 'routes':
      return [
        ...(place.environment === undefined ? [] : [`[env.${place.environment}]`]),
        'routes = []   # or a domain of its own',
      ]
  }
}

/** Returns the lines of an environment for one Worker, with every part that environments do not inherit. */
export function environmentLines(file: string, environment: string, worker: string): readonly string[] {
  const place = { file, environment, worker }
  const [table = '', ...routes] = linesOf('routes', place)
  const parts = (['database', 'copies', 'ledger'] as const).flatMap((part) => ['', ...linesOf(part, place)])
  const variables = [`[env.${environment}.vars]`, 'URLS_SELF_ISSUER = "https://…"   # and its other settings']
  return [table, `name = "${worker}"`, ...routes, '', ...variables, ...parts]
}
