import { Hono } from 'hono'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import { patchClient } from '../../src/admin/client-patch.ts'
import { guardByKey } from '../../src/admin/guard.ts'
import { withClient } from '../../src/client-auth/authenticate.ts'
import type { AppEnv } from '../../src/context.ts'
import { clientEndpoints } from '../../src/endpoints/admin-resources.ts'
import { mount } from '../../src/http/endpoint.ts'
import { renderError } from '../../src/http/error-response.ts'
import { Parameters } from '../../src/http/form.ts'
import { seconds } from '../../src/util/clock.ts'
import { isJsonObject } from '../../src/util/json.ts'
import { testEnv } from '../support/bindings.ts'
import { clientRecord } from '../support/client-record.ts'
import { fitting } from '../support/deployment.ts'
import { withOutage } from '../support/outage.ts'
import { exchangeOf, type RecordedContext, requestContext } from '../support/request-context.ts'

const env = testEnv()

type Answer = { readonly status: number; readonly headers: Headers; readonly body: Record<string, unknown> }
type Call = (method: string, path: string, body?: unknown) => Promise<Answer>

/** The client resource as the app mounts it, over one isolate. */
function serve(ctx: RecordedContext): Call {
  const app = new Hono<AppEnv>()
  mount(app, [{ before: [], endpoints: clientEndpoints(guardByKey) }])
  app.onError((error) => renderError(error))
  return async (method, path, body) => {
    const text = typeof body === 'string' ? body : JSON.stringify(body)
    const init = body === undefined ? { method } : { method, body: text }
    const request = new Request(`http://localhost/admin/clients${path}`, init)
    const response = await fitting(request, await app.request(request, undefined, exchangeOf(ctx)))
    const content: unknown = response.status === 204 ? {} : await response.json()
    if (Array.isArray(content))
      return { status: response.status, headers: response.headers, body: { list: content } }
    if (!isJsonObject(content)) throw new TypeError('not an object')
    return { status: response.status, headers: response.headers, body: content }
  }
}

let ctx: RecordedContext
let call: Call

beforeEach(async () => {
  await env.DB.exec('delete from clients')
  ctx = requestContext(env)
  call = serve(ctx)
})

async function create(body: object): Promise<string> {
  const answer = await call('POST', '', body)
  expect(answer.status).toBe(201)
  return String(answer.body['client_id'])
}

const isSecretOf = async (id: string, secret: unknown): Promise<boolean> => {
  const form = new Parameters([
    ['client_id', id],
    ['client_secret', String(secret)],
  ])
  const request = { authorization: undefined, form }
  const outcome = await withClient(requestContext(env), 'token', request, (_own, client) =>
    Promise.resolve(client),
  ).catch(() => undefined)
  return outcome?.id === id
}
const POST = { token_endpoint_auth_method: 'client_secret_post' }

const MISSING = "There is no client 'nobody'. Check the id: it may have been deleted."

