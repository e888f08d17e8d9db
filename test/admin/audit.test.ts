import { afterEach, describe, expect, it, vi } from 'vitest'
import { runtimeOf } from '../../src/runtime.ts'
import { scheduled } from '../../src/scheduled.ts'
import { auditId, KEPT_DAYS } from '../../src/store/audit-log.ts'
import { milliseconds } from '../../src/util/clock.ts'
import { ADMIN_KEY, bodyOf, Deployment, testEnv } from '../support/deployment.ts'
import { LogLines } from '../support/log-lines.ts'
import { withOutage } from '../support/outage.ts'
import { logIn, registerClient } from '../support/relying-party.ts'

type Entry = Readonly<Record<string, unknown>>

const lines = new LogLines()
const KEYS = `ops@all:${ADMIN_KEY},siem@audit:key-of-the-siem-0001,apps@flows:key-of-the-apps-0001`
const env = testEnv({ ADMIN_API_KEYS: KEYS })
const deployment = new Deployment(env)
const DAY_MS = 86_400_000

afterEach(() => vi.useRealTimers())

async function entries(query = '', key = ADMIN_KEY, at = deployment): Promise<readonly Entry[]> {
  const answer = await at.fetch(`/admin/audit${query}`, { headers: { authorization: `Bearer ${key}` } })
  expect(answer.status).toBe(200)
  return answer.json()
}

const events = (found: readonly Entry[]): unknown[] => found.map(({ event }) => event)

/** What an operator does to each thing, and the events in the log of operators that follow, the newest first. */
const WRITES: readonly (readonly [
  what: string,
  run: (id: string) => Promise<unknown>,
  events: readonly string[],
])[] = [
  [
    'creates a client',
    (id) => deployment.admin('POST', '/admin/clients', { client_id: id }),
    ['client.created'],
  ],
  [
    'changes a client',
    async (id) => {
      await deployment.admin('POST', '/admin/clients', { client_id: id })
      await deployment.admin('PUT', `/admin/clients/${id}`, { client_name: 'x' })
      await deployment.admin('POST', `/admin/clients/${id}/secrets/rotate`)
      await deployment.admin('DELETE', `/admin/clients/${id}/secrets/rotate`)
      await deployment.admin('DELETE', `/admin/oauth2/tokens?client_id=${id}`)
      await deployment.admin('DELETE', `/admin/clients/${id}`)
    },
    [
      'client.deleted',
      'client.tokens_deleted',
      'client.rotated_secrets_dropped',
      'client.secret_rotated',
      'client.changed',
      'client.created',
    ],
  ],
  [
    'makes, exports and deletes keys',
    async (id) => {
      await deployment.admin('POST', `/admin/keys/${id}`, { alg: 'ES256', use: 'sig' })
      await deployment.admin('GET', `/admin/keys/${id}`)
      await deployment.admin('DELETE', `/admin/keys/${id}`)
    },
    ['key.deleted', 'key.exported', 'key.created'],
  ],
  [
    'makes and revokes an initial access token',
    async () => {
      const made = await deployment.admin('POST', '/admin/registration/initial-access-tokens', {})
      const { id } = await made.json<{ id: string }>()
      await deployment.admin('DELETE', `/admin/registration/initial-access-tokens/${id}`)
    },
    ['initial_access_token.revoked', 'initial_access_token.created'],
  ],
  [
    'erases a subject',
    async (id) => {
      await logIn(deployment, await registerClient(deployment), { login: { subject: id, remember: true } })
      await deployment.admin('DELETE', `/admin/subjects/${id}`)
    },
    ['subject.erased', 'client.created'],
  ],
  [
    'ends what a subject has',
    async (id) => {
      await logIn(deployment, await registerClient(deployment), { login: { subject: id, remember: true } })
      await deployment.admin('DELETE', `/admin/oauth2/auth/sessions/login?subject=${id}`)
      await deployment.admin('DELETE', `/admin/oauth2/auth/sessions/consent?subject=${id}&all=true`)
    },
    ['consent.revoked', 'session.ended', 'client.created'],
  ],
]

