import { execFile } from 'node:child_process'
import { cp, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseEnv, promisify } from 'node:util'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { refusal } from '../../src/dev/deploy-check.ts'
import { readOthers, readTarget } from '../../src/dev/deploy-target.ts'
import { Options } from '../../src/dev/options.ts'
import { TOOLS } from '../../src/dev/paths.ts'
import { withVariable } from '../../src/dev/toml.ts'
import { CloudflareAccount } from '../support/cloudflare/account.ts'
import { block, guide, plain, root, withRoutes, withVariablesOf } from '../support/cloudflare/guide.ts'
import { type Answer, type Site, startSite } from '../support/site.ts'
import { ladon } from './ladon.ts'

/** `wrangler.toml` as the guide's step 2 leaves it. */
const production = withRoutes(withVariablesOf(plain, block('URLS_SELF_ISSUER = "')))

const staging = block('[env.staging]\n').replace('migrations_dir = "', `migrations_dir = "${root}`)

/** Runs wrangler as the deployments do. */
const runWrangler = (
  args: readonly string[],
  env: NodeJS.ProcessEnv,
): Promise<{ code: number; output: string }> =>
  new Promise((resolve) => {
    const options = { cwd: root, env: { ...process.env, ...env, WRANGLER_SEND_METRICS: 'false' } }
    const child = execFile(process.execPath, [TOOLS.wrangler, ...args], options, (_error, stdout, stderr) => {
      resolve({ code: child.exitCode ?? -1, output: stdout + stderr })
    })
  })

function never(): never {
  throw new Error('there is nothing left')
}

/** A configuration of a name and a database of its own. */
const own = production.replaceAll('"ladon"', '"own"').replace('login.example.com', 'own.example.com')

