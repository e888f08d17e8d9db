import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest'
import { refusal } from '../../src/dev/deploy-check.ts'
import { readOthers, readTarget } from '../../src/dev/deploy-target.ts'
import { Options } from '../../src/dev/options.ts'
import { CloudflareAccount } from '../support/cloudflare/account.ts'
import { ladon } from './ladon.ts'

const root = fileURLToPath(new URL('../../', import.meta.url))
const readme = await readFile(join(root, 'README.md'), 'utf8')
const guide = await readFile(join(root, 'docs/guides/deploy.md'), 'utf8')

/** The block of code in a document that this is the beginning of, without its indentation. */
function block(beginning: string, text = readme): string {
  const at = text.indexOf(beginning)
  expect(at, beginning).toBeGreaterThan(0)
  return text.slice(at, text.indexOf('```', at)).replaceAll(/^ {3}/gm, '')
}

/** `wrangler.toml` as README's step 2 leaves it, to be read from another directory. */
const production = (await readFile(join(root, 'wrangler.toml'), 'utf8'))
  .replace('main = "', `${block('routes = [{').split('\n')[0]}\nmain = "${root}`)
  .replace('migrations_dir = "', `migrations_dir = "${root}`)
  .concat(block('[vars]\nURLS_SELF_ISSUER'.replace('\n', '\n   ')))

const staging = block('[env.staging]\n', guide).replace('migrations_dir = "', `migrations_dir = "${root}`)

/** A configuration of a name and a database of its own. */
const own = production.replaceAll('"ladon"', '"own"').replace('login.example.com', 'own.example.com')

/** Wrangler is large and runs often here: what Node compiled of it is kept between its runs. */
const compiled = await mkdtemp(join(tmpdir(), 'ladon-compiled-'))

afterAll(() => rm(compiled, { recursive: true, force: true }))

let directory: string

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'ladon-deploy-'))
})

afterEach(() => rm(directory, { recursive: true, force: true }))

/** Options for `ladon deploy` with this configuration. */
async function configured(toml: string, ...args: readonly string[]): Promise<readonly string[]> {
  const file = join(directory, 'wrangler.toml')
  await writeFile(file, toml)
  return ['--config', file, ...args]
}

