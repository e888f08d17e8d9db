import { readFileSync } from 'node:fs'
import { relative, resolve } from 'node:path'
import { parseEnv } from 'node:util'
import * as v from 'valibot'
import { unstable_readConfig } from 'wrangler'
import { CommandError } from './command-error.ts'
import type { Options } from './options.ts'
import { ROOT, WRANGLER_TOML } from './paths.ts'

const Pattern = v.object({ pattern: v.string(), custom_domain: v.optional(v.boolean()) })
const Route = v.union([
  v.pipe(
    v.string(),
    v.transform((pattern) => ({ pattern })),
  ),
  Pattern,
])

const RateLimit = v.object({
  name: v.string(),
  namespace_id: v.string(),
  simple: v.object({ limit: v.number(), period: v.number() }),
})

/** The part of wrangler's configuration that the checks of a deployment need. */
const Configuration = v.object({
  name: v.optional(v.string()),
  configPath: v.optional(v.string()),
  definedEnvironments: v.optional(v.array(v.string()), []),
  vars: v.record(v.string(), v.unknown()),
  workers_dev: v.optional(v.boolean()),
  secrets_store_secrets: v.optional(v.array(v.object({ binding: v.string() })), []),
  route: v.optional(Route),
  routes: v.optional(v.array(Route)),
  triggers: v.object({ crons: v.optional(v.array(v.string()), []) }),
  d1_databases: v.array(
    v.object({
      binding: v.string(),
      database_name: v.optional(v.string()),
      database_id: v.optional(v.string()),
    }),
  ),
  kv_namespaces: v.array(v.object({ binding: v.string(), id: v.optional(v.string()) })),
  durable_objects: v.object({
    bindings: v.array(
      v.object({ name: v.string(), class_name: v.string(), script_name: v.optional(v.string()) }),
    ),
  }),
  migrations: v.array(v.object({ new_sqlite_classes: v.optional(v.array(v.string()), []) })),
  ratelimits: v.optional(v.array(RateLimit), []),
})

/** A domain or URL pattern whose requests a Worker gets. */
export type Route = v.InferOutput<typeof Pattern>

/** How many requests may come in a period of seconds, counted under the id. */
export type RateLimit = v.InferOutput<typeof RateLimit>

/** The bindings of D1 databases that are migrated. */
const MIGRATED: readonly string[] = ['DB', 'BOOK']

/** Returns the D1 databases of a configuration that are migrated. */
export const migratedIn = (config: Installation['config']): Installation['config']['d1_databases'] =>
  config.d1_databases.filter(({ binding }) => MIGRATED.includes(binding))

/** One Worker as a configuration file describes it, including what an environment inherits. */
export interface Installation {
  /** The Worker's name; undefined if neither the file nor the command line has one. */
  readonly worker: string | undefined
  /** The absolute path of the configuration file. */
  readonly file: string
  /** The environment's name; undefined for the top level. */
  readonly environment: string | undefined
  readonly routes: readonly Route[]
  readonly config: v.InferOutput<typeof Configuration>
}

/**
 * Returns the installation that `wrangler deploy` would deploy with these options: `--config`, `--env` or
 * CLOUDFLARE_ENV (of the process or of `--env-file`), `--name`, and the options that replace routes and crons. Throws
 * CommandError with wrangler's message if it cannot read the configuration.
 */
export function readTarget(options: Options): Installation {
  const target = readInstallation(options.value('config'), environmentOf(options))
  const { name, triggers, routes } = { ...target.config, routes: target.routes }
  const given = options.values('routes', 'route').map((pattern) => ({ pattern }))
  const domains = options.values('domains', 'domain').map((pattern) => ({ pattern, custom_domain: true }))
  const crons = options.values('triggers', 'schedules', 'schedule')
  return {
    ...target,
    worker: options.value('name') ?? name,
    routes: [...(given.length > 0 ? given : routes), ...domains],
    config: { ...target.config, triggers: crons.length > 0 ? { crons: [...crons] } : triggers },
  }
}

/**
 * Returns every other installation, which the target must not touch: those of its configuration file and of this
 * repository's `wrangler.toml`. With `--name` the target is another Worker than its own entry in the file, so that
 * entry is included. A configuration that wrangler cannot read is left out, since it cannot be deployed.
 */
export function readOthers(target: Installation): readonly Installation[] {
  const files = new Set([target.file, WRANGLER_TOML])
  return [...files].flatMap((file) => {
    const top = tryRead(file, '')
    if (top === undefined) return []
    const environments = top.config.definedEnvironments.flatMap((name) => tryRead(file, name) ?? [])
    return [top, ...environments].filter(
      (other) =>
        other.file !== target.file ||
        other.environment !== target.environment ||
        other.worker !== target.worker,
    )
  })
}

/**
 * Returns the settings that an installation is deployed with, by name: variables of its configuration and of the command
 * line that have a value, and secrets of the account's store, whose value is not known here.
 */
export function setSettings({ config }: Installation, options: Options): Map<string, string> {
  const stored = config.secrets_store_secrets.map(({ binding }) => [binding, ''] as const)
  const variables = Object.entries(config.vars).map(
    ([name, value]) => [name, typeof value === 'string' ? value : JSON.stringify(value)] as const,
  )
  return new Map([...stored, ...[...variables, ...options.vars()].filter(([, value]) => value !== '')])
}

/** Returns the name of an installation for messages. */
export function titleOf({ environment, file }: Installation): string {
  const within = relative(ROOT, file)
  const shown = within.startsWith('..') ? file : within
  return environment === undefined ? `the top level of ${shown}` : `env.${environment} of ${shown}`
}

function tryRead(file: string, environment: string): Installation | undefined {
  try {
    return readInstallation(file, environment)
  } catch (thrown) {
    if (thrown instanceof CommandError) return undefined
    throw thrown
  }
}

function readInstallation(file: string | undefined, environment: string | undefined): Installation {
  const config = parseConfig(file, environment)
  return {
    worker: config.name,
    file: resolve(config.configPath ?? WRANGLER_TOML),
    environment: environment === '' ? undefined : environment,
    routes: config.routes ?? (config.route === undefined ? [] : [config.route]),
    config,
  }
}

function parseConfig(config: string | undefined, env: string | undefined): Installation['config'] {
  try {
    const read: unknown = unstable_readConfig(
      { config, env: env ?? '' },
      { hideWarnings: true, useRedirectIfAvailable: true },
    )
    return v.parse(Configuration, read)
  } catch (thrown) {
    throw new CommandError(thrown instanceof Error ? thrown.message : String(thrown), 2)
  }
}

/** Returns the environment that wrangler uses: its option, else CLOUDFLARE_ENV, which an env file may set too. */
function environmentOf(options: Options): string | undefined {
  const given = options.value('env') ?? process.env['CLOUDFLARE_ENV']
  if (given !== undefined) return given
  const files = options.has('env-file') ? options.values('env-file') : ['.env', '.env.local']
  return files.map((file) => parseEnv(textOf(file))['CLOUDFLARE_ENV']).findLast((name) => name !== undefined)
}

function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return ''
  }
}
