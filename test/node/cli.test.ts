import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseEnv } from 'node:util'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import manifest from '../../package.json'
import { browserRequired, findChromium } from '../../src/dev/chromium.ts'
import { planResidency } from '../../src/dev/deploy-jurisdiction.ts'
import { ownOptions } from '../../src/dev/deploy-options.ts'
import { deploySteps, missingSettings, misspeltSettings, workerOf } from '../../src/dev/deploy-plan.ts'
import { readTarget } from '../../src/dev/deploy-target.ts'
import { planDev } from '../../src/dev/dev-plan.ts'
import { addSystemSecret, readDevVars } from '../../src/dev/dev-secrets.ts'
import { Options } from '../../src/dev/options.ts'
import { checkLayer, layersOf, renderReport, unraised } from '../../src/dev/test-report.ts'
import { withNamespaceId, withVariable } from '../../src/dev/toml.ts'
import { ladon } from './ladon.ts'

let directory: string

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'ladon-cli-'))
})

afterEach(() => rm(directory, { recursive: true, force: true }))

const plan = (args: readonly string[], devVars = '', databases: readonly string[] = ['DB']) =>
  planDev(new Options(args), devVars, databases)

describe('options', () => {
  it.each([
    [['--', '--port', '5555'], '5555'],
    [['--port=5555'], '5555'],
    [['--port', '1', '--port', '5555'], '5555'],
    [['--ip', '::1'], undefined],
    [['--port'], undefined],
    [['--port', '5555', 'src/index.ts'], '5555'],
  ])('%j has port %s', (args, port) => {
    expect(new Options(args).value('port')).toBe(port)
  })

  it.each([
    [['-e', 'staging'], 'env', 'staging'],
    [['-e=staging'], 'env', 'staging'],
    [['--env='], 'env', ''],
    [['--envFile', 'FILE'], 'env-file', 'FILE'],
    [['--environment', 'staging'], 'env', undefined],
  ])('%j gives %s as %j', (args, name, value) => {
    expect(new Options(args).value(name)).toBe(value)
    expect(new Options(args).has(name)).toBe(value !== undefined)
  })

  it('reads variables in every spelling, and colons inside their values', () => {
    const options = new Options(['--var', 'A:1', 'B:http://h:1/', '--var=C:', '--minify', '--var', 'D:x'])
    expect([...options.vars()]).toEqual([
      ['A', '1'],
      ['B', 'http://h:1/'],
      ['C', ''],
      ['D', 'x'],
    ])
  })
})