describe('create', () => {
  it('answers 201 with id, secret, location and [] for arrays never sent', async () => {
    const { status, headers, body } = await call('POST', '', { client_name: 'App', ...POST })
    const id = String(body['client_id'])
    expect(status).toBe(201)
    expect(headers.get('location')).toBe(`/admin/clients/${id}`)
    expect(headers.get('content-type')).toBe('application/json; charset=utf-8')
    expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
    expect(body['client_secret']).toMatch(/^[a-zA-Z0-9._~-]{26}$/)
    expect(body).toMatchObject({ grant_types: [], response_types: [], contacts: [], redirect_uris: [] })
    expect(await isSecretOf(id, body['client_secret'])).toBe(true)
    expect(ctx.audits).toEqual([{ event: 'client.created', fields: { client_id: id } }])
    const read = (await call('GET', `/${id}`)).body
    expect(read).toMatchObject({
      client_name: 'App',
      grant_types: [],
      response_types: [],
      contacts: [],
      redirect_uris: [],
    })
    expect(read).not.toHaveProperty('client_secret')
  })

  it('echoes a given secret and takes a given id', async () => {
    const { body } = await call('POST', '', { client_id: 'mine', client_secret: 'correct horse', ...POST })
    expect(body).toMatchObject({ client_id: 'mine', client_secret: 'correct horse' })
    expect(await isSecretOf('mine', 'correct horse')).toBe(true)
  })

  it.each([{}, { client_secret: 'correct horse' }])(
    'shows no secret of a public client: %j',
    async (given) => {
      const { body } = await call('POST', '', { token_endpoint_auth_method: 'none', ...given })
      expect(body).not.toHaveProperty('client_secret')
    },
  )

  it('stores neither the secret nor its plain hash', async () => {
    await create({ client_id: 'sealed', client_secret: 'correct horse' })
    const row = await env.DB.prepare('select * from clients').first()
    expect(JSON.stringify(row)).not.toContain('correct horse')
    expect(row?.['secret_hash']).toMatch(/^hmac1\$/)
  })

  it('escapes the id in the location', async () => {
    const { headers } = await call('POST', '', { client_id: 'a b/c?d' })
    const location = headers.get('location')
    expect(location).toBe('/admin/clients/a%20b%2Fc%3Fd')
    expect((await call('GET', '/a%20b%2Fc%3Fd')).body['client_id']).toBe('a b/c?d')
  })

  it('lets one of many concurrent creations of an id win', async () => {
    const calls = Array.from({ length: 5 }, () =>
      serve(requestContext(env))('POST', '', { client_id: 'race' }),
    )
    const statuses = (await Promise.all(calls)).map((answer) => answer.status)
    expect(statuses.toSorted()).toEqual([201, 409, 409, 409, 409])
  })

  it.each([
    ['a body that is not JSON', '{', 400, 'The request was malformed or contained invalid parameters'],
    ['no body', '', 400, 'The request was malformed or contained invalid parameters'],
    ['an array', [], 400, 'The request was malformed or contained invalid parameters'],
    ['a short secret', { client_secret: '12345' }, 400, 'invalid_client_metadata'],
    ['a bad redirect URI', { redirect_uris: ['x'] }, 400, 'invalid_redirect_uri'],
    ['a hostile id', { client_id: 'a\u0000' }, 400, 'invalid_client_metadata'],
  ])('refuses %s and stores nothing', async (_name, body, status, error) => {
    const answer = await call('POST', '', body)
    expect(answer).toMatchObject({ status, body: { error } })
    expect(Object.keys(answer.body)).toEqual(['error', 'error_description'])
    expect((await call('GET', '')).body['list']).toEqual([])
  })
})

describe('replace', () => {
  it('replaces everything, keeps the secret, the id and the time of creation', async () => {
    const created = (await call('POST', '', { client_name: 'Old', owner: 'me', contacts: ['x'], ...POST }))
      .body
    const id = String(created['client_id'])
    const { status, body } = await call('PUT', `/${id}`, { client_id: 'other', client_name: 'New', ...POST })
    expect(status).toBe(200)
    expect(body).toMatchObject({
      client_id: id,
      client_name: 'New',
      owner: '',
      contacts: [],
      created_at: created['created_at'],
    })
    expect(body).not.toHaveProperty('client_secret')
    expect(await isSecretOf(id, created['client_secret'])).toBe(true)
    expect(await call('GET', '/other')).toMatchObject({ status: 404 })
    expect(ctx.audits.at(-1)).toEqual({ event: 'client.changed', fields: { client_id: id } })
  })

  it('sets and echoes a new secret', async () => {
    const id = await create({ client_secret: 'old secret', ...POST })
    const { body } = await call('PUT', `/${id}`, { client_secret: 'new secret', ...POST })
    expect(body['client_secret']).toBe('new secret')
    expect(await isSecretOf(id, 'new secret')).toBe(true)
    expect(await isSecretOf(id, 'old secret')).toBe(false)
  })

  it('takes what a read gave, unchanged', async () => {
    const id = await create({
      client_name: 'Same',
      redirect_uris: ['https://a.test/cb'],
      implicit_grant_id_token_lifespan: '31h',
    })
    const read = (await call('GET', `/${id}`)).body
    expect((await call('PUT', `/${id}`, read)).body).toEqual({ ...read, updated_at: expect.any(String) })
  })

  it('answers 404 for an unknown client, 400 for a bad body', async () => {
    const missing = { error: 'Unable to locate the resource', error_description: MISSING }
    expect(await call('PUT', '/nobody', {})).toMatchObject({ status: 404, body: missing })
    expect(await call('PUT', '/nobody', { scope: 1 })).toMatchObject({ status: 400 })
  })
})