describe('the log of operators', () => {
  it.each(WRITES)('has it when somebody %s, and who', async (_what, run, expected) => {
    const since = new Date().toISOString()
    const newest = (await entries('?page_size=1'))[0]?.['id'] ?? ''
    await run(`audited-${crypto.randomUUID()}`)
    const found = (await entries(`?since=${since.slice(0, 19)}Z`)).filter(
      ({ id }) => String(id) > String(newest),
    )
    expect(events(found)).toEqual(expected)
    for (const entry of found)
      expect(entry).toMatchObject({
        actor: 'key:ops',
        at: expect.any(String),
        request_id: expect.any(String),
      })
  })

  it('says the same as the log line', async () => {
    await deployment.admin('POST', '/admin/clients', { client_id: 'as-logged' })
    const { kind: _, ...logged } = lines.last('audit') ?? {}
    expect(await entries('?client_id=as-logged')).toMatchObject([logged])
  })

  it('has nothing that users and clients do themselves', async () => {
    const client = await registerClient(deployment)
    const newest = (await entries('?page_size=1'))[0]?.['id']
    await logIn(deployment, client, { login: { subject: 'not-an-operator' } })
    expect((await entries('?page_size=1'))[0]?.['id']).toBe(newest)
  })

  it('finds a subject by its hash, which the answer names, and never names the subject', async () => {
    const client = await registerClient(deployment)
    await logIn(deployment, client, { login: { subject: 'alice@audit.example', remember: true } })
    await deployment.admin('DELETE', '/admin/oauth2/auth/sessions/login?subject=alice@audit.example')
    const answer = await deployment.admin('GET', '/admin/audit?subject=alice@audit.example')
    const hash = answer.headers.get('ladon-subject-hash')
    const found = await answer.json<Entry[]>()
    expect(found).toMatchObject([{ event: 'session.ended', sub_hash: hash }])
    expect(lines.of('audit').filter((line) => line['sub_hash'] === hash).length).toBeGreaterThan(2)
    expect(JSON.stringify(found) + lines.text()).not.toContain('alice@')
    expect(await entries('?subject=bob')).toEqual([])
  })

  it('is filtered by event, actor and time, and paged', async () => {
    const ids = ['page-1', 'page-2', 'page-3']
    for (const id of ids) await deployment.admin('POST', '/admin/clients', { client_id: id })
    await deployment.admin('DELETE', '/admin/clients/page-1')
    expect(events(await entries('?client_id=page-1&event=client.deleted'))).toEqual(['client.deleted'])
    expect(await entries('?client_id=page-1&actor=key:nobody')).toEqual([])
    expect(await entries('?until=2020-01-01T00:00:00Z')).toEqual([])
    expect(await entries('?since=2120-01-01T00:00:00Z')).toEqual([])
    const first = await deployment.admin('GET', '/admin/audit?event=client.created&page_size=2')
    const [, next = ''] = /, ?<([^>]*)>; rel="next"/.exec(first.headers.get('link') ?? '') ?? []
    const pages = [...(await first.json<Entry[]>()), ...(await entries(new URL(next, 'http://x').search))]
    expect(pages.slice(0, 3).map((entry) => entry['client_id'])).toEqual(ids.toReversed())
    expect((await deployment.admin('GET', '/admin/audit?since=yesterday')).status).toBe(400)
  })

  it.each(['subject', 'client_id', 'actor', 'event', 'since', 'until'])(
    'refuses the empty filter %s by name',
    async (name) => {
      const answer = await deployment.admin('GET', `/admin/audit?${name}=`)
      const { error_description } = await bodyOf(answer)
      expect([answer.status, error_description]).toEqual([400, expect.stringContaining(name)])
    },
  )

  it.each([
    ['key-of-the-siem-0001', '/admin/audit', 200],
    ['key-of-the-siem-0001', '/admin/clients', 403],
    ['key-of-the-apps-0001', '/admin/audit', 403],
    ['nobodys-key-whatever', '/admin/audit', 401],
  ])('%s reads %s: %i', async (key, path, status) => {
    const answer = await deployment.fetch(path, { headers: { authorization: `Bearer ${key}` } })
    expect(answer.status).toBe(status)
  })

  it('that cannot be written holds up no change, and the log says so', async () => {
    const client = await registerClient(deployment)
    await logIn(deployment, client, { login: { subject: 'emergency', remember: true } })
    const outage = withOutage(env)
    const without = new Deployment(outage.env)
    await without.admin('GET', '/admin/clients')
    outage.down = true
    lines.clear()
    const done = await without.admin('DELETE', '/admin/oauth2/auth/sessions/login?subject=emergency')
    expect(done.status).toBe(204)
    expect(lines.last('audit')).toMatchObject({ event: 'session.ended', actor: 'key:ops' })
    expect(lines.last('audit.unsaved')).toMatchObject({
      count: 1,
      request_id: lines.last('audit')?.['request_id'],
    })
  })

  it(`keeps an entry ${KEPT_DAYS} days, and one that is written twice once`, async () => {
    const { auditLog } = runtimeOf(env)
    const now = Date.now()
    const entry = (event: string) => ({ event, actor: 'key:old', client_id: 'old' })
    const [young, old] = [now - (KEPT_DAYS - 1) * DAY_MS, now - (KEPT_DAYS + 1) * DAY_MS]
    const given = [
      { id: auditId(milliseconds(young), 'r', 0), entry: entry('client.changed') },
      { id: auditId(milliseconds(old), 'r', 0), entry: entry('client.created') },
    ]
    await auditLog.record(given)
    await auditLog.record(given)
    expect(events(await entries('?actor=key:old'))).toEqual(['client.changed', 'client.created'])
    await scheduled(env)
    expect(events(await entries('?actor=key:old'))).toEqual(['client.changed'])
  })

  it('purges a backlog in bounded batches', async () => {
    const { auditLog } = runtimeOf(env)
    const given = Array.from({ length: 50 }, (_, index) => ({
      id: auditId(milliseconds(1000 + index), 'r', index),
      entry: { event: 'client.created', actor: 'key:ancient' },
    }))
    await auditLog.record(given)
    expect(await auditLog.purge(milliseconds(Date.now()), 2)).toBe(40)
    expect(await entries('?actor=key:ancient')).toHaveLength(10)
  })
})
