import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { copyFile, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { composeBackup } from '../../src/dev/backup-file.ts'
import { type RunningExample, startExample } from '../examples/run.ts'
import { freePort, type RunningServer, startServer } from '../support/server.ts'
import { type Site, startSite } from '../support/site.ts'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))

/** Every shell block of a document, without the indent it has in a list. */
const blocksOf = (path: string): readonly string[] =>
  [...readFileSync(join(ROOT, path), 'utf8').matchAll(/^( *)```sh\n(.*?)^ *```$/gms)].map(
    ([, indent = '', text = '']) => text.replaceAll(new RegExp(`^${indent}`, 'gm'), ''),
  )

/** The one of these blocks or lines that begins so. */
function printed(begins: string, parts: readonly string[]): string {
  const [found, ...more] = parts.filter((part) => part.trim().startsWith(begins))
  if (found === undefined || more.length > 0)
    throw new Error(`There are ${more.length + (found ? 1 : 0)}: ${begins}`)
  return found
}

/** All shell text of a document. */
const printedIn = (path: string): string => blocksOf(path).join('\n')

const linesOf = (path: string): readonly string[] => blocksOf(path).flatMap((block) => block.split('\n'))

interface Ran {
  readonly code: number
  readonly stdout: string
  readonly output: string
}

/** Runs a command line in a folder as a shell does, with the tools of this project. */
function run(command: string, cwd: string, env: NodeJS.ProcessEnv = {}): Promise<Ran> {
  const path = [dirname(process.execPath), join(ROOT, 'node_modules/.bin'), process.env['PATH']].join(
    delimiter,
  )
  const options = {
    cwd,
    env: {
      ...process.env,
      PATH: path,
      WRANGLER_SEND_METRICS: 'false',
      WRANGLER_HIDE_BANNER: 'true',
      CI: 'true',
      XDG_CONFIG_HOME: cwd,
      ...env,
    },
  }
  return new Promise((resolve) => {
    const child = execFile('sh', ['-c', command], options, (_error, stdout, stderr) => {
      resolve({ code: child.exitCode ?? -1, stdout, output: stdout + stderr })
    })
  })
}

const folders: string[] = []

/** A checkout as far as the database commands go, without any state. */
async function checkout(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'ladon-readme-'))
  folders.push(folder)
  await copyFile(join(ROOT, 'wrangler.toml'), join(folder, 'wrangler.toml'))
  for (const name of ['migrations', 'node_modules', 'package.json', 'src'])
    await symlink(join(ROOT, name), join(folder, name))
  return folder
}

afterAll(() => Promise.all(folders.map((folder) => rm(folder, { recursive: true, force: true }))))

/** Runs a command line with an account that refuses everything, and returns what it was asked. */
async function atAnAccount(
  command: string,
  folder: string,
): Promise<{ readonly output: string; readonly asked: readonly string[] }> {
  const answer = { status: 403, type: 'application/json', body: '{"success":false,"errors":[]}' }
  const account = await startSite('localhost', () => answer)
  const { output } = await run(command, folder, {
    CLOUDFLARE_API_BASE_URL: account.origin,
    CLOUDFLARE_API_TOKEN: 'a-token',
    CLOUDFLARE_ACCOUNT_ID: 'an-account',
  })
  await account.stop()
  return { output, asked: account.visits.map(({ url }) => url.pathname) }
}

it('reaches the account as printed: npm run backup', async () => {
  const folder = await checkout()
  const ran = await atAnAccount('npm run backup', folder)
  expect(ran.asked, ran.output).toContain('/accounts/an-account/d1/database/ladon')
})

it('reaches the account as printed: npm run restore', async () => {
  const folder = await checkout()
  await writeFile(join(folder, 'ladon-backup.sql'), composeBackup('CREATE TABLE a (id);', 'now').text)
  const ran = await atAnAccount(printed('npm run restore', linesOf('docs/reference/operate.md')), folder)
  expect(ran.asked, ran.output).toContain('/accounts/an-account/d1/database/ladon')
})

it('reaches the account as the guide prints it: time travel', async () => {
  const folder = await checkout()
  const guide = linesOf('docs/guides/backup.md')
  const ran = await atAnAccount(printed('npx wrangler d1 time-travel restore', guide), folder)
  expect(ran.asked, ran.output).toContain('/accounts/an-account/d1/database/ladon')
})

