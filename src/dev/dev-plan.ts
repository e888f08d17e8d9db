import { randomBytes } from 'node:crypto'
import { parseEnv } from 'node:util'
import { misspeltNames } from '../config/names.ts'
import { settings } from '../config/settings.ts'
import { isLoopbackHost } from '../util/loopback.ts'
import { CommandError } from './command-error.ts'
import type { Options } from './options.ts'

/** The admin API key of every development server that only this machine reaches. Everybody knows it. */
export const DEV_ADMIN_KEY = 'ladon-dev-admin-key'

const DEFAULT_PORT = '4444'

/** How a development server will be started. */
export interface DevPlan {
  /** The address at which this command calls the server. */
  readonly listen: { readonly protocol: 'http' | 'https'; readonly host: string; readonly port: number }
  /** The public base URL, without trailing slash. */
  readonly base: string
  readonly demoPages: boolean
  /** A login page that takes the place of the demo's; undefined for none. */
  readonly loginPage: string | undefined
  /** What is said of settings that are probably misspelt. */
  readonly misspelt: readonly string[]
  readonly adminKey: string
  /** Whether `.dev.vars` has no system secret yet. */
  readonly needsSecret: boolean
  /** The directory that was given with `--persist-to`. */
  readonly persistTo: string | undefined
  /** The wrangler arguments that apply the migrations, for each database. */
  readonly migrateSteps: readonly (readonly string[])[]
  /** The wrangler arguments that start the server. */
  readonly serveArgs: readonly string[]
}

/**
 * Plans a development server from the command's options, the text of `.dev.vars` and the bindings of its D1 databases.
 * Settings of the command line and the file are used, except an admin key in the file, which the development key replaces
 * where only this machine reaches the server. Where others do (`--ip`, or a proxy or tunnel before it) and no key is set,
 * it gets one that nobody knows. Throws CommandError for a bad port, issuer or public URL, and for an admin API without a
 * key on a network.
 */
export function planDev(options: Options, devVars: string, databases: readonly string[]): DevPlan {
  const given = new Map([...Object.entries(parseEnv(devVars)), ...options.vars()])
  const port = Number(options.value('port') ?? DEFAULT_PORT)
  if (!Number.isInteger(port) || port < 1 || port > 65_535)
    throw new CommandError('--port takes a port number.')
  const protocol = options.value('local-protocol') === 'https' ? 'https' : 'http'
  const issuer = given.get('URLS_SELF_ISSUER') ?? `${protocol}://localhost:${port}`
  const base = (given.get('URLS_SELF_PUBLIC') ?? issuer).replace(/\/+$/, '')
  if (!URL.canParse(issuer) || !URL.canParse(base))
    throw new CommandError('URLS_SELF_ISSUER and URLS_SELF_PUBLIC take absolute URLs.')
  const loopback = isLoopbackHost(new URL(issuer).hostname)
  const demoPages = settings.demoPages.parser.parse(given.get('DEMO_PAGES') ?? '') ?? loopback
  const host = reachable(options.value('ip'))
  const isHeard = isHeardHere(options.value('ip'))
  const isOurs = loopback && isLoopbackHost(new URL(base).hostname) && isHeard
  // The server goes by the host that a request names, and on a network anybody can name this one.
  if (!isHeard && settings.admin.auth.parser.parse(given.get('ADMIN_AUTH') ?? '') === 'open')
    throw new CommandError(
      'With --ip the network reaches the server, and ADMIN_AUTH=open would let all of it use the admin API. Leave out one of them.',
    )
  const ownKeys =
    options.vars().get('ADMIN_API_KEYS') ?? ((!isOurs && given.get('ADMIN_API_KEYS')) || undefined)
  const adminKeys = ownKeys ?? (isOurs ? DEV_ADMIN_KEY : randomBytes(24).toString('hex'))
  const added = [
    ...(ownKeys === undefined ? ['--var', `ADMIN_API_KEYS:${adminKeys}`] : []),
    ...(given.has('LOG_REQUESTS') ? [] : ['--var', 'LOG_REQUESTS:all']),
    ...(given.has('URLS_SELF_ISSUER') ? [] : ['--var', `URLS_SELF_ISSUER:${issuer}`]),
    // Where the issuer is https and this server is not, a proxy is between them.
    ...(given.has('SERVE_TLS_TERMINATION') || protocol === 'https' || new URL(base).protocol === 'http:'
      ? []
      : ['--var', 'SERVE_TLS_TERMINATION:proxy']),
    // The applications that use a development server are on this machine too.
    ...(given.has('OUTBOUND_ALLOW_PRIVATE') || !loopback ? [] : ['--var', 'OUTBOUND_ALLOW_PRIVATE:true']),
  ]
  return {
    listen: { protocol, host, port },
    base,
    demoPages,
    loginPage: given.get('URLS_LOGIN') || undefined,
    misspelt: misspeltNames([...given.keys()]),
    adminKey: clientsKey(adminKeys),
    needsSecret: (given.get('SECRETS_SYSTEM') ?? '') === '',
    persistTo: options.value('persist-to'),
    migrateSteps: databases.map((binding) => [
      'd1',
      'migrations',
      'apply',
      binding,
      '--local',
      ...options.pick('persist-to', 'config', 'env', 'env-file'),
    ]),
    serveArgs: [
      'dev',
      ...(options.has('port') ? [] : ['--port', DEFAULT_PORT]),
      ...(options.has('show-interactive-dev-session') ? [] : ['--show-interactive-dev-session=false']),
      ...options.args,
      ...added,
    ],
  }
}

/** Whether a server that listens on `ip` hears this machine alone, as it does without it. */
const isHeardHere = (ip: string | undefined): boolean =>
  ip === undefined || isLoopbackHost(ip) || isLoopbackHost(`[${ip}]`)

/** Returns the address at which a server that listens on `ip` can be called: a loopback address for a wildcard. */
function reachable(ip: string | undefined): string {
  if (ip === undefined || ip === '*' || ip === '0.0.0.0') return '127.0.0.1'
  return ip === '::' ? '::1' : ip
}

/** Returns the key of an ADMIN_API_KEYS list that may register clients; the development key if there is none. */
function clientsKey(list: string): string {
  const keys = settings.admin.keys.parser.parse(list) ?? []
  return keys.find(({ scope }) => scope === 'all' || scope === 'clients')?.key ?? DEV_ADMIN_KEY
}