describe('against a stub of the API', () => {
  let account: CloudflareAccount
  let env: NodeJS.ProcessEnv

  beforeEach(async () => {
    account = new CloudflareAccount()
    env = { ...(await account.listen()), NODE_COMPILE_CACHE: compiled }
  })

  afterEach(() => account.close())

  const deploy = async (toml: string, ...args: readonly string[]) => {
    account.calls.length = 0
    return ladon(['deploy', '--', ...(await configured(toml, ...args))], env)
  }
  const at = (call: string) => account.calls.findIndex((one) => one.startsWith(call))
  const tables = (name: string) =>
    account.databases.get(name)?.sqlite.prepare("SELECT name FROM sqlite_master WHERE type = 'table'").all()
  const idOf = (name: string) => account.databases.get(name)?.id
  const bindings = (worker: string) =>
    Object.fromEntries((account.workers.get(worker)?.bindings ?? []).map((one) => [one.name, one]))

  it('recovers from half-way, migrates first from then on, and staging leaves production alone', async () => {
    account.failing = /\/query$/
    expect(await deploy(production)).toMatchObject({
      code: 1,
      output: expect.stringContaining('made to fail'),
    })
    expect(at('PUT /accounts/acct/workers/scripts/ladon')).toBeLessThan(
      at('POST /accounts/acct/d1/database/'),
    )
    expect(tables('ladon')).toEqual([])

    account.failing = undefined
    const again = await deploy(production)
    expect(again.code, again.output).toBe(0)
    expect(at('POST /accounts/acct/d1/database/')).toBeLessThan(
      at('POST /accounts/acct/workers/scripts/ladon'),
    )
    expect(tables('ladon')).toContainEqual({ name: 'clients' })
    expect([...account.databases.keys(), ...account.namespaces.keys()]).toEqual(['ladon', 'ladon-copies'])
    const deployed = account.workers.get('ladon')
    expect(deployed).toMatchObject({
      migrationTag: 'v1',
      domains: ['login.example.com'],
      crons: ['*/15 * * * *'],
    })
    expect(bindings('ladon')).toMatchObject({ DB: { id: idOf('ladon') }, LEDGER: { class_name: 'Ledger' } })
    expect(again.output).not.toContain('secret put URLS_SELF_ISSUER')

    const second = await deploy(`${production}\n${staging}`, '--env', 'staging')
    expect(second.code, second.output).toBe(0)
    expect(account.workers.get('ladon')).toEqual(deployed)
    expect(account.workers.get('ladon-staging')).toMatchObject({
      migrationTag: 'v1',
      domains: [],
      crons: ['*/15 * * * *'],
    })
    expect(bindings('ladon-staging')).toMatchObject({
      DB: { id: idOf('ladon-staging') },
      COPIES: { namespace_id: account.namespaces.get('ladon-staging-copies') },
      LEDGER: { class_name: 'Ledger' },
      URLS_SELF_ISSUER: { text: 'https://ladon-staging.ACCOUNT.workers.dev' },
    })
    expect(tables('ladon-staging')).toEqual(tables('ladon'))
    expect(at('GET /accounts/acct/workers/scripts/ladon-staging/secrets')).toBeGreaterThan(0)
    expect(second.output).toContain('secret put SECRETS_SYSTEM --config')
  }, 300_000)

  it('deploys another name with bindings of its own, and asks for the secrets of that Worker', async () => {
    const { code, output } = await deploy(own, '--name', 'own')
    expect(code, output).toBe(0)
    expect([...account.workers.keys(), ...account.databases.keys()]).toEqual(['own', 'own'])
    expect(account.calls.at(-1)).toBe('GET /accounts/acct/workers/scripts/own/secrets')
    expect(output).toMatch(/secret put SECRETS_SYSTEM --config .* --name own\n/)
    expect(tables('own')).toContainEqual({ name: 'clients' })
  }, 300_000)

  it.each([
    ['an environment that has only variables', ['--env', 'staging'], 'env.staging'],
    ['another name', ['--name', 'x'], '--name x would use what belongs to another Worker'],
  ])('refuses %s before the first call', async (_what, args, message) => {
    const { code, output } = await deploy(`${production}\n[env.staging.vars]\nLOG_LEVEL = "x"\n`, ...args)
    expect(output).toContain(message)
    expect(code).toBe(2)
    expect(account.calls).toEqual([])
    expect(account.workers.size).toBe(0)
  })
})

/** Why this configuration must not be deployed with these options. */
async function reason(toml: string, ...args: readonly string[]): Promise<string | undefined> {
  const target = readTarget(new Options(await configured(toml, ...args)))
  return refusal(target, readOthers(target))
}

