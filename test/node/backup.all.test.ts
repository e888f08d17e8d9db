import { randomUUID } from 'node:crypto'
import { copyFile, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { fileURLToPath } from 'node:url'
import { createRemoteJWKSet, exportJWK, generateKeyPair, jwtVerify } from 'jose'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { composeBackup, readBackup } from '../../src/dev/backup-file.ts'
import { CloudflareAccount } from '../support/cloudflare/account.ts'
import { type RunningServer, startServer } from '../support/server.ts'
import { ladon } from './ladon.ts'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))
const MIGRATIONS = join(ROOT, 'migrations')

/** The table in which wrangler notes the migrations. */
const NOTES_TABLE = `CREATE TABLE d1_migrations (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT UNIQUE,
  applied_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP NOT NULL);`

const folders: string[] = []
afterAll(() => Promise.all(folders.map((folder) => rm(folder, { recursive: true, force: true }))))

/** An installation of this machine: a configuration of its own, and beside it the state of wrangler. */
async function installation(): Promise<{
  readonly state: string
  readonly config: readonly string[]
  readonly at: string
}> {
  const folder = await mkdtemp(join(tmpdir(), 'ladon-backup-'))
  folders.push(folder)
  await copyFile(join(ROOT, 'wrangler.toml'), join(folder, 'wrangler.toml'))
  for (const name of ['migrations', 'node_modules', 'src'])
    await symlink(join(ROOT, name), join(folder, name))
  return {
    at: folder,
    state: join(folder, '.wrangler/state'),
    config: ['--local', '--config', join(folder, 'wrangler.toml')],
  }
}

/** Both servers are the same issuer to their clients. */
const ISSUER = 'http://localhost:5220'
const vars = { URLS_SELF_ISSUER: ISSUER, STRATEGIES_ACCESS_TOKEN: 'jwt' }

const CLIENT = {
  client_id: 'machine',
  client_secret: 'a-secret-of-sufficient-length',
  grant_types: ['client_credentials'],
}
const ISSUERS = '/trust/grants/jwt-bearer/issuers'

async function admin(
  { base, adminKey }: RunningServer,
  method: string,
  path: string,
  body?: unknown,
): Promise<unknown> {
  const response = await fetch(`${base}/admin${path}`, {
    method,
    headers: { authorization: `Bearer ${adminKey}`, 'content-type': 'application/json' },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  })
  expect(response.status, path).toBeLessThan(300)
  return response.json()
}

async function tokenOf({ base }: RunningServer): Promise<string> {
  const response = await fetch(`${base}/oauth2/token`, {
    method: 'POST',
    headers: { authorization: `Basic ${btoa(`${CLIENT.client_id}:${CLIENT.client_secret}`)}` },
    body: new URLSearchParams({ grant_type: 'client_credentials' }),
  })
  const { access_token: token } = (await response.json()) as Record<string, unknown>
  expect(token).toEqual(expect.any(String))
  return String(token)
}

async function isActive({ base, adminKey }: RunningServer, token: string): Promise<unknown> {
  const response = await fetch(`${base}/admin/oauth2/introspect`, {
    method: 'POST',
    headers: { authorization: `Bearer ${adminKey}` },
    body: new URLSearchParams({ token }),
  })
  return ((await response.json()) as Record<string, unknown>)['active']
}