describe("Hydra's clients", () => {
  let server: RunningServer
  let hydra: Site

  const client = (id: string, bytes: number): object => ({
    client_id: id,
    grant_types: ['client_credentials'],
    metadata: { text: 'x'.repeat(bytes) },
  })
  const CLIENTS = [
    client('small', 10),
    client('large', 90_000),
    client('too-large', 200_000),
    client('last', 10),
  ]

  beforeAll(async () => {
    hydra = await startSite('localhost', () => ({ type: 'application/json', body: JSON.stringify(CLIENTS) }))
    server = await startServer()
  })

  afterAll(() => Promise.all([server, hydra].map((running) => running?.stop())))

  it("the import sends every client of Hydra's list, however large", async () => {
    const ran = await run(printed('curl -s "$HYDRA_ADMIN', blocksOf('docs/reference/hydra.md')), ROOT, {
      HYDRA_ADMIN: hydra.origin,
      LADON: server.base,
      LADON_ADMIN_KEY: server.adminKey,
    })
    const answers: Record<string, unknown>[] = ran.stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))
    expect(answers.map((answer) => answer['client_id'])).toEqual(['small', 'large', null, 'last'])
    expect(answers[2]?.['error_description']).toMatch(/longer than 100000 bytes/)
    expect(answers[1]?.['client_secret']).toEqual(expect.any(String))
  })
})

describe('the guides that need only curl, jq and the command', () => {
  let server: RunningServer
  let api: RunningExample
  let apiPort: number

  beforeAll(async () => {
    apiPort = await freePort()
    server = await startServer({
      vars: {
        OIDC_DYNAMIC_CLIENT_REGISTRATION_ENABLED: 'true',
        OIDC_DYNAMIC_CLIENT_REGISTRATION_RESOURCES: 'http://localhost:3004/',
      },
    })
    api = await startExample('api', { env: { LADON_URL: server.base, PORT: String(apiPort) } })
  })

  afterAll(() => Promise.all([api, server].map((running) => running?.stop())))

  /** What a document prints, for the servers that run here. */
  const here = (text: string): string =>
    text
      .replaceAll(/http:\/\/localhost:4444|https:\/\/login\.example\.com/g, server.base)
      .replaceAll('localhost:3001', `localhost:${apiPort}`)
      .replaceAll('LADON_ADMIN_KEY=...', `LADON_ADMIN_KEY=${server.adminKey}`)

  /** Runs what a guide prints, one block after the other in one shell, against this server. Returns what it writes. */
  async function walk(path: string): Promise<string> {
    const blocks = blocksOf(path).filter((block) => !block.startsWith('npm '))
    const ran = await run(here(['set -eu', ...blocks].join('\n')), ROOT)
    expect(ran.code, ran.output).toBe(0)
    return ran.stdout
  }

  it('a web application is registered', async () => {
    expect(await walk('docs/guides/web.md')).toMatch(/^CLIENT ID +web$/m)
  })

  it('a single-page application is registered, and may call', async () => {
    expect(await walk('docs/guides/spa.md')).toMatch(/^CLIENT ID +spa$/m)
  })

  it('an API asks about each token', async () => {
    const statuses = (await walk('docs/guides/resource-server.md')).match(/^\d{3}$/gm)
    const printed = [...printedIn('docs/guides/resource-server.md').matchAll(/^ask .*# (\d{3})/gm)]
    expect(statuses).toEqual(printed.map(([, status]) => status))
  })

  it('a machine gets a token for its API', async () => {
    expect(await walk('docs/guides/machine.md')).toMatch(
      /"active": true,\s+"client_id": "jobs",\s+"scope": "jobs:run",\s+"aud": \[\s+"https:\/\/api.example.com\/"/,
    )
  })

  it('a device shows a code, and is told to wait', async () => {
    const told = await walk('docs/guides/device.md')
    expect(told).toContain(`"verification_uri": "${server.base}/`)
    expect(told).toMatch(/"error": "authorization_pending"/)
  })

  it('an assistant registers itself', async () => {
    expect(await walk('docs/guides/mcp.md')).toMatch(/"client_name":"Assistant"/)
  })

  it.each<readonly [line: string, input: string, code: number, told: RegExp]>([
    ['npm run ladon -- doctor', '', 0, /^No faults\.$/m],
    // Whoever is asked by it: test/browser/docs.test.ts.
    ['npm run ladon -- client new', '', 2, /--kind is missing/],
    ['npm run ladon -- explain -', 'https://x.example/oauth2/auth?client_id=nobody', 1, /^KIND +\S/m],
    ['npm run ladon -- user alice', '', 0, /^User alice$/m],
  ])('README: %s', async (line, input, code, told) => {
    const [environment = '', ...lines] = printed('export LADON_URL', blocksOf('README.md')).split('\n')
    const command = here(`${environment}\nprintf %s '${input}' | ${printed(line, lines)}`)
    const ran = await run(command, ROOT)
    expect(ran.code, ran.output).toBe(code)
    expect(ran.output).toMatch(told)
  })

  it('the first deployment ends with a look and a login', async () => {
    const blocks = blocksOf('docs/guides/deploy.md')
    const [environment = ''] = printed('export LADON_URL', blocks).split('\n')
    const look = printed('npm run ladon -- doctor', blocks)
    const ran = await run(here(['set -e', environment, look].join('\n')), ROOT)
    expect(ran.code, ran.output).toBe(0)
    expect(ran.output).toMatch(/^No faults\.$/m)
  })
})
