import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { CHECKS } from '../../src/cli/commands/doctor.ts'
import { CLI_VERSION } from '../../src/cli/commands/version.ts'
import type { Facts, Verdict } from '../../src/cli/doctor/check.ts'
import { gather } from '../../src/cli/doctor/gather.ts'
import type { Notes } from '../../src/cli/doctor/notes.ts'
import { serverOf } from '../../src/cli/server.ts'
import { type Answer, type Site, startSite } from '../support/site.ts'
import { runLadon } from './run.ts'

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS
const NOW = Date.now()

const at = (ms: number): string => new Date(ms).toISOString()
const answer = (status: number, body: unknown = '', headers: Readonly<Record<string, string>> = {}) => ({
  status,
  text: typeof body === 'string' ? body : JSON.stringify(body),
  headers: new Headers(headers),
})

const ISSUER = 'https://login.example.com'
const WORKERS_DEV = 'https://ladon.account.workers.dev'
const DOCUMENT = {
  issuer: ISSUER,
  authorization_endpoint: `${ISSUER}/oauth2/auth`,
  token_endpoint: `${ISSUER}/oauth2/token`,
  jwks_uri: `${ISSUER}/.well-known/jwks.json`,
}
const SETTINGS = {
  misspelt: [],
  limits_unbound: [],
  limits_off: [],
  demo_pages: false,
  admin_auth: 'keys',
  registration: false,
  registration_needs_token: false,
  registration_hourly_limit: 60,
  cookies_secure: true,
  cookies_same_site: 'Lax',
  tls: 'platform',
  key_rotation_seconds: 7_776_000,
}
const STATUS = {
  version: CLI_VERSION,
  d1: 'ok',
  keys: [{ set: 'hydra.openid.id-token', keys: 1, signs_since: at(NOW - DAY_MS) }],
  migrations: { expected: 9, missing: [] },
  cron: { ran_at: at(NOW - HOUR_MS / 4), failed: [] },
  isolate: { silent: { d1: 0, kv: 0, ledgers: 0 } },
}
const N = Buffer.alloc(256, 1).toString('base64url')
const REFUSED = answer(400, { error: 'unsupported_grant_type' }, { 'x-request-id': 'x' })
const DISCOVERED = answer(200, DOCUMENT, {
  date: new Date(NOW).toUTCString(),
  'strict-transport-security': 'max-age=1',
})

/** A server with which nothing is wrong. */
const HEALTHY: Facts = {
  base: ISSUER,
  ready: answer(200, { status: 'ok' }),
  discovery: DISCOVERED,
  discovered: DOCUMENT,
  keySet: { keys: [{ kty: 'RSA', n: N }] },
  status: STATUS,
  settings: SETTINGS,
  clients: [{ client_id: 'x', redirect_uris: ['https://a.example/cb', 'http://127.0.0.1/cb'] }],
  clientsStatus: 200,
  withoutKey: 401,
  hasKey: true,
  token: REFUSED,
  plainHttp: answer(301, '', { location: `${ISSUER}/` }),
  origins: new Map([['https://a.example', true]]),
  workersDev: { address: WORKERS_DEV, answer: answer(404) },
  notes: { backedUpAt: NOW - DAY_MS, worker: 'ladon', workersDev: WORKERS_DEV },
  now: NOW,
  cliVersion: CLI_VERSION,
}

const judge = (facts: Partial<Facts>): readonly (Verdict & { readonly name: string })[] =>
  CHECKS.map((check) => ({ name: check.name, ...check.judge({ ...HEALTHY, ...facts }) })).filter(
    ({ state }) => state !== 'ok',
  )

const settings = (changed: object): Partial<Facts> => ({ settings: { ...SETTINGS, ...changed } })
const notes = (changed: Partial<Notes>): Partial<Facts> => ({ notes: { ...HEALTHY.notes, ...changed } })
const status = (changed: object): Partial<Facts> => ({ status: { ...STATUS, ...changed } })

