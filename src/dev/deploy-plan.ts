import type { Options } from './options.ts'

/** One run of wrangler. */
export type WranglerCall = readonly string[]

/**
 * The runs of wrangler that deploy: the first installation deploys first, since that is what makes the database;
 * later ones migrate first, so that no code meets a schema it does not know.
 */
export function deploySteps(options: Options, databaseExists: boolean): readonly WranglerCall[] {
  const deploy = deployStep(options)
  const migrate = ['d1', 'migrations', 'apply', 'DB', '--remote', ...configOf(options)]
  return databaseExists ? [migrate, deploy] : [deploy, migrate]
}

/** The run that bundles and uploads; with `--dry-run` among the options it needs neither account nor network. */
export function deployStep(options: Options): WranglerCall {
  return [
    'deploy',
    ...(options.has('minify') || options.has('no-minify') ? [] : ['--minify']),
    ...options.args,
  ]
}

/** Options that say which configuration and account are meant, for the runs beside `deploy` itself. */
export function configOf(options: Options): readonly string[] {
  const envFiles = options.values('env-file').flatMap((file) => ['--env-file', file])
  return [...options.pick('config', 'env', 'profile'), ...envFiles]
}

/**
 * The same for `wrangler secret`, and which Worker. Given both `--name` and `--env`, it would look for a Worker named
 * after both, where `deploy` takes the name alone.
 */
export function workerOf(options: Options): readonly string[] {
  const given = configOf(options)
  if (!options.has('name')) return given
  const env = given.indexOf('--env')
  return [...(env === -1 ? given : given.toSpliced(env, 2)), ...options.pick('name')]
}

/** Settings without which a deployed server answers nothing, and what each is. */
const REQUIRED: Readonly<Record<string, string>> = {
  SECRETS_SYSTEM: 'at least 32 random characters; keep a copy: stored keys are sealed with it',
  ADMIN_API_KEYS:
    'the key your login and consent app sends as "Authorization: Bearer …"; 16 or more of A-Z a-z 0-9 . _ ~ -',
  URLS_SELF_ISSUER: 'the https URL this server is reached at, like https://login.example.com',
}

/** What to print about required settings that are neither variables nor secrets yet; empty when all are there. */
export function missingSettings(present: ReadonlySet<string>, worker: readonly string[]): string {
  const missing = Object.entries(REQUIRED).filter(([name]) => !present.has(name))
  if (missing.length === 0) return ''
  const suffix = worker.map((part) => ` ${part}`).join('')
  const lines = missing.map(([name, what]) => `  npx wrangler secret put ${name}${suffix}\n      ${what}`)
  return ['', 'Still to be set, before the server answers:', '', ...lines, ''].join('\n')
}