describe('what is refused', () => {
  /** Production, and README's staging with a change. */
  const second = (find: string | RegExp, put: string) => `${production}\n${staging.replace(find, put)}`
  const whole = `${production}\n${staging}`
  const withIds = production
    .replace('binding = "DB"', 'binding = "DB"\ndatabase_id = "id-1"')
    .replace('binding = "COPIES"', 'binding = "COPIES"\nid = "id-2"')

  it.each<[what: string, toml: string, args: readonly string[]]>([
    ['production', production, []],
    ['production with ids', withIds, []],
    ['production beside an unfinished environment', `${production}\n[env.staging.vars]\nA = "b"`, []],
    ["README's staging", whole, ['--env', 'staging']],
    ['staging with a domain of its own', second('[]', '["staging.example.com/*"]'), ['--env=staging']],
    ['production by its own name', production, ['--name', 'ladon']],
    ['a file of its own', own, ['--name', 'own']],
    [
      'a limit that is off',
      second(/ *\{ name = "LIMIT_DEVICE".*\n([^[]*\[env.staging.vars\])/, '$1\nLIMITS_OFF = "device"'),
      ['--env', 'staging'],
    ],
  ])('not %s', async (_what, toml, args) => {
    expect(await reason(toml, ...args)).toBeUndefined()
  })

  it.each<[what: string, toml: string, args: readonly string[], message: RegExp]>([
    ['no D1', second(/\[\[env.staging.d1[^[]*/, ''), ['--env', 'staging'], /no D1 database DB of its own/],
    ['D1 unnamed', second('database_name = "ladon-staging"', ''), ['--env', 'staging'], /no D1 database DB/],
    ['no KV', second(/\[\[env.staging.kv[^[]*/, ''), ['--env', 'staging'], /no KV namespace COPIES/],
    ['no ledger', second('"LEDGER"', '"OTHER"'), ['--env', 'staging'], /no Durable Objects LEDGER/],
    [
      'ledgers of production',
      second('"Ledger" }', '"Ledger", script_name = "ladon" }'),
      ['--env', 'staging'],
      /LEDGER is bound to the ledgers of ladon\./,
    ],
    [
      'no rate limits',
      second(/ratelimits = \[[^\]]*\]/, ''),
      ['--env', 'staging'],
      /not limit floods by LIMIT_BROWSER, LIMIT_CLIENT, .* of its own/,
    ],
    [
      'one of them',
      second(/ *\{ name = "LIMIT_DEVICE".*\n/, ''),
      ['--env', 'staging'],
      /not limit floods by LIMIT_DEVICE of its own/,
    ],
    ['no migration', second('routes', 'migrations = []\nroutes'), ['--env', 'staging'], /no migration/],
    [
      'no cron',
      second('routes', 'triggers = { crons = [] }\nroutes'),
      ['--env', 'staging'],
      /no cron trigger/,
    ],
    ['an inherited domain', second('routes = []', ''), ['--env', 'staging'], /domain login.example.com is/],
    [
      'a route on it',
      second('[]', '["*.example.com/*"]'),
      ['--env', 'staging'],
      /\*.example.com\/\* is that of/,
    ],
    [
      "production's D1",
      second('"ladon-staging"', '"ladon"'),
      ['--env', 'staging'],
      /database ladon is that of/,
    ],
    [
      'its KV',
      `${withIds}\n${staging.replace('"COPIES"', '"COPIES"\nid = "id-2"')}`,
      ['--env', 'staging'],
      /namespace id-2 is that of the top level/,
    ],
    [
      'its Worker',
      second('routes', 'name = "ladon"\nroutes'),
      ['--env', 'staging'],
      /Worker ladon is that of/,
    ],
    ['its Worker by option', whole, ['--env', 'staging', '--name', 'ladon'], /Worker ladon is that of/],
    ['staging under a third name', whole, ['--env', 'staging', '--name', 'x'], /--name x would use/],
    [
      'its domain by option',
      whole,
      ['--env', 'staging', '--domain', 'login.example.com'],
      /domain login.example.com is that of/,
    ],
    ['an environment beside those there are', whole, ['--env', 'none'], /No environment found/],
    [
      'the short option',
      `${production}\n[env.staging.vars]\nA = "b"`,
      ['-e', 'staging'],
      /no D1 database DB/,
    ],
    ['an undefined environment', production, ['--env', 'staging'], /There is no env.staging. Write:/],
    [
      "the repository's database from another file",
      own.replaceAll('database_name = "own"', 'database_name = "ladon"'),
      [],
      /database ladon is that of/,
    ],
  ])('%s', async (_what, toml, args, message) => {
    const text = await reason(toml, ...args).catch((thrown: unknown) => String(thrown))
    expect(text).toMatch(message)
  })

  it('takes the environment from CLOUDFLARE_ENV, in a file of variables too', async () => {
    const file = join(directory, 'variables')
    await writeFile(file, 'CLOUDFLARE_ENV=staging\n')
    const text = await reason(`${production}\n[env.staging.vars]\nA = "b"`, '--env-file', file)
    expect(text).toMatch(/env\.staging of .*wrangler\.toml is not/)
  })

  it.each([
    ['an environment that has only variables', `${production}\n[env.staging.vars]\nA = "b"`, '--env'],
    ['an environment that is not there', production, '--env'],
    ['another name', production, '--name'],
  ])('and the lines it prints are all that %s lacks', async (_what, toml, option) => {
    const text = (await reason(toml, option, 'staging')) ?? ''
    const lines = [...text.matchAll(/^ {6}(.*)$/gm)].map(([, line]) => line).join('\n')
    expect(lines).not.toBe('')
    expect(await reason(`${toml}\n${lines}`, '--env', 'staging')).toBeUndefined()
  })
})