describe('dev', () => {
  it('serves on port 4444 with the development key, as its own issuer', () => {
    const { base, adminKey, needsSecret, demoPages, serveArgs, migrateSteps } = plan([])
    expect({ base, adminKey, needsSecret, demoPages }).toEqual({
      base: 'http://localhost:4444',
      adminKey: 'ladon-dev-admin-key',
      needsSecret: true,
      demoPages: true,
    })
    expect(serveArgs.slice(0, 3)).toEqual(['dev', '--port', '4444'])
    expect(serveArgs).toContain('ADMIN_API_KEYS:ladon-dev-admin-key')
    expect(serveArgs).toContain('URLS_SELF_ISSUER:http://localhost:4444')
    expect(serveArgs).toContain('OUTBOUND_ALLOW_PRIVATE:true')
    expect(serveArgs).toContain('LOG_REQUESTS:all')
    expect(migrateSteps).toEqual([['d1', 'migrations', 'apply', 'DB', '--local']])
  })

  it('migrates the database of the grants book too, where it has one of its own', () => {
    const { migrateSteps } = plan(['--persist-to', 'DIR'], '', ['DB', 'BOOK'])
    const apply = (binding: string) => [
      'd1',
      'migrations',
      'apply',
      binding,
      '--local',
      '--persist-to',
      'DIR',
    ]
    expect(migrateSteps).toEqual([apply('DB'), apply('BOOK')])
  })

  it('hands arguments to the server whole, and to the migrations as far as they concern them', () => {
    const args = ['--port', '5555', '--persist-to', 'DIR', '--var', 'TTL_ACCESS_TOKEN:5m']
    const { serveArgs, migrateSteps, listen } = plan(args)
    expect(serveArgs.join(' ')).toContain(args.join(' '))
    expect(migrateSteps.flat().join(' ')).toContain('--persist-to DIR')
    expect(migrateSteps.flat().join(' ')).not.toContain('5555')
    expect(listen).toEqual({ protocol: 'http', host: '127.0.0.1', port: 5555 })
  })

  it('lets the user name the issuer, and turns the demo pages off with it', () => {
    const { base, demoPages, serveArgs } = plan(['--var', 'URLS_SELF_ISSUER:https://op.example/'])
    expect({ base, demoPages }).toEqual({ base: 'https://op.example', demoPages: false })
    expect(plan([]).loginPage).toBeUndefined()
    expect(plan(['--var', 'URLS_LOGIN:http://localhost:3000/login']).loginPage).toMatch(/3000\/login$/)
    expect(serveArgs.filter((arg) => arg.startsWith('URLS_SELF_ISSUER:'))).toHaveLength(1)
    expect(serveArgs).not.toContain('OUTBOUND_ALLOW_PRIVATE:true')
  })

  it.each([
    [['--var', 'URLS_SELF_ISSUER:https://op.example'], true],
    [['--var', 'URLS_SELF_ISSUER:https://op.example', 'SERVE_TLS_TERMINATION:platform'], false],
    [['--local-protocol', 'https'], false],
    [[], false],
  ])('takes it that a proxy ends TLS where only the issuer is https: %j', (args, expected) => {
    expect(plan(args).serveArgs.includes('SERVE_TLS_TERMINATION:proxy')).toBe(expected)
  })

  it.each([
    [['--var', 'DEMO_PAGES:off'], '', false],
    [['--var', 'URLS_SELF_ISSUER:https://op.example', 'DEMO_PAGES:on'], '', true],
    [[], 'DEMO_PAGES=false', false],
  ])('shows demo pages as the server will: %j, %j', (args, file, expected) => {
    expect(plan(args, file).demoPages).toBe(expected)
  })

  it('registers the demo client with a key of the user that may', () => {
    const keys = 'introspect:key-number-one-of-two,clients:key-number-two-of-two'
    expect(plan(['--var', `ADMIN_API_KEYS:${keys}`]).adminKey).toBe('key-number-two-of-two')
  })

  it('keeps to what .dev.vars says, but for the admin key', () => {
    const file = 'SECRETS_SYSTEM=kept\nURLS_SELF_ISSUER="http://127.0.0.1:9"\nADMIN_API_KEYS=other\n'
    const { base, needsSecret, adminKey, serveArgs } = plan([], file)
    expect({ base, needsSecret, adminKey }).toEqual({
      base: 'http://127.0.0.1:9',
      needsSecret: false,
      adminKey: 'ladon-dev-admin-key',
    })
    expect(serveArgs.join(' ')).not.toContain('URLS_SELF_ISSUER')
  })

  it.each([
    ['--ip', '0.0.0.0'],
    ['--ip', '::'],
    ['--ip', '*'],
    ['--ip=192.168.1.5'],
    ['--var', 'URLS_SELF_ISSUER:https://op.example'],
    ['--var', 'URLS_SELF_PUBLIC:https://op.example'],
  ])('gives the key that everybody knows to no server that others reach: %j %j', (...args) => {
    const { adminKey, serveArgs } = plan(args)
    expect(adminKey).toMatch(/^[0-9a-f]{48}$/)
    expect(serveArgs.join(' ')).not.toContain('ladon-dev-admin-key')
    expect(serveArgs).toContain(`ADMIN_API_KEYS:${adminKey}`)
    expect(plan(args).adminKey).not.toBe(adminKey)
    const own = plan(args, 'ADMIN_API_KEYS=ops@all:a-key-of-whoever-develops')
    expect([own.adminKey, own.serveArgs.join(' ')]).toEqual([
      'a-key-of-whoever-develops',
      expect.not.stringContaining('ADMIN_API_KEYS'),
    ])
  })

  it.each(['127.0.0.1', 'localhost', '::1'])('gives it to one that listens at %s', (ip) => {
    expect(plan(['--ip', ip]).adminKey).toBe('ladon-dev-admin-key')
  })

  it.each(['--ip=0.0.0.0', '--ip=192.168.1.5'])('opens no admin API to a network: %s', (ip) => {
    expect(() => plan([ip, '--var', 'ADMIN_AUTH:open'])).toThrow(/ADMIN_AUTH=open/)
    expect(() => plan([ip], 'ADMIN_AUTH=Open')).toThrow(/ADMIN_AUTH=open/)
    expect(plan([ip, '--var', 'ADMIN_AUTH:keys']).adminKey).toMatch(/^[0-9a-f]{48}$/)
    expect(plan(['--ip=127.0.0.1', '--var', 'ADMIN_AUTH:open']).listen.host).toBe('127.0.0.1')
  })

  it.each([
    [['--port', 'x'], /--port/],
    [['--port', '70000'], /--port/],
    [['--var', 'URLS_SELF_ISSUER:op.example'], /URLS_SELF_ISSUER/],
  ])('refuses %j', (args, message) => {
    expect(() => plan(args)).toThrow(message)
  })

  it('adds a secret to .dev.vars once, for its owner only, and keeps what is there', async () => {
    const file = join(directory, '.dev.vars')
    await addSystemSecret(file, await readDevVars(file))
    expect((await stat(file)).mode & 0o077).toBe(0)
    expect(plan([], await readDevVars(file)).needsSecret).toBe(false)

    await writeFile(file, 'OTHER=1')
    await addSystemSecret(file, await readDevVars(file))
    expect(await readFile(file, 'utf8')).toMatch(/^OTHER=1\nSECRETS_SYSTEM="[\w-]{43}"\n$/)
  })

  it('says so when the port is taken, and touches nothing', async () => {
    const other = createServer()
    const port = await new Promise<number>((resolve) => {
      other.listen(0, '127.0.0.1', () => {
        const address = other.address()
        resolve(typeof address === 'object' && address !== null ? address.port : 0)
      })
    })
    const state = join(directory, 'state')
    const { code, output } = await ladon(['dev', '--', '--port', String(port), '--persist-to', state])
    other.close()
    expect(output).toContain(`Port ${port} is already in use.`)
    expect(code).toBe(1)
    await expect(stat(state)).rejects.toThrow('ENOENT')
  })
})