describe('patch', () => {
  it('adds, removes and replaces', async () => {
    const id = await create({
      client_name: 'Old',
      redirect_uris: ['https://a.test/1'],
      contacts: ['x'],
      metadata: { a: 1 },
    })
    const { status, body } = await call('PATCH', `/${id}`, [
      { op: 'replace', path: '/client_name', value: 'New' },
      { op: 'add', path: '/redirect_uris/-', value: 'https://a.test/2' },
      { op: 'remove', path: '/contacts/0' },
      { op: 'replace', path: '/metadata/b~1c', value: { d: [1] } },
      { op: 'add', path: '/post_logout_redirect_uris/-', value: 'https://a.test/bye' },
      { op: 'replace', path: '/implicit_grant_id_token_lifespan', value: '2h' },
    ])
    expect(status).toBe(200)
    const changed = {
      client_name: 'New',
      redirect_uris: ['https://a.test/1', 'https://a.test/2'],
      contacts: [],
      metadata: { a: 1, 'b/c': { d: [1] } },
      post_logout_redirect_uris: ['https://a.test/bye'],
      implicit_grant_id_token_lifespan: '2h0m0s',
    }
    expect(body).toMatchObject(changed)
    expect((await call('GET', `/${id}`)).body).toMatchObject(changed)
  })

  it('takes each operation on what those before it made, in arrays at the place they name', async () => {
    const id = await create({ contacts: ['a', 'b'] })
    const { status, body } = await call('PATCH', `/${id}`, [
      { op: 'add', path: '/contacts/0', value: 'first' },
      { op: 'add', path: '/contacts/3', value: 'last' },
      { op: 'replace', path: '/contacts/1', value: 'A' },
      { op: 'add', path: '/metadata', value: { list: [] } },
      { op: 'add', path: '/metadata/list/-', value: { x: 1 } },
      { op: 'replace', path: '/metadata/list/0/x', value: 2 },
      { op: 'add', path: '/owner', value: 'nobody' },
      { op: 'remove', path: '/owner' },
    ])
    expect(status).toBe(200)
    const metadata = { list: [{ x: 2 }] }
    expect(body).toMatchObject({ contacts: ['first', 'A', 'b', 'last'], metadata, owner: '' })
  })

  it('says the same when it is applied once more', () => {
    const patch = [
      { op: 'add', path: '/metadata', value: { list: [] } },
      { op: 'add', path: '/metadata/list/-', value: 'x' },
    ]
    const record = { ...clientRecord('patched'), version: 1 }
    const first = patchClient(record, patch)
    expect(first).toMatchObject({ metadata: { list: ['x'] } })
    expect(patchClient(record, patch)).toEqual(first)
  })

  it('keeps the secret unless it is patched', async () => {
    const id = await create({ client_secret: 'old secret', ...POST })
    const untouched = await call('PATCH', `/${id}`, [{ op: 'replace', path: '/client_name', value: 'x' }])
    expect(untouched.body).not.toHaveProperty('client_secret')
    expect(await isSecretOf(id, 'old secret')).toBe(true)
    const patched = await call('PATCH', `/${id}`, [
      { op: 'replace', path: '/client_secret', value: 'new secret' },
    ])
    expect(patched.body['client_secret']).toBe('new secret')
    expect(await isSecretOf(id, 'new secret')).toBe(true)
    expect(await isSecretOf(id, 'old secret')).toBe(false)
  })

  it('takes the id it already has', async () => {
    await create({ client_id: 'same' })
    const { status } = await call('PATCH', '/same', [{ op: 'replace', path: '/client_id', value: 'same' }])
    expect(status).toBe(200)
  })

  const add = (path: string) => [{ op: 'add', path, value: 'x' }]
  it.each([
    ['no array', { op: 'add', path: '/owner', value: 'x' }],
    ['an entry that is no object', ['x']],
    ['an unknown operation', [{ op: 'frob', path: '/owner', value: 'x' }]],
    ['test', [{ op: 'test', path: '/owner', value: '' }]],
    ['move', [{ op: 'move', from: '/owner', path: '/client_name' }]],
    ['copy', [{ op: 'copy', from: '/owner', path: '/client_name' }]],
    ['no path', [{ op: 'add', value: 'x' }]],
    ['no value', [{ op: 'add', path: '/owner' }]],
    ['a path without slash', add('owner')],
    ['the whole document', add('')],
    ['/id', add('/id')],
    ['/ID', add('/ID')],
    ['below /id', add('/id/x')],
    ['/RotatedSecrets', add('/RotatedSecrets')],
    ['/__proto__', add('/__proto__')],
    ['a prototype below', add('/metadata/constructor/x')],
    ['another id', [{ op: 'replace', path: '/client_id', value: 'victim' }]],
    ['no id', [{ op: 'remove', path: '/client_id' }]],
    ['a missing member to remove', [{ op: 'remove', path: '/nothing' }]],
    ['a missing parent', add('/nothing/here')],
    ['a missing entry to replace', [{ op: 'replace', path: '/redirect_uris/7', value: 'https://a.test' }]],
    ['a malformed index', add('/redirect_uris/01')],
    ['a name of an array', [{ op: 'replace', path: '/redirect_uris/length', value: 0 }]],
    ['an entry after the end', add('/redirect_uris/9')],
    ['the end of an array to remove', [{ op: 'remove', path: '/redirect_uris/-' }]],
    ['the end of a missing array', add('/nothing/-')],
    ['below a text', add('/client_name/0')],
    ['an inherited name', [{ op: 'remove', path: '/toString' }]],
    ['below an inherited name', add('/toString/name')],
    ['below a malformed index', add('/redirect_uris/0x/a')],
    ['a wrong type', [{ op: 'add', path: '/owner', value: 5 }]],
    ['a broken rule', [{ op: 'add', path: '/subject_type', value: 'pairwise' }]],
    ['a good operation before a bad one', [...add('/owner'), ...add('/id')]],
  ])('refuses %s with 400 and changes nothing', async (_name, patch) => {
    await create({ client_id: 'victim' })
    const id = await create({ client_id: 'patched' })
    const before = await call('GET', `/${id}`)
    expect((await call('PATCH', `/${id}`, patch)).status).toBe(400)
    expect((await call('GET', `/${id}`)).body).toEqual(before.body)
    expect((await call('GET', '/victim')).status).toBe(200)
  })

  it('loses none of many concurrent patches it accepts', async () => {
    const id = await create({ audience: [] })
    const patches = Array.from({ length: 4 }, (_, index) =>
      serve(requestContext(env))('PATCH', `/${id}`, [{ op: 'add', path: '/audience/-', value: `a${index}` }]),
    )
    const accepted = (await Promise.all(patches)).filter((answer) => answer.status === 200)
    expect(accepted.length).toBeGreaterThan(0)
    expect((await call('GET', `/${id}`)).body['audience']).toHaveLength(accepted.length)
  })

  it('answers 404 for an unknown client', async () => {
    expect((await call('PATCH', '/nobody', [])).status).toBe(404)
  })
})

