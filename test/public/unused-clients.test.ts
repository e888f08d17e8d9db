import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { scheduled } from '../../src/scheduled.ts'
import { ClientStore } from '../../src/store/clients.ts'
import { nowSeconds, seconds } from '../../src/util/clock.ts'
import { clientIdOf } from '../../src/util/ids.ts'
import { countCalls } from '../support/bindings.ts'
import { clientRecord } from '../support/client-record.ts'
import { bodyOf, Deployment, testEnv } from '../support/deployment.ts'
import { patient } from '../support/patient.ts'
import { tokenRequest } from '../support/relying-party.ts'

const DAY = 86_400
const TTL = 90 * DAY
const ON = { OIDC_DYNAMIC_CLIENT_REGISTRATION_ENABLED: 'true' }
const UNUSED_TTL = 'OIDC_DYNAMIC_CLIENT_REGISTRATION_UNUSED_TTL'
const MACHINE = { grant_types: ['client_credentials'] }
const HEADER = 'ladon-unused-client-expires-in'

const isolate = (settings: object = {}): Deployment => new Deployment(testEnv({ ...ON, ...settings }))
const deployment = isolate()
const advance = (by: number): void => {
  vi.setSystemTime(Date.now() + by * 1000)
}

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date'], now: Math.ceil(Date.now() / 1000) * 1000 })
})

afterEach(() => {
  vi.useRealTimers()
})

interface Client {
  readonly id: string
  readonly secret: string
  readonly token: string
}

const clientOf = (body: Record<string, unknown>): Client => ({
  id: String(body['client_id']),
  secret: String(body['client_secret']),
  token: String(body['registration_access_token']),
})

async function register(on = deployment): Promise<Client> {
  const response = await on.fetch('/oauth2/register', { method: 'POST', body: JSON.stringify(MACHINE) })
  expect(response.status).toBe(201)
  return clientOf(await bodyOf(response))
}

const use = async (client: Client, on = deployment): Promise<number> =>
  (await tokenRequest(on, client, { grant_type: 'client_credentials' })).status

const manage = (method: string, { id, token }: Client, on = deployment): Promise<Response> =>
  on.fetch(`/oauth2/register/${id}`, {
    method,
    headers: { authorization: `Bearer ${token}` },
    ...(method === 'PUT' && { body: JSON.stringify(MACHINE) }),
  })

const listedIds = async (): Promise<string[]> => {
  const response = await deployment.admin('GET', '/admin/clients?limit=500&offset=0')
  return (await response.json<{ client_id: string }[]>()).map(({ client_id }) => client_id)
}

describe('a client that registered itself and is not used', () => {
  it('is told when it ends, and is unknown from then on, everywhere', async () => {
    const client = await register()
    const kept = await register()
    const elsewhere = isolate()
    for (const method of ['GET', 'PUT'])
      expect((await manage(method, client)).headers.get(HEADER)).toBe(String(TTL))
    // Uses are noted to the day, so it may have a day more than it was told, never less.
    advance(TTL + DAY - 1)
    expect(await use(kept, elsewhere)).toBe(200)
    expect(await listedIds()).toEqual(expect.arrayContaining([client.id, kept.id]))
    advance(1)
    for (const on of [deployment, elsewhere, isolate()]) {
      expect(await use(client, on)).toBe(401)
      expect((await manage('GET', client, on)).status).toBe(401)
      expect((await on.admin('GET', `/admin/clients/${client.id}`)).status).toBe(404)
      const page = await on.fetch(`/oauth2/auth?client_id=${client.id}&response_type=code`)
      expect(new URL(page.headers.get('location') ?? '').searchParams.get('error')).toBe('invalid_client')
      expect(await use(kept, on)).toBe(200)
    }
    const ids = await listedIds()
    expect([ids.includes(client.id), ids.includes(kept.id)]).toEqual([false, true])
  })

  it.each<[string, (client: Client) => Promise<unknown>]>([
    ['a token', (client) => use(client)],
    ['a look at its registration', (client) => manage('GET', client)],
    ['a change of its own', (client) => manage('PUT', client)],
  ])('lives on by %s', async (_, act) => {
    const client = await register()
    advance(60 * DAY)
    await act(client)
    advance(TTL)
    expect(await use(client, isolate())).toBe(200)
  })

  it.each<[string, boolean, (id: string) => Promise<Response>]>([
    ['changed by an admin', true, (id) => deployment.admin('PUT', `/admin/clients/${id}`, MACHINE)],
    ['given lifespans', true, (id) => deployment.admin('PUT', `/admin/clients/${id}/lifespans`, {})],
    ['given a secret', true, (id) => deployment.admin('POST', `/admin/clients/${id}/secrets/rotate`)],
    ['rid of its tokens', false, (id) => deployment.admin('DELETE', `/admin/oauth2/tokens?client_id=${id}`)],
  ])('%s: lives for ever, %s', async (_, lives, act) => {
    const client = await register()
    expect((await act(client.id)).status).toBeLessThan(300)
    advance(10 * TTL)
    expect(await use(client)).toBe(lives ? 200 : 401)
    expect((await manage('GET', client)).headers.get(HEADER)).toBeNull()
  })

  it('is asked for at the source before a copy says that it ended', async () => {
    const client = await register()
    advance(TTL + DAY - 10)
    const [here, there] = [isolate(), isolate()]
    expect((await here.fetch(`/oauth2/auth?client_id=${client.id}&response_type=code`)).status).toBe(302)
    expect(await use(client, there)).toBe(200)
    advance(11)
    expect(await use(client, here)).toBe(200)
  })

  it('never ends sooner than it was told, nor where it was told nothing', async () => {
    const client = await register()
    const free = await register(isolate({ [UNUSED_TTL]: 'off' }))
    const brief = isolate({ [UNUSED_TTL]: '24h' })
    const response = await brief.fetch('/oauth2/register', { method: 'POST', body: JSON.stringify(MACHINE) })
    expect(response.headers.get(HEADER)).toBe(String(DAY))
    const short = clientOf(await bodyOf(response))
    expect((await manage('GET', free)).headers.get(HEADER)).toBeNull()
    advance(3 * DAY)
    expect([await use(client, brief), await use(short, brief)]).toEqual([200, 401])
    // A longer setting counts for all, and none at all too.
    expect(await use(short, isolate())).toBe(200)
    advance(10 * TTL)
    expect(await use(free, brief)).toBe(200)
    expect(await use(client, isolate({ [UNUSED_TTL]: 'off' }))).toBe(200)
  })
})