describe('reset', () => {
  it('clears what the server wrote, and nothing beside it', async () => {
    await mkdir(join(directory, 'v3', 'd1'), { recursive: true })
    await writeFile(join(directory, 'mine'), '')
    // Notes of a server that was killed, of one whose process id is another's by now, and of none.
    const killed = { base: 'http://localhost:1', host: '127.0.0.1', port: 1, group: 2 ** 30 }
    await writeFile(join(directory, 'ladon-dev-1.json'), JSON.stringify(killed))
    await writeFile(join(directory, 'ladon-dev-2.json'), JSON.stringify({ ...killed, group: process.pid }))
    await writeFile(join(directory, 'ladon-dev-3.json'), '{')
    expect((await ladon(['reset', '--', '--persist-to', directory])).code).toBe(0)
    await expect(stat(join(directory, 'v3'))).rejects.toThrow('ENOENT')
    expect((await stat(join(directory, 'mine'))).isFile()).toBe(true)
  })
})

describe('deploy', () => {
  const options = new Options(['--', '--env', 'staging', '--tag', 't1'])
  const migrate = ['d1', 'migrations', 'apply', 'DB', '--remote', '--env', 'staging']
  const upload = ['deploy', '--minify', '--env', 'staging', '--tag', 't1']

  it('makes the database by deploying first, and later migrates first', () => {
    const databases = (exists: boolean) => [{ binding: 'DB', exists }]
    expect(deploySteps(options, databases(false))).toEqual([upload, migrate])
    expect(deploySteps(options, databases(true))).toEqual([migrate, upload])
    const both = [...databases(true), { binding: 'BOOK', exists: false }]
    const migrateBook = migrate.with(3, 'BOOK')
    expect(deploySteps(options, both)).toEqual([migrate, upload, migrateBook])
  })

  it.each([
    [
      ['--env', 'staging'],
      ['--env', 'staging'],
    ],
    [
      ['--env', 'staging', '--name', 'x', '--config', 'C'],
      ['--config', 'C', '--name', 'x'],
    ],
    [
      ['--env-file', 'A', 'B', '--profile', 'p'],
      ['--profile', 'p', '--env-file', 'A', '--env-file', 'B'],
    ],
  ])('asks for the secrets of the Worker it deploys: %j', (args, expected) => {
    expect(workerOf(new Options(args))).toEqual(expected)
  })

  it('names what is still to be set, and nothing else', () => {
    expect(missingSettings(new Set(['SECRETS_SYSTEM', 'ADMIN_API_KEYS', 'URLS_SELF_ISSUER']), [])).toBe('')
    const text = missingSettings(new Set(['URLS_SELF_ISSUER']), ['--env', 'staging'])
    expect(text).toContain('npx wrangler secret put SECRETS_SYSTEM --env staging')
    expect(text).toContain('ADMIN_API_KEYS')
    expect(text).not.toContain('URLS_SELF_ISSUER')
  })

  it.each<[args: readonly string[], left: readonly string[]]>([
    [
      ['--setup', '--env', 'staging'],
      ['--env', 'staging'],
    ],
    [['--renamed', 'src/index.ts'], ['src/index.ts']],
    [
      ['--setup', '--issuer', 'https://a.example', '--tag', 't'],
      ['--tag', 't'],
    ],
    [['--issuer=https://a.example', '--setup=true'], []],
    [
      ['--jurisdiction', 'eu', '-e', 'x'],
      ['-e', 'x'],
    ],
  ])('keeps its own options from wrangler: %j', (args, left) => {
    expect(ownOptions(new Options(args)).options.args).toEqual(left)
  })

  it.each([
    [['--jurisdiction', 'mars'], '--jurisdiction takes one of eu, us, fedramp.'],
    [['--issuer', 'https://a.example'], 'belongs to --setup'],
    [['--setup', '--issuer', 'login'], '--issuer takes a URL'],
  ])('refuses %j', (args, message) => {
    expect(() => ownOptions(new Options(args))).toThrow(message)
  })

  const residency = (vars: Readonly<Record<string, string>>, args: readonly string[] = []) => {
    const { own, options } = ownOptions(new Options(args))
    const database = { binding: 'DB', name: 'ladon', id: 'x', exists: true, jurisdiction: null }
    const config = { ...readTarget(new Options([])).config, vars }
    return planResidency(own, { config }, { databases: [database], database, secrets: [] }, options).text
  }

  it.each([
    ['nothing is set', {}, ''],
    ['ledgers are to be in none', { LEDGER_JURISDICTION: 'none', LEDGER_JURISDICTIONS_BEFORE: 'eu' }, ''],
    [
      'new ledgers move',
      { LEDGER_JURISDICTION: 'eu', LEDGER_JURISDICTIONS_BEFORE: 'none' },
      'New ledgers are restricted to eu. D1 is not',
    ],
  ])('leaves a database where it is when %s', (_what, vars, text) => {
    expect(residency(vars).trim().startsWith(text)).toBe(true)
    expect(residency(vars) === '').toBe(text === '')
  })

  it('refuses a database in another place, unless only new ledgers are meant', () => {
    expect(() => residency({ LEDGER_JURISDICTION: 'eu' })).toThrow('cannot be moved to eu')
    const before = { LEDGER_JURISDICTIONS_BEFORE: 'none' }
    expect(() => residency(before, ['--jurisdiction', 'eu'])).toThrow('cannot be moved to eu')
  })

  const TOML = 'name = "x"\n\n[vars]\nA = "1"   # one\n\n[[kv_namespaces]]\nbinding = "COPIES"\n'

  it.each([
    ['in place of its line', undefined, 'A', '[vars]\nA = "2"\n'],
    ['as a new line', undefined, 'B', '[vars]\nB = "2"\nA = "1"   # one\n'],
    ['in a new table', 'staging', 'A', 'binding = "COPIES"\n\n[env.staging.vars]\nA = "2"\n'],
  ])('writes a variable %s', (_how, environment, name, expected) => {
    expect(withVariable(TOML, environment, name, '2')).toContain(expected)
  })

  it('writes the id of a namespace below its binding, if there is one', () => {
    expect(withNamespaceId(TOML, undefined, 'COPIES', 'i')).toBe(`${TOML}id = "i"\n`)
    expect(withNamespaceId(TOML, 'staging', 'COPIES', 'i')).toBeUndefined()
    expect(withNamespaceId(TOML, undefined, 'OTHER', 'i')).toBeUndefined()
  })

  it('the button asks for secrets and variables, explains each, and fills in none', async () => {
    const example = await readFile(new URL('../../.dev.vars.example', import.meta.url), 'utf8')
    const secrets = parseEnv(example)
    const { vars, d1_databases: databases, kv_namespaces: namespaces } = readTarget(new Options([])).config
    const asked = [...Object.entries(secrets), ...Object.entries(vars)]
    expect(asked.map(([, value]) => value)).toEqual(asked.map(() => ''))
    const names = [
      ...asked.map(([name]) => name),
      ...[...databases, ...namespaces].map(({ binding }) => binding),
    ]
    expect(Object.keys(manifest.cloudflare.bindings).sort()).toEqual(names.sort())
    expect(Object.keys(secrets).sort()).toEqual(['ADMIN_API_KEYS', 'SECRETS_SYSTEM'])
  })

  it('tells names that are probably misspelt, as dev does', () => {
    const problem = 'TTL_ACCES_TOKEN is no setting; is TTL_ACCESS_TOKEN meant?'
    expect(misspeltSettings(['URLS_SELF_ISSUER', 'OTHER', 'TTL_ACCES_TOKEN'])).toBe(`\n${problem}\n`)
    expect(misspeltSettings(['URLS_SELF_ISSUER', 'OTHER'])).toBe('')
    expect(plan(['--var', 'TTL_ACCES_TOKEN:5m'], 'TTL_ID_TOKEN=5m').misspelt).toEqual([problem])
  })
})