describe('ladon doctor', () => {
  it('finds nothing wrong with a healthy server, in some twenty checks', () => {
    expect(judge({})).toEqual([])
    expect(CHECKS.length).toBeGreaterThanOrEqual(20)
    expect(new Set(CHECKS.map(({ name }) => name)).size).toBe(CHECKS.length)
  })

  it.each<[name: string, state: Verdict['state'], seeded: Partial<Facts>]>([
    ['ready', 'fault', { ready: answer(503, { error: 'misconfiguration', error_description: 'lacks X' }) }],
    [
      'no bot challenge',
      'fault',
      { token: answer(403, '<html>', { 'cf-mitigated': 'challenge', 'x-request-id': 'x' }) },
    ],
    ['discovery', 'fault', { discovered: { ...DOCUMENT, jwks_uri: '' } }],
    ['issuer', 'fault', { discovered: { ...DOCUMENT, issuer: 'https://other.example' } }],
    [
      'endpoints',
      'fault',
      { discovered: { ...DOCUMENT, token_endpoint: 'http://login.example.com/oauth2/token' } },
    ],
    ['endpoints', 'note', { discovered: { ...DOCUMENT, token_endpoint: 'https://gateway.example/token' } }],
    ['TLS', 'fault', { base: 'http://login.example.com' }],
    ['HTTPS only', 'fault', { plainHttp: answer(200, DOCUMENT) }],
    ['HSTS', 'note', { discovery: answer(200, DOCUMENT, { date: new Date(NOW).toUTCString() }) }],
    ['clock', 'fault', { now: NOW + 90_000 }],
    ['token endpoint', 'fault', { token: answer(500, 'oops', { 'x-request-id': 'x' }) }],
    ['request ids', 'note', { token: answer(400, { error: 'x' }) }],
    ['workers.dev', 'fault', { workersDev: { address: WORKERS_DEV, answer: answer(200) } }],
    ['JWKS', 'fault', { keySet: { keys: [] } }],
    ['JWKS', 'fault', { keySet: { keys: [{ kty: 'RSA', n: N, d: 'private' }] } }],
    ['JWKS', 'fault', { keySet: { keys: [{ kty: 'RSA', n: 'AQAB' }] } }],
    ['key ages', 'fault', status({ keys: [{ set: 'x', signs_since: at(NOW - 200 * DAY_MS) }] })],
    ['migrations', 'fault', status({ migrations: { expected: 9, missing: ['0008.sql'] } })],
    ['scheduled job', 'fault', status({ cron: { ran_at: at(NOW - DAY_MS), failed: [] } })],
    ['scheduled job', 'fault', status({ cron: { ran_at: at(NOW), failed: ['purge'] } })],
    ['databases', 'fault', status({ d1: 'does not answer' })],
    ['databases', 'fault', status({ isolate: { silent: { d1: 0, kv: 1, ledgers: 0 } } })],
    ['backup', 'fault', notes({ backedUpAt: NOW - 30 * DAY_MS })],
    ['backup', 'fault', notes({ backedUpAt: null })],
    ['admin API', 'fault', { withoutKey: 200 }],
    ['your key', 'fault', { clientsStatus: 401 }],
    ['registration', 'fault', settings({ registration: true, registration_hourly_limit: 0 })],
    ['registration', 'note', settings({ registration: true })],
    ['demo pages', 'fault', settings({ demo_pages: true })],
    ['cookies', 'fault', settings({ cookies_secure: false })],
    ['proxy', 'note', settings({ tls: 'proxy' })],
    ['settings', 'fault', settings({ misspelt: ['TTL_X is no setting; is TTL_Y meant?'] })],
    ['limits', 'fault', settings({ limits_unbound: ['LIMIT_CLIENT'] })],
    ['limits', 'note', settings({ limits_off: ['client'] })],
    ['CORS', 'fault', { origins: new Map([['https://spa.example', false]]) }],
    ['redirect URIs', 'fault', { clients: [{ client_id: 'x', redirect_uris: ['http://a.example/cb'] }] }],
    ['grants', 'note', { clients: [{ client_id: 'x', grant_types: ['implicit'] }] }],
    ['release', 'note', status({ version: 'v0.0.1' })],
  ])('finds what is wrong, with a fix: %s, a %s', (name, state, seeded) => {
    expect(judge(seeded)).toContainEqual({
      name,
      state,
      said: expect.any(String),
      fix: expect.stringMatching(/\S/),
    })
  })

  it('says what it could not ask', () => {
    const closed = judge({
      status: undefined,
      settings: undefined,
      clients: undefined,
      hasKey: false,
      workersDev: null,
    })
    expect(closed.filter(({ state }) => state !== 'unknown')).toEqual([])
    expect(closed.length).toBeGreaterThan(10)
  })
})

describe('the address below workers.dev', () => {
  it('is told how to try where nothing noted it', () => {
    const said = (worker: string | undefined) =>
      judge({ workersDev: null, ...notes({ worker, workersDev: undefined }) }).find(
        ({ name }) => name === 'workers.dev',
      )?.said
    expect(said('login')).toMatch(
      /https:\/\/login\.SUBDOMAIN\.workers\.dev\/health\/alive.*--workers-dev URL/,
    )
    expect(said(undefined)).toContain('https://WORKER.SUBDOMAIN.workers.dev/health/alive')
  })
})