describe('the note of a use', () => {
  it('costs nothing for clients of admins, and a statement a day for the others', async () => {
    const counted = countCalls(testEnv(ON))
    const on = new Deployment(counted.env)
    const spent = async (client: Client): Promise<number> => {
      await on.fetch(`/oauth2/auth?client_id=${client.id}&response_type=code`)
      counted.reset()
      expect(await use(client, on)).toBe(200)
      return counted.counts.d1
    }
    const made = clientOf(await bodyOf(await deployment.admin('POST', '/admin/clients', MACHINE)))
    const client = await register(on)
    expect([await spent(made), await spent(client)]).toEqual([0, 0])
    advance(DAY)
    expect([await spent(made), await spent(client)]).toEqual([0, 1])
    expect([await spent(made), await spent(client)]).toEqual([0, 0])
    advance(DAY - 1)
    expect([await spent(made), await spent(client)]).toEqual([0, 0])
  })

  it('is not lost beside a change, and raises no version', async () => {
    const store = new ClientStore(patient(testEnv()), seconds(TTL))
    const usedAt = seconds(nowSeconds() - 10 * DAY)
    const record = { ...clientRecord('noted'), usedAt, unusedTtl: seconds(TTL) }
    const stored = await store.insert(record)
    if (stored === undefined) throw new Error('There is one.')
    await store.noteUse(stored)
    expect(store.noteUse(stored)).toBeUndefined()
    expect(await store.replace({ ...stored, version: stored.version + 1 })).toBe(true)
    expect(await store.read('noted')).toMatchObject({ usedAt: nowSeconds(), version: stored.version + 1 })
  })
})

describe('the purge', () => {
  it('deletes what ended, in batches, and nothing else', async () => {
    const store = new ClientStore(patient(testEnv()), seconds(TTL))
    const now = nowSeconds()
    const over = seconds(now - TTL - DAY - 3600)
    const rows: [string, number | null, number | null][] = [
      ['p1', over, TTL],
      ['p2', over - 5, DAY],
      ['p3', over - 9, TTL],
      ['lately', over + 1, TTL],
      ['promised', over, 2 * TTL],
      ['admin', null, null],
    ]
    for (const [id, usedAt, unusedTtl] of rows) {
      const time = (value: number | null) => (value === null ? null : seconds(value))
      const ends = { usedAt: time(usedAt), unusedTtl: time(unusedTtl) }
      await store.insert({ ...clientRecord(id), ...ends })
    }
    const before = await store.read('admin')
    expect([await store.purge(now, 2), await store.purge(now, 2)]).toEqual([3, 0])
    const left = await testEnv()
      .DB.prepare('SELECT id FROM clients WHERE id IN (?1, ?2, ?3, ?4, ?5, ?6)')
      .bind(...rows.map(([id]) => id))
      .all()
    expect(left.results.map(({ id }) => id).toSorted()).toEqual(['admin', 'lately', 'promised'])
    const anew = await store.insert(clientRecord('p1'))
    expect(anew?.version).toBeGreaterThan(1)
    expect(before).toBeDefined()
    expect(clientIdOf('p1')).toBe(anew?.id)
  })

  it('is part of the upkeep', async () => {
    const client = await register()
    const row = async (): Promise<unknown> =>
      testEnv().DB.prepare('SELECT id FROM clients WHERE id = ?').bind(client.id).first()
    advance(TTL + DAY)
    await scheduled(deployment.env)
    expect(await row()).not.toBeNull()
    advance(3600)
    await scheduled(isolate({ [UNUSED_TTL]: 'off' }).env)
    expect(await row()).not.toBeNull()
    await scheduled(deployment.env)
    expect(await row()).toBeNull()
  })
})