describe('test', () => {
  const file = (path: string, status: string, ...tests: readonly string[]) => ({
    name: new URL(`../../${path}`, import.meta.url).pathname,
    status,
    startTime: 1000,
    endTime: 3500,
    assertionResults: tests.map((one) => ({ status: one })),
  })

  it('counts by layer, files that broke before their first test included', () => {
    const layers = layersOf({
      testResults: [
        file('test/flows/a.test.ts', 'passed', 'passed', 'passed'),
        file('test/flows/b.test.ts', 'failed', 'passed', 'failed'),
        file('test/cli/e.test.ts', 'passed', 'passed'),
        file('test/race/c.test.ts', 'failed'),
        file('test/util/d.test.ts', 'passed', 'passed', 'pending'),
      ],
    })
    expect(layers).toEqual([
      { name: 'cli', passed: 1, failed: 0, notRun: 0, seconds: 2.5 },
      { name: 'flows', passed: 3, failed: 1, notRun: 0, seconds: 5 },
      { name: 'race', passed: 0, failed: 1, notRun: 0, seconds: 2.5 },
      { name: 'util', passed: 1, failed: 0, notRun: 1, seconds: 2.5 },
    ])
    const report = renderReport([checkLayer('lint', true, 12), ...layers])
    expect(report).toContain('1 NOT RUN')
    expect(report).toMatch(/^ {2}flows +3 passed, 1 failed +5 s /m)
    expect(report).toMatch(/ util .* src\/util in workerd$/m)
    expect(report).not.toContain('src/cli in workerd')
    expect(report.split('\n').at(-1)).toBe('6 passed, 2 failed')
  })

  it('knows which reasons no test raised', () => {
    const ran = file('test/flows/a.test.ts', 'passed')
    const assertionResults = [
      { status: 'passed', meta: { reasons: ['code_spent', 'code_expired'] } },
      { status: 'passed', meta: {} },
      { status: 'passed' },
    ]
    const report = { testResults: [{ ...ran, assertionResults }, file('test/node/b.test.ts', 'failed')] }
    expect(unraised(report, ['code_expired', 'code_unknown', 'code_spent'])).toEqual(['code_unknown'])
  })

  it('takes the browser it is told of, and no other', () => {
    const before = process.env['CHROMIUM_PATH']
    process.env['CHROMIUM_PATH'] = join(directory, 'chromium')
    expect(findChromium()).toBeUndefined()
    process.env['CHROMIUM_PATH'] = process.execPath
    expect(findChromium()).toBe(process.execPath)
    if (before === undefined) delete process.env['CHROMIUM_PATH']
    else process.env['CHROMIUM_PATH'] = before
    expect(browserRequired()).toBe(process.env['LADON_REQUIRE_BROWSER'] === '1')
  })
})

describe('ladon', () => {
  it.each([
    [['help'], 0],
    [['nonsense'], 2],
    [['toString'], 2],
  ])('%j ends with %i and says how it is used', async (args, expected) => {
    const { code, output } = await ladon(args)
    expect(output).toContain('Usage: ladon <command>')
    expect(code).toBe(expected)
  })
})