describe('delete', () => {
  it('answers 204, then 404 everywhere', async () => {
    const id = await create({ ...POST, client_secret: 'correct horse' })
    expect((await call('DELETE', `/${id}`)).status).toBe(204)
    expect(ctx.audits.at(-1)).toEqual({ event: 'client.deleted', fields: { client_id: id } })
    for (const method of ['DELETE', 'GET']) expect((await call(method, `/${id}`)).status).toBe(404)
    expect(await isSecretOf(id, 'correct horse')).toBe(false)
  })
})

describe('list', () => {
  const ids = (answer: Answer): unknown => {
    const list = answer.body['list']
    return Array.isArray(list) ? list.map((client) => client.client_id) : answer.body
  }
  const linksOf = (answer: Answer): Record<string, string> => {
    const found = (answer.headers.get('link') ?? '').matchAll(/<\/admin\/clients([^>]*)>; rel="(\w+)"/g)
    return Object.fromEntries([...found].map(([, target = '', rel = '']) => [rel, target]))
  }

  beforeEach(async () => {
    for (const [id, owner] of [
      ['c1', 'a'],
      ['c2', 'b'],
      ['c3', 'a'],
      ['c4', 'b'],
      ['c5', 'a'],
    ]) {
      await create({ client_id: id, owner, client_name: `Name of ${owner}` })
    }
  })

  it('walks by page tokens in the order of ids', async () => {
    let answer = await call('GET', '?page_size=2')
    const pages = [ids(answer)]
    for (let next = linksOf(answer)['next']; next !== undefined; next = linksOf(answer)['next']) {
      answer = await call('GET', next)
      pages.push(ids(answer))
    }
    expect(pages).toEqual([['c1', 'c2'], ['c3', 'c4'], ['c5']])
    expect(ids(await call('GET', linksOf(answer)['first'] ?? ''))).toEqual(['c1', 'c2'])
    expect(answer.headers.get('x-total-count')).toBeNull()
  })

  it('keeps filters while it walks', async () => {
    const first = await call('GET', '?page_size=2&owner=a&client_name=Name%20of%20a')
    expect(ids(first)).toEqual(['c1', 'c3'])
    expect(ids(await call('GET', linksOf(first)['next'] ?? ''))).toEqual(['c5'])
    expect(ids(await call('GET', '?owner=nobody'))).toEqual([])
    expect(ids(await call('GET', '?owner=&client_name='))).toHaveLength(5)
  })

  it('goes on behind a client that was deleted meanwhile', async () => {
    const first = await call('GET', '?page_size=2')
    await call('DELETE', '/c2')
    expect(ids(await call('GET', linksOf(first)['next'] ?? ''))).toEqual(['c3', 'c4'])
  })

  it('walks by limit and offset with a total', async () => {
    const middle = await call('GET', '?limit=2&offset=2')
    expect(ids(middle)).toEqual(['c3', 'c4'])
    expect(middle.headers.get('x-total-count')).toBe('5')
    expect(linksOf(middle)).toEqual({
      first: '?limit=2&offset=0',
      next: '?limit=2&offset=4',
      prev: '?limit=2&offset=0',
      last: '?limit=2&offset=4',
    })
    const last = await call('GET', '?limit=2&offset=4')
    expect(ids(last)).toEqual(['c5'])
    expect(Object.keys(linksOf(last))).toEqual(['first', 'prev', 'last'])
    expect(Object.keys(linksOf(await call('GET', '?limit=2')))).toEqual(['first', 'next', 'last'])
    const filtered = await call('GET', '?limit=1&owner=b')
    expect(filtered.headers.get('x-total-count')).toBe('2')
    expect(linksOf(filtered)['next']).toBe('?limit=1&offset=1&owner=b')
    expect(ids(await call('GET', '?offset=9'))).toEqual([])
  })

  it('caps sizes instead of refusing them', async () => {
    expect(linksOf(await call('GET', '?page_size=9999'))['first']).toContain('page_size=500')
    expect(linksOf(await call('GET', '?limit=9999'))['first']).toContain('limit=500')
    expect(linksOf(await call('GET', ''))['first']).toContain('page_size=100')
  })

  it.each(['page_size=0', 'page_size=-1', 'page_size=', 'limit=0', 'limit=-5', 'offset=-1'])(
    'takes %s for the default, as Hydra does',
    async (query) => {
      const answer = await call('GET', `?${query}`)
      const size = query.startsWith('page_size') ? 'page_size=100' : 'limit=100&offset=0'
      expect([ids(answer), linksOf(answer)['first']]).toEqual([
        ['c1', 'c2', 'c3', 'c4', 'c5'],
        expect.stringContaining(`?${size}`),
      ])
    },
  )

  it.each([
    '?page_size=x',
    '?page_size=1.5',
    '?page_size=--1',
    '?limit=1e3',
    '?limit=1&page_size=1',
    '?offset=1&page_token=x',
    '?page_token=x',
    '?page_token=bm90.aG91cnM',
  ])('refuses %s', async (query) => {
    expect(await call('GET', query)).toMatchObject({
      status: 400,
      body: { error: 'The request was malformed or contained invalid parameters' },
    })
  })

  it('refuses two owners, and takes the same one twice', async () => {
    expect(await call('GET', '?owner=a&owner=b')).toMatchObject({
      status: 400,
      body: { error: 'invalid_request' },
    })
    expect(ids(await call('GET', '?owner=b&owner=b'))).toEqual(['c2', 'c4'])
  })

  it('refuses a token after an hour, of another list and of another kind', async () => {
    const next = linksOf(await call('GET', '?page_size=2'))['next'] ?? ''
    vi.useFakeTimers({ toFake: ['Date'] })
    vi.setSystemTime(Date.now() + 3_600_000)
    expect((await call('GET', next)).status).toBe(400)
    vi.useRealTimers()
    const { envelopes } = ctx.rt
    const foreign = await envelopes.seal('page_token', { list: '/admin/other', after: 'c1' }, null)
    const code = await envelopes.seal('code', { list: '/admin/clients', after: 'c1' }, seconds(9_999_999_999))
    for (const token of [foreign, code]) expect((await call('GET', `?page_token=${token}`)).status).toBe(400)
  })
})

it('answers 503 with Retry-After on every route while storage is down', async () => {
  vi.spyOn(console, 'log').mockImplementation(() => undefined)
  const outage = withOutage(env)
  const away = serve(requestContext(outage.env))
  await away('POST', '', { client_id: 'known' })
  outage.down = true
  const routes: readonly (readonly [string, string, unknown?])[] = [
    ['POST', '', {}],
    ['GET', ''],
    ['GET', '?limit=1'],
    ['GET', '/known'],
    ['PUT', '/known', {}],
    ['PATCH', '/known', []],
    ['DELETE', '/known'],
  ]
  for (const [method, path, body] of routes) {
    const answer = await away(method, path, body)
    expect(answer).toMatchObject({ status: 503, body: { error: 'temporarily_unavailable' } })
    expect(answer.headers.get('retry-after')).not.toBeNull()
  }
  vi.restoreAllMocks()
})