/** How long a deployment may take on a machine that does other things besides, ms; on a quiet one it takes some 8 s. */
const LONG = 900_000

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

  it(
    'recovers from half-way, migrates first from then on, and staging leaves production alone',
    async () => {
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
        isCached: true,
        domains: ['login.example.com'],
        crons: ['*/15 * * * *'],
      })
      expect(bindings('ladon')).toMatchObject({ DB: { id: idOf('ladon') }, LEDGER: { class_name: 'Ledger' } })
      expect(again.output).not.toContain('secret put URLS_SELF_ISSUER')
      expect(account.assets.get('ladon')).toEqual(
        expect.arrayContaining([
          '/docs.html',
          '/docs/start.html',
          '/docs/start.md',
          '/llms.txt',
          '/openapi.json',
        ]),
      )
      expect(deployed?.subdomain).toEqual({ enabled: false, previews_enabled: false })
      expect(JSON.parse(await readFile(join(directory, '.ladon/deployed.json'), 'utf8'))).toEqual({
        'wrangler.toml#': {
          worker: 'ladon',
          at: expect.any(String),
          issuer: 'https://login.example.com',
          workers_dev: 'https://ladon.account.workers.dev',
        },
      })

      const second = await deploy(`${production}\n${staging}`, '--env', 'staging')
      expect(second.code, second.output).toBe(0)
      expect(account.workers.get('ladon')).toEqual(deployed)
      expect(account.workers.get('ladon-staging')).toMatchObject({
        migrationTag: 'v1',
        isCached: true,
        domains: [],
        crons: ['*/15 * * * *'],
      })
      expect(bindings('ladon-staging')).toMatchObject({
        DB: { id: idOf('ladon-staging') },
        COPIES: { namespace_id: account.namespaces.get('ladon-staging-copies') },
        LEDGER: { class_name: 'Ledger' },
        URLS_LOGIN: { text: 'https://staging.example.com/login' },
      })
      expect(tables('ladon-staging')).toEqual(tables('ladon'))
      expect(at('GET /accounts/acct/workers/scripts/ladon-staging/secrets')).toBeGreaterThan(0)
      expect(second.output).toContain('secret put SECRETS_SYSTEM --config')
    },
    LONG,
  )

  it(
    'is rehearsed as wrangler.toml has it, twice, and leaves nothing',
    async () => {
      const script = join(root, 'test/support/cloudflare/rehearse.ts')
      const options = { cwd: root, env: { ...process.env, TMPDIR: directory, NODE_COMPILE_CACHE: compiled } }
      const output = await new Promise<string>((resolve, reject) => {
        execFile(process.execPath, [script], options, (error, stdout) =>
          error ? reject(error) : resolve(stdout),
        )
      })
      expect(output.match(/^==> npm run deploy.*$/gm)).toEqual([
        '==> npm run deploy -- --setup',
        '==> npm run deploy ',
      ])
      expect(output).toMatch(/Workers +ladon\n +D1 databases +ladon\n/)
      expect((await readdir(directory)).filter((name) => name.startsWith('ladon-rehearse'))).toEqual([])
      expect(await readFile(join(root, 'wrangler.toml'), 'utf8')).toContain('URLS_SELF_ISSUER = ""')
    },
    LONG,
  )

  it('is told what an environment lacks in lines that are right for wrangler.toml itself', async () => {
    const script = join(root, 'test/support/cloudflare/rehearse.ts')
    const ran = promisify(execFile)(process.execPath, [script, '--env', 'staging'])
    await expect(ran).rejects.toMatchObject({
      code: 2,
      stderr: expect.stringContaining('migrations_dir = "migrations"'),
    })
  })

  it('is rehearsed with no other configuration', async () => {
    const script = join(root, 'test/support/cloudflare/rehearse.ts')
    const ran = promisify(execFile)(process.execPath, [script, '--config', 'other.toml'])
    await expect(ran).rejects.toMatchObject({ code: 2, stderr: expect.stringContaining('--config') })
  })

  it(
    'refuses an issuer below workers.dev that is not of this account, before anything is made',
    async () => {
      const toml = withVariable(plain, undefined, 'URLS_SELF_ISSUER', 'https://ladon.elsewhere.workers.dev')
      for (const args of [[], ['--setup']])
        expect(await deploy(toml, ...args)).toMatchObject({
          code: 2,
          output: expect.stringContaining('the Worker is at https://ladon.account.workers.dev.'),
        })
      expect(account.databases.size).toBe(0)
      expect(account.workers.size).toBe(0)
    },
    LONG,
  )

  it(
    'deploys another name with bindings of its own, and asks for the secrets of that Worker',
    async () => {
      const { code, output } = await deploy(own, '--name', 'own')
      expect(code, output).toBe(0)
      expect([...account.workers.keys(), ...account.databases.keys()]).toEqual(['own', 'own'])
      expect(at('GET /accounts/acct/workers/scripts/own/secrets')).toBeGreaterThan(0)
      expect(output).toMatch(/secret put SECRETS_SYSTEM --config .* --name own\n/)
      expect(tables('own')).toContainEqual({ name: 'clients' })
    },
    LONG,
  )

  it(
    'uses a database that was made before it, where the guide says how',
    async () => {
      const [line = ''] = /npx wrangler d1 create .*/.exec(guide) ?? []
      const args = line.replace('npx wrangler', '').replace('ladon', 'own').trim().split(' ')
      const [, file = ''] = await configured(own)
      const made = await runWrangler([...args, '--config', file], env)
      expect(made.code, made.output).toBe(0)
      const before = account.databases.get('own')
      expect(before?.location).toBe('weur')
      const { code, output } = await deploy(own)
      expect(code, output).toBe(0)
      expect([...account.databases.values()]).toEqual([before])
      expect(bindings('own')).toMatchObject({ DB: { id: before?.id } })
      expect(tables('own')).toContainEqual({ name: 'clients' })
    },
    LONG,
  )

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