describe('a backup of a database', () => {
  let file: string
  let before: {
    readonly token: string
    readonly client: unknown
    readonly issuers: unknown
    readonly keys: unknown
  }

  const listed = async (server: RunningServer) => ({
    client: await admin(server, 'GET', '/clients/machine'),
    issuers: await admin(server, 'GET', ISSUERS),
    keys: await admin(server, 'GET', '/keys/hydra.jwt.access-token'),
  })

  beforeAll(async () => {
    const old = await installation()
    const server = await startServer({ persistTo: old.state, vars })
    await admin(server, 'POST', '/clients', CLIENT)
    const { publicKey } = await generateKeyPair('ES256', { extractable: true })
    await admin(server, 'POST', ISSUERS, {
      issuer: 'https://issuer.example',
      subject: 'alice',
      scope: ['api.read'],
      jwk: { ...(await exportJWK(publicKey)), kid: 'a-key', alg: 'ES256', use: 'sig' },
      expires_at: '2999-01-01T00:00:00Z',
    })
    before = { token: await tokenOf(server), ...(await listed(server)) }
    await server.stop()
    file = join(old.at, 'backup.sql')
    const made = await ladon(['backup', '--', '--output', file, ...old.config])
    expect(made.code, made.output).toBe(0)
  }, 300_000)

  it('is one file for its owner alone, which says what is in it, and holds no secret', async () => {
    expect((await stat(file)).mode & 0o777).toBe(0o600)
    const text = await readFile(file, 'utf8')
    const { manifest } = readBackup(text)
    expect(manifest.migrations).toEqual(
      (await readdir(MIGRATIONS)).filter((name) => name.endsWith('.sql')).toSorted(),
    )
    expect(manifest.rows).toMatchObject({ clients: 2, trusted_issuers: 1, root_keys: 1 })
    expect(text).not.toContain(CLIENT.client_secret)
    expect(text).not.toContain(before.token)
  })

  it('is the same server in an empty database, under the same secret only, and replaces nothing unasked', async () => {
    const anew = await installation()
    const restored = await ladon(['restore', file, ...anew.config])
    expect(restored.code, restored.output).toBe(0)

    const server = await startServer({ persistTo: anew.state, vars })
    const { token, ...shown } = before
    expect(await listed(server)).toEqual(shown)
    expect(await isActive(server, token)).toBe(true)
    const keys = createRemoteJWKSet(new URL(`${server.base}/.well-known/jwks.json`))
    expect((await jwtVerify(token, keys, { issuer: ISSUER })).payload['client_id']).toBe(CLIENT.client_id)
    expect(await isActive(server, await tokenOf(server))).toBe(true)
    await admin(server, 'POST', '/clients', { client_id: 'later' })
    await server.stop()

    const SECRETS_SYSTEM = 'another-secret-of-more-than-32-characters'
    await expect(startServer({ persistTo: anew.state, vars: { ...vars, SECRETS_SYSTEM } })).rejects.toThrow(
      /SECRETS_SYSTEM must list the secret/,
    )

    const refused = await ladon(['restore', file, ...anew.config])
    expect(refused).toEqual({
      code: 2,
      output: expect.stringMatching(/the database has rows \(.*clients 3, /),
    })
    const replaced = await ladon(['restore', file, '--replace', ...anew.config])
    expect(replaced.code, replaced.output).toBe(0)
    expect(replaced.output).toContain('clients 2, ')
  }, 600_000)
})

describe('the database of an account', () => {
  /** An account whose only database has had these statements. */
  async function accountWith(sql: string) {
    const account = new CloudflareAccount()
    const sqlite = new DatabaseSync(':memory:')
    sqlite.exec(sql)
    account.databases.set('ladon', { id: randomUUID(), sqlite, jurisdiction: null, location: null })
    return { account, sqlite, env: await account.listen() }
  }

  it('is written into a file, over none unless told, noted, and put into that of another account', async () => {
    const { at } = await installation()
    const names = (await readdir(MIGRATIONS)).filter((name) => name.endsWith('.sql')).toSorted()
    const files = await Promise.all(names.map((name) => readFile(join(MIGRATIONS, name), 'utf8')))
    const notes = names.map(
      (name, id) => `INSERT INTO d1_migrations (id, name) VALUES (${id + 1}, '${name}');`,
    )
    const row = `INSERT INTO versions (name, value) VALUES ('a name''s\nüber', 7);`
    const old = await accountWith([NOTES_TABLE, ...notes, ...files, row].join('\n'))
    const config = ['--config', join(at, 'wrangler.toml')]
    const made = await ladon(['backup', '--output', 'backup.sql', ...config], old.env, at)
    expect(made.code, made.output).toBe(0)
    const { manifest } = readBackup(await readFile(join(at, 'backup.sql'), 'utf8'))
    expect(manifest).toMatchObject({ migrations: names, rows: { versions: 1, clients: 0 } })
    const note: unknown = JSON.parse(await readFile(join(at, '.ladon/backup.json'), 'utf8'))
    expect(note).toMatchObject({ made_at: manifest.made_at, sha256: manifest.sha256 })

    await writeFile(join(at, 'mine.txt'), 'mine')
    const over = ['backup', '--output', 'mine.txt', ...config]
    const refused = await ladon(over, old.env, at)
    expect(refused).toEqual({ code: 2, output: expect.stringMatching(/mine\.txt is there .* --replace\./) })
    expect(await readFile(join(at, 'mine.txt'), 'utf8')).toBe('mine')
    const replaced = await ladon([...over, '--replace'], old.env, at)
    expect(replaced.code, replaced.output).toBe(0)
    expect(readBackup(await readFile(join(at, 'mine.txt'), 'utf8')).manifest.rows).toEqual(manifest.rows)
    expect((await stat(join(at, 'mine.txt'))).mode & 0o777).toBe(0o600)

    const anew = await accountWith('')
    const restored = await ladon(['restore', 'backup.sql', ...config], anew.env, at)
    expect(restored.code, restored.output).toBe(0)
    const all = 'SELECT * FROM versions'
    expect(anew.sqlite.prepare(all).all()).toEqual(old.sqlite.prepare(all).all())
    const again = await ladon(['restore', 'backup.sql', ...config], anew.env, at)
    expect(again).toEqual({ code: 2, output: expect.stringContaining('the database has rows') })
    for (const { account } of [old, anew]) account.close()
  }, 300_000)
})

describe('what is no backup', () => {
  it('an empty database is not written, and neither are strange options done', async () => {
    const { at, config } = await installation()
    const file = join(at, 'backup.sql')
    const empty = await ladon(['backup', '--output', file, ...config])
    expect(empty).toMatchObject({ code: 1, output: expect.stringContaining('the database is empty') })
    for (const command of [['backup'], ['restore', file]]) {
      const strange = await ladon([...command, '--persist', at, ...config])
      expect(strange).toEqual({
        code: 2,
        output: expect.stringContaining('there is no option --persist here'),
      })
      const help = await ladon([...command, '--help'], { CLOUDFLARE_API_BASE_URL: 'http://127.0.0.1:9' })
      expect(help).toEqual({ code: 0, output: expect.stringContaining(`npm run ${command[0]} -- `) })
    }
    await expect(stat(file)).rejects.toThrow('ENOENT')
  }, 300_000)
})

describe('a file', () => {
  const write = async (text: string): Promise<string> => {
    const { at } = await installation()
    const file = join(at, 'backup.sql')
    await writeFile(file, text)
    return file
  }

  it.each([
    ['that is no backup', 'CREATE TABLE clients (id TEXT);', 'This is no backup'],
    [
      'that was changed',
      composeBackup('CREATE TABLE a (id);', 'now').text.replace('(id)', '(no)'),
      'is damaged',
    ],
    [
      'of a newer release',
      composeBackup(
        "CREATE TABLE d1_migrations (id, name); INSERT INTO d1_migrations VALUES (1, '9999_later.sql');",
        'now',
      ).text,
      'is of a newer release',
    ],
  ])('%s is refused before anything is asked', async (_what, text, why) => {
    const ran = await ladon(['restore', await write(text), '--remote'], {
      CLOUDFLARE_API_BASE_URL: 'http://127.0.0.1:9',
    })
    expect(ran).toEqual({ code: 2, output: expect.stringContaining(why) })
  })

  it('of an older release gets the later migrations', async () => {
    const anew = await installation()
    const names = (await readdir(MIGRATIONS))
      .filter((name) => name.endsWith('.sql'))
      .toSorted()
      .slice(0, 2)
    const files = await Promise.all(names.map((name) => readFile(join(MIGRATIONS, name), 'utf8')))
    const notes = names.map(
      (name, at) => `INSERT INTO d1_migrations (id, name) VALUES (${at + 1}, '${name}');`,
    )
    const client = `INSERT INTO clients (id, version, instance, access_epoch, name, owner, metadata, created_at, updated_at)
      VALUES ('old', 1, 'i', 0, '', '', '{}', 1, 1);`
    const { text } = composeBackup([NOTES_TABLE, ...notes, ...files, client].join('\n'), 'then')
    const restored = await ladon(['restore', await write(text), ...anew.config])
    expect(restored.code, restored.output).toBe(0)
    const server = await startServer({ persistTo: anew.state })
    expect(await admin(server, 'GET', '/clients/old')).toMatchObject({ client_id: 'old' })
    await server.stop()
  }, 300_000)
})
