import { misspeltNames } from '../config/names.ts'
import { CommandError } from './command-error.ts'
import type { Options } from './options.ts'

/** The arguments of one wrangler command. */
export type WranglerCall = readonly string[]

/** A D1 database of an installation: its binding, and whether it is there. */
export interface Migrated {
  readonly binding: string
  readonly exists: boolean
}

/**
 * Returns the wrangler commands of a deployment. The first deployment creates a database, so its migrations run after it.
 * Later on they run first, so that the code never runs with an older schema.
 */
export function deploySteps(options: Options, databases: readonly Migrated[]): readonly WranglerCall[] {
  const migrate = (there: boolean): readonly WranglerCall[] =>
    databases
      .filter(({ exists }) => exists === there)
      .map(({ binding }) => ['d1', 'migrations', 'apply', binding, '--remote', ...configOf(options)])
  return [...migrate(true), deployStep(options), ...migrate(false)]
}

/**
 * Returns the command that bundles and uploads. With `--dry-run` in the options it needs neither account nor network.
 */
export function deployStep(options: Options): WranglerCall {
  return [
    'deploy',
    ...(options.has('minify') || options.has('no-minify') ? [] : ['--minify']),
    ...options.args,
  ]
}

/** The options that select the database, the configuration and the account, for the commands about a database. */
const OF_DATABASE: readonly string[] = ['local', 'remote', 'env', 'config', 'profile', 'env-file']

/** Throws CommandError with exit code 2 for an option that a command about a database does not have. */
export function refuseOthers(options: Options, own: readonly string[]): void {
  const other = options.beside([...OF_DATABASE, ...own])
  if (other !== undefined)
    throw new CommandError(`Nothing was done: there is no option ${other} here; --help lists them.`, 2)
}

/** Returns the options that select the configuration and the account, for the commands other than `deploy`. */
export function configOf(options: Options): readonly string[] {
  const envFiles = options.values('env-file').flatMap((file) => ['--env-file', file])
  return [...options.pick('config', 'env', 'profile'), ...envFiles]
}

/**
 * Returns the options that select the Worker, for `wrangler secret`. With both `--name` and `--env`, that command looks
 * for a Worker named after both, while `deploy` uses only the name; so `--env` is then left out.
 */
export function workerOf(options: Options): readonly string[] {
  const given = configOf(options)
  if (!options.has('name')) return given
  const env = given.indexOf('--env')
  return [...(env === -1 ? given : given.toSpliced(env, 2)), ...options.pick('name')]
}

/** The settings that a deployed server needs, and their descriptions. */
const REQUIRED: Readonly<Record<string, string>> = {
  SECRETS_SYSTEM: 'at least 32 random characters; keep a copy: stored keys are sealed with it',
  ADMIN_API_KEYS:
    'the key your login and consent app sends as "Authorization: Bearer …"; 16 or more of A-Z a-z 0-9 . _ ~ -',
  URLS_SELF_ISSUER: 'the https URL this server is reached at, like https://login.example.com',
}

/** Returns a text about the required settings that are neither variables nor secrets; empty if none is missing. */
export function missingSettings(present: ReadonlySet<string>, worker: readonly string[]): string {
  const missing = Object.entries(REQUIRED).filter(([name]) => !present.has(name))
  if (missing.length === 0) return ''
  const suffix = worker.map((part) => ` ${part}`).join('')
  const lines = missing.map(([name, what]) => `  npx wrangler secret put ${name}${suffix}\n      ${what}`)
  return ['', 'Still to be set, before the server answers:', '', ...lines, ''].join('\n')
}

/** Returns a text about names that are probably misspelt settings; empty if there are none. */
export const misspeltSettings = (present: Iterable<string>): string =>
  misspeltNames([...present])
    .map((problem) => `\n${problem}\n`)
    .join('')
