import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { copyFile, mkdtemp, rm, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type RunningServer, startServer } from '../support/server.ts'
import { type Site, startSite } from '../support/site.ts'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))

/** Every shell block of README, without the indent it has in a list. */
const BLOCKS = [...readFileSync(join(ROOT, 'README.md'), 'utf8').matchAll(/^( *)```sh\n(.*?)^ *```$/gms)].map(
  ([, indent = '', text = '']) => text.replaceAll(new RegExp(`^${indent}`, 'gm'), ''),
)

/** The one block or line of README's that begins so. */
function printed(
  begins: string,
  parts: readonly string[] = BLOCKS.flatMap((block) => block.split('\n')),
): string {
  const [found, ...more] = parts.filter((part) => part.trim().startsWith(begins))
  if (found === undefined || more.length > 0)
    throw new Error(`README has ${more.length + (found ? 1 : 0)}: ${begins}`)
  return found
}

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

/** A checkout as far as wrangler's database commands go, without any state. */
async function checkout(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'ladon-readme-'))
  folders.push(folder)
  await copyFile(join(ROOT, 'wrangler.toml'), join(folder, 'wrangler.toml'))
  for (const name of ['migrations', 'node_modules']) await symlink(join(ROOT, name), join(folder, name))
  return folder
}

afterAll(() => Promise.all(folders.map((folder) => rm(folder, { recursive: true, force: true }))))

const stateOf = (folder: string): string => join(folder, '.wrangler/state')

describe('backup and restore', () => {
  const MACHINE = { client_id: 'machine', client_secret: 'a-secret-of-sufficient-length' }

  const kids = async ({ base }: RunningServer): Promise<unknown> => {
    const jwks: { keys: { kid: string }[] } = await (await fetch(`${base}/.well-known/jwks.json`)).json()
    return jwks.keys.map(({ kid }) => kid)
  }

  const tokenStatus = async ({ base }: RunningServer): Promise<number> => {
    const authorization = `Basic ${btoa(Object.values(MACHINE).join(':'))}`
    const body = new URLSearchParams({ grant_type: 'client_credentials' })
    return (await fetch(`${base}/oauth2/token`, { method: 'POST', headers: { authorization }, body })).status
  }

  /** The same command for the database of this machine. */
  const locally = (command: string): string => command.replace('--remote', '--local')

  it('an export, put into an empty database, is the same server under the same secret', async () => {
    const [old, anew] = [await checkout(), await checkout()]
    const first = await startServer({ persistTo: stateOf(old) })
    const made = await fetch(`${first.base}/admin/clients`, {
      method: 'POST',
      headers: { authorization: `Bearer ${first.adminKey}` },
      body: JSON.stringify({ ...MACHINE, grant_types: ['client_credentials'] }),
    })
    expect(made.status).toBe(201)
    const keys = await kids(first)
    await first.stop()

    const exported = await run(locally(printed('npx wrangler d1 export')), old)
    expect(exported.code, exported.output).toBe(0)
    await copyFile(join(old, 'ladon-backup.sql'), join(anew, 'ladon-backup.sql'))
    const executed = await run(locally(printed('npx wrangler d1 execute')), anew)
    expect(executed.code, executed.output).toBe(0)
    const second = await startServer({ persistTo: stateOf(anew) })
    expect(await kids(second)).toEqual(keys)
    expect(await tokenStatus(second)).toBe(200)
    await second.stop()

    const SECRETS_SYSTEM = 'another-secret-of-more-than-32-characters'
    await expect(startServer({ persistTo: stateOf(anew), vars: { SECRETS_SYSTEM } })).rejects.toThrow(
      /SECRETS_SYSTEM must list the secret/,
    )
  }, 240_000)

  it.each(['npx wrangler d1 export', 'npx wrangler d1 execute', 'npx wrangler d1 time-travel restore'])(
    'reaches the account as printed: %s',
    async (command) => {
      const folder = await checkout()
      await run('echo "SELECT 1;" > ladon-backup.sql', folder)
      const answer = { status: 403, type: 'application/json', body: '{"success":false,"errors":[]}' }
      const account = await startSite('localhost', () => answer)
      const ran = await run(printed(command), folder, {
        CLOUDFLARE_API_BASE_URL: account.origin,
        CLOUDFLARE_API_TOKEN: 'a-token',
        CLOUDFLARE_ACCOUNT_ID: 'an-account',
      })
      await account.stop()
      const asked = account.visits.map(({ url }) => url.pathname)
      expect(asked, ran.output).toContain('/accounts/an-account/d1/database/ladon')
    },
  )
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
    const ran = await run(printed('curl -s "$HYDRA_ADMIN', BLOCKS), ROOT, {
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
