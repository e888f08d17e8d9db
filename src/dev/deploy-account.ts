import * as v from 'valibot'
import { CommandError } from './command-error.ts'
import { configOf, type Migrated, workerOf } from './deploy-plan.ts'
import { type Installation, migratedIn } from './deploy-target.ts'
import type { Options } from './options.ts'
import { runTool } from './tools.ts'
import { wranglerJson } from './wrangler-json.ts'

const Databases = v.array(
  v.object({ uuid: v.string(), name: v.string(), jurisdiction: v.nullish(v.string(), null) }),
)
const Named = v.array(v.object({ name: v.string() }))
const Counted = v.array(v.object({ results: v.array(v.object({ count: v.number() })) }))
const Token = v.object({ token: v.string() })
const Accounts = v.object({ accounts: v.array(v.object({ id: v.string() })) })
const Subdomain = v.object({ subdomain: v.string() })
const Bound = v.object({
  bindings: v.array(v.object({ name: v.string(), type: v.string(), text: v.optional(v.string(), '') })),
})

/** How long a call that is not wrangler's may take, ms. */
const DEADLINE_MS = 10_000

/** What wrangler prints where there is no Worker of a name. It has no exit code of its own for that. */
const NO_WORKER = /Worker "[^"]+"(?: \([^)]*\))? not found/

/** A D1 database of an installation. */
export interface DatabaseState extends Migrated {
  readonly name: string
  /** Where it is restricted to; null for nowhere. */
  readonly jurisdiction: string | null
}

/** What an account has of an installation before a deployment. */
export interface AccountState {
  readonly databases: readonly DatabaseState[]
  /** The database of clients and keys; undefined if there is none yet. */
  readonly database: DatabaseState | undefined
  /** The names of the Worker's secrets; undefined if there is no such Worker. */
  readonly secrets: readonly string[] | undefined
}

/** Asks the account for an installation's D1 database and Worker. Throws CommandError if it cannot be asked. */
export async function readAccount(
  { config }: Pick<Installation, 'config'>,
  options: Options,
): Promise<AccountState> {
  const known = v.parse(Databases, await wranglerJson(['d1', 'list', '--json', ...configOf(options)]))
  const databases = migratedIn(config).map(({ binding, database_id: id, database_name: name = '' }) => {
    const found = known.find((one) => (id === undefined ? one.name === name : one.uuid === id))
    const exists = id !== undefined || found !== undefined
    return { binding, exists, name: found?.name ?? name, jurisdiction: found?.jurisdiction ?? null }
  })
  const database = databases.find(({ binding, exists }) => binding === 'DB' && exists)
  return { databases, database, secrets: await secretsOf(options) }
}

async function secretsOf(options: Options): Promise<readonly string[] | undefined> {
  const call = ['secret', 'list', '--format', 'json', ...workerOf(options)]
  const { code, output } = await runTool('wrangler', call, true)
  const start = output.search(/^\[/m)
  if (code === 0 && start !== -1)
    return v.parse(Named, JSON.parse(output.slice(start))).map(({ name }) => name)
  if (NO_WORKER.test(output)) return undefined
  throw new CommandError(`wrangler ${call.join(' ')} failed:\n${output}`)
}

/** Returns how many root keys D1 holds, all of which are sealed with a SECRETS_SYSTEM. */
export async function countRootKeys(options: Options): Promise<number> {
  const ask = async (sql: string): Promise<number> => {
    const call = ['d1', 'execute', 'DB', '--remote', '--json', '--command', sql, ...configOf(options)]
    return v.parse(Counted, await wranglerJson(call))[0]?.results[0]?.count ?? 0
  }
  const isMade = await ask("SELECT count(*) AS count FROM sqlite_master WHERE name = 'root_keys'")
  return isMade === 0 ? 0 : ask('SELECT count(*) AS count FROM root_keys')
}

/** Returns the address of a Worker below workers.dev; undefined if the account does not tell. */
export async function workersDevAddress(worker: string, options: Options): Promise<string | undefined> {
  const told = await askApi(Subdomain, '/workers/subdomain', options)
  return told && `https://${worker}.${told.subdomain}.workers.dev`
}

/** Returns the variables of a Worker that have a value; none if there is no such Worker, or the account does not tell. */
export async function variablesOf(worker: string, options: Options): Promise<ReadonlyMap<string, string>> {
  const told = await askApi(Bound, `/workers/scripts/${worker}/settings`, options)
  const variables = (told?.bindings ?? []).filter(({ type, text }) => type === 'plain_text' && text !== '')
  return new Map(variables.map(({ name, text }) => [name, text]))
}

/** Asks the API of the account what wrangler has no command for. Undefined if it does not answer as it should. */
async function askApi<T>(
  schema: v.GenericSchema<unknown, T>,
  path: string,
  options: Options,
): Promise<T | undefined> {
  try {
    const account = process.env['CLOUDFLARE_ACCOUNT_ID'] ?? (await onlyAccount(options))
    const token = process.env['CLOUDFLARE_API_TOKEN'] ?? (await authToken(options))
    const api = process.env['CLOUDFLARE_API_BASE_URL'] ?? 'https://api.cloudflare.com/client/v4'
    const response = await fetch(`${api}/accounts/${account}${path}`, {
      headers: { authorization: `Bearer ${token}` },
      signal: AbortSignal.timeout(DEADLINE_MS),
    })
    return v.parse(v.object({ result: schema }), await response.json()).result
  } catch {
    return undefined
  }
}

async function authToken(options: Options): Promise<string> {
  return v.parse(Token, await wranglerJson(['auth', 'token', '--json', ...configOf(options)])).token
}

/** Returns the id of the user's account; throws if there are several. */
async function onlyAccount(options: Options): Promise<string> {
  const { accounts } = v.parse(Accounts, await wranglerJson(['whoami', '--json', ...options.pick('profile')]))
  const [account, ...others] = accounts
  if (account === undefined || others.length > 0) throw new CommandError('Which account is not clear.')
  return account.id
}