describe('ladon doctor at a server', () => {
  let site: Site
  let answers: Readonly<Record<string, Answer>>
  let folder: string

  const json = (body: unknown, code = 200): Answer => ({
    status: code,
    type: 'application/json',
    body: JSON.stringify(body),
  })

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'ladon-doctor-'))
    site = await startSite(
      'localhost',
      ({ method, url }) => answers[`${method} ${url.pathname}`] ?? json({ error: 'x' }, 404),
    )
    const document = { ...DOCUMENT, issuer: site.origin }
    answers = {
      'GET /.well-known/openid-configuration': json(document),
      'GET /.well-known/jwks.json': json({ keys: [{ kty: 'RSA', n: N }] }),
      'GET /health/ready': json({ status: 'ok' }),
      'GET /admin/status': json({ ...STATUS, settings: { ...SETTINGS, misspelt: ['\u001b[2JTTL'] } }),
      'GET /admin/clients': json([
        { client_id: 'x', token_endpoint_auth_method: 'none', redirect_uris: ['https://spa.example/cb'] },
      ]),
      'POST /oauth2/token': json({ error: 'unsupported_grant_type' }, 400),
    }
  })

  afterEach(async () => {
    await site.stop()
    await rm(folder, { recursive: true, force: true })
  })

  const run = (args: readonly string[] = []) =>
    runLadon(['doctor', '-e', site.origin, ...args], { env: { LADON_ADMIN_KEY: 'key' }, folder })

  it('ends with 1 for faults, and says nothing that a terminal obeys', async () => {
    const { code, out } = await run()
    expect([code, out]).toEqual([1, expect.stringMatching(/FAULT settings .*TTL\n.*Fix: Rename/)])
    expect(out).toMatch(/FAULT CORS .*https:\/\/spa\.example/)
    expect(out).not.toContain('\u001b')
    const listed: unknown = JSON.parse((await run(['--format', 'json'])).out)
    expect(listed).toContainEqual(expect.objectContaining({ check: 'settings', state: 'fault' }))
  })

  it('keeps the key from what it asks without one', async () => {
    await run()
    const asked = site.visits
      .filter(({ url }) => url.pathname === '/admin/clients')
      .map(({ headers }) => headers['authorization'])
    expect(asked.toSorted()).toEqual(['Bearer key', undefined])
  })

  /** Makes the folder a checkout as the command sees it. */
  const makeCheckout = async (): Promise<void> => {
    await mkdir(join(folder, 'src/dev'), { recursive: true })
    await mkdir(join(folder, '.ladon'))
    await writeFile(join(folder, 'src/dev/ladon.ts'), '')
    await writeFile(join(folder, 'package.json'), '{"name":"ladon"}')
    await writeFile(join(folder, 'wrangler.toml'), 'main = "x"\nname = "login"\n[env.b]\nname = "b"\n')
  }

  it('reads the note of the last backup in a checkout', async () => {
    await makeCheckout()
    const server = serverOf({ endpoint: site.origin }, { env: {}, err: () => undefined })
    const backedUpAt = async () => {
      const asked = { folder: join(folder, 'src'), workersDev: undefined, cliVersion: CLI_VERSION }
      return (await gather(server, asked)).notes.backedUpAt
    }
    expect(await backedUpAt()).toBeNull()
    await writeFile(join(folder, '.ladon/backup.json'), JSON.stringify({ made_at: '2026-11-01T00:00:00Z' }))
    expect(await backedUpAt()).toBe(Date.UTC(2026, 10, 1))
  })

  it.each<[noted: string, deployed: (origin: string) => object, state: Verdict['state']]>([
    ['of this issuer', (issuer) => ({ issuer: `${issuer}/` }), 'fault'],
    ['of an issuer that is a secret', () => ({}), 'fault'],
    ['of another issuer', () => ({ issuer: 'https://other.example' }), 'ok'],
  ])('tries the address below workers.dev that a deployment noted: %s', async (_noted, deployed, state) => {
    await makeCheckout()
    const elsewhere = await startSite('localhost')
    const one = { worker: 'ladon', workers_dev: elsewhere.origin, ...deployed(site.origin) }
    await writeFile(join(folder, '.ladon/deployed.json'), JSON.stringify({ 'wrangler.toml#': one }))
    const listed: unknown = JSON.parse((await run(['--format', 'json'])).out)
    expect(listed).toContainEqual(expect.objectContaining({ check: 'workers.dev', state }))
    expect(elsewhere.visits.map(({ url }) => url.pathname)).toEqual(state === 'ok' ? [] : ['/health/alive'])
    expect(elsewhere.visits.every(({ headers }) => headers['authorization'] === undefined)).toBe(true)
    await elsewhere.stop()
  })

  it('ends with 3 if nothing answers', async () => {
    const { code } = await runLadon(['doctor', '-e', 'http://localhost:1'], { folder })
    expect(code).toBe(3)
  })
})