describe('the life of an installation', () => {
  const account = new CloudflareAccount()
  let env: NodeJS.ProcessEnv
  let site: Site
  let home: string
  let answer: Answer

  beforeAll(async () => {
    home = await mkdtemp(join(tmpdir(), 'ladon-life-'))
    await cp(join(root, 'migrations'), join(home, 'migrations'), { recursive: true })
    await write(plain.replaceAll('"ladon"', '"own"').replace(`"${root}migrations`, '"migrations'))
    env = { ...(await account.listen()), NODE_COMPILE_CACHE: compiled, SECRETS_SYSTEM: 'not this one' }
    site = await startSite('localhost', () => answer)
  })

  afterAll(async () => {
    account.close()
    await site?.stop()
    await rm(home, { recursive: true, force: true })
  })

  const file = () => join(home, 'wrangler.toml')
  const write = (toml: string): Promise<void> => writeFile(file(), toml)
  const kept = () => readFile(join(home, '.ladon/own.env'), 'utf8')
  const deploy = (...args: readonly string[]) => {
    account.calls.length = 0
    return ladon(['deploy', '--', '--config', file(), ...args], env)
  }
  const at = (call: string) => account.calls.findIndex((one) => one.startsWith(call))
  const UPLOAD = 'POST /accounts/acct/workers/scripts/own/versions'
  const QUERY = 'POST /accounts/acct/d1/database/'
  const sqlite = () => account.databases.get('own')?.sqlite
  const texts = (name = 'own') =>
    Object.fromEntries((account.workers.get(name)?.bindings ?? []).map((one) => [one.name, one['text']]))

  it(
    'keeps its secrets before they are uploaded, and is completed with the same ones',
    async () => {
      account.failing = /PUT .*scripts\/own$/
      const first = await deploy('--setup', '--jurisdiction', 'eu')
      expect(first.code, first.output).toBe(1)
      expect(first.output).toContain('nothing was done after it')
      expect((await stat(join(home, '.ladon/own.env'))).mode & 0o777).toBe(0o600)
      const before = await kept()
      const { SECRETS_SYSTEM: secret, ADMIN_API_KEYS: keys } = parseEnv(before)
      expect(secret).toHaveLength(43)
      expect(keys).toMatch(/^ops@all:[0-9a-f]{64}$/)
      expect(first.output).not.toContain(secret)
      expect(account.databases.get('own')?.jurisdiction).toBe('eu')
      expect(account.workers.size).toBe(0)

      account.failing = undefined
      const second = await deploy('--setup', '--jurisdiction', 'eu')
      expect(second.code, second.output).toBe(0)
      expect(await kept()).toBe(before)
      expect(account.databases.size).toBe(1)
      const issuer = 'https://own.account.workers.dev'
      expect(texts()).toMatchObject({
        SECRETS_SYSTEM: secret,
        ADMIN_API_KEYS: keys,
        URLS_SELF_ISSUER: issuer,
        LEDGER_JURISDICTION: 'eu',
      })
      expect(account.workers.get('own')?.subdomain).toEqual({ enabled: true, previews_enabled: false })
      expect(await readFile(file(), 'utf8')).toContain(`URLS_SELF_ISSUER = "${issuer}"`)
      expect(second.output).toContain('KV knows no jurisdiction')
      expect(second.output).toContain(`${issuer}/health/ready does not answer`)
      expect(second.output).not.toContain('Still to be set')
    },
    LONG,
  )

  it(
    'gets no new secrets, no other name and no other jurisdiction once it holds keys',
    async () => {
      sqlite()?.exec("INSERT INTO root_keys VALUES ('k', 'sealed', 1)")
      const again = await deploy('--setup')
      expect(again).toMatchObject({ code: 2, output: expect.stringContaining('database own holds keys') })
      const moved = await deploy('--jurisdiction', 'us')
      expect(moved).toMatchObject({ code: 2, output: expect.stringContaining('in eu, and cannot be moved') })

      const toml = await readFile(file(), 'utf8')
      await write(toml.replace('name = "own"', 'name = "other"'))
      const noted = await deploy()
      expect(noted).toMatchObject({ code: 2, output: expect.stringContaining('as the Worker own before') })
      await rm(join(home, '.ladon/deployed.json'))
      const asked = await deploy()
      expect(asked).toMatchObject({ code: 2, output: expect.stringContaining('say --renamed') })
      expect(account.calls.filter((call) => !call.startsWith('GET ') && !call.endsWith('/query'))).toEqual([])
      account.failing = /\/query$/
      expect((await deploy('--renamed')).code).toBe(1)
      account.failing = undefined
      await write(toml)
    },
    LONG,
  )

  it(
    'takes a new migration before new code, whatever stops it, and keeps variables of the dashboard',
    async () => {
      const headers = { 'x-request-id': 'r-1' }
      answer = { type: 'application/json', body: '{"status":"ok"}', headers }
      const ran = account.workers.get('own')?.version
      await writeFile(join(home, 'migrations/9999_new.sql'), 'CREATE TABLE newer (id TEXT);')
      account.workers.set('own', {
        ...(account.workers.get('own') ?? never()),
        bindings: [
          ...(account.workers.get('own')?.bindings ?? []),
          { name: 'TTL_ID_TOKEN', type: 'plain_text', text: '2h' },
        ],
      })
      const issuer = ['--var', `URLS_SELF_ISSUER:${site.origin}`]
      for (const [status, code, call] of [
        [429, 10_429, /database$/],
        [403, 10_000, /\/query$/],
      ] as const) {
        account.failure = { status, code }
        account.failing = call
        const stopped = await deploy(...issuer)
        expect(stopped.code, stopped.output).toBe(1)
        expect(stopped.output).toContain('made to fail')
        expect(at(UPLOAD)).toBe(-1)
      }
      account.failing = undefined
      expect(account.workers.get('own')?.version).toBe(ran)
      expect(site.visits).toEqual([])

      const { code, output } = await deploy(...issuer)
      expect(code, output).toBe(0)
      expect(at(QUERY)).toBeGreaterThan(0)
      expect(at(UPLOAD)).toBeGreaterThan(account.calls.findLastIndex((call) => call.endsWith('/query')))
      expect(sqlite()?.prepare('SELECT * FROM newer').all()).toEqual([])
      expect(account.workers.get('own')?.version).not.toBe(ran)
      expect(texts()).toMatchObject({ TTL_ID_TOKEN: '2h', SECRETS_SYSTEM: expect.any(String) })
      expect(site.visits.map(({ url }) => url.pathname)).toEqual(['/health/ready'])
      expect(output).toContain('says that the server is ready')
      await rollBack(ran)
    },
    LONG,
  )

  it(
    'takes no variable of the dashboard away that is empty in the file',
    async () => {
      const worker = account.workers.get('own') ?? never()
      const url = 'https://app.example.com/login'
      const bound = worker.bindings.map((one) => (one.name === 'URLS_LOGIN' ? { ...one, text: url } : one))
      account.workers.set('own', { ...worker, bindings: bound })
      const { code, output } = await deploy()
      expect([code, output]).toEqual([2, expect.stringContaining(`URLS_LOGIN = "${url}"`)])
      expect(account.calls.filter((call) => !call.startsWith('GET '))).toEqual([])
      expect(texts()).toMatchObject({ URLS_LOGIN: url })
      account.workers.set('own', worker)
    },
    LONG,
  )

  it(
    'is upgraded gradually as the guide prints it: tables first, and a version that gets no request until it is told',
    async () => {
      const [lines = ''] =
        /npx wrangler d1 migrations apply DB.*\n.*versions upload.*\n.*versions deploy/.exec(guide) ?? []
      const [migrate = '', upload = '', roll = ''] = lines.split('\n')
      const ran = account.workers.get('own')?.version
      await writeFile(join(home, 'migrations/9999_newest.sql'), 'CREATE TABLE newest (id TEXT);')
      await wrangler(migrate)
      expect(sqlite()?.prepare('SELECT * FROM newest').all()).toEqual([])
      const [, next = ''] = /Worker Version ID: (\S+)/.exec(await wrangler(upload)) ?? []
      expect([next === '', account.workers.get('own')?.version]).toEqual([false, ran])
      await wrangler(`${roll} ${next} --yes`)
      expect(account.workers.get('own')).toMatchObject({ version: next, isCached: true })
      expect(texts()).toMatchObject({ SECRETS_SYSTEM: expect.any(String) })
    },
    LONG,
  )

  /** Runs a command of the guide. Returns what it prints. */
  async function wrangler(line: string): Promise<string> {
    const args = line.replace('npx wrangler', '').trim().split(' ')
    const { code, output } = await runWrangler([...args, '--config', file()], env)
    expect(code, output).toBe(0)
    return output
  }

  /** Rolls the code back by wrangler as the guide says: the tables stay as they are. */
  async function rollBack(version = ''): Promise<void> {
    const [line = ''] = guide.match(/^npx wrangler rollback .*$/m) ?? []
    await wrangler(line.replace('VERSION', version))
    expect(account.workers.get('own')?.version).toBe(version)
    expect(sqlite()?.prepare('SELECT * FROM newer').all()).toEqual([])
  }
})

/** Why this configuration must not be deployed with these options. */
async function reason(toml: string, ...args: readonly string[]): Promise<string | undefined> {
  const target = readTarget(new Options(await configured(toml, ...args)))
  return refusal(target, readOthers(target))
}

describe('what is refused', () => {
  /** Production, and the guide's staging with a change. */
  const second = (find: string | RegExp, put: string) => `${production}\n${staging.replace(find, put)}`
  const whole = `${production}\n${staging}`
  const withIds = production
    .replace('binding = "DB"', 'binding = "DB"\ndatabase_id = "id-1"')
    .replace('binding = "COPIES"', 'binding = "COPIES"\nid = "id-2"')

  it.each<[what: string, toml: string, args: readonly string[]]>([
    ['production', production, []],
    ['production with ids', withIds, []],
    ['production beside an unfinished environment', `${production}\n[env.staging.vars]\nA = "b"`, []],
    ["the guide's staging", whole, ['--env', 'staging']],
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
