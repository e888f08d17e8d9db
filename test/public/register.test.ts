import { describe, expect, it } from 'vitest'
import { countCalls } from '../support/bindings.ts'
import { bodyOf, Deployment, ISSUER, testEnv } from '../support/deployment.ts'
import { logIn, REDIRECT_URI, registerClient, tokenRequest } from '../support/relying-party.ts'

const ON = { OIDC_DYNAMIC_CLIENT_REGISTRATION_ENABLED: 'true' }
const counted = countCalls(testEnv(ON))
const deployment = new Deployment(counted.env)
const METADATA = { client_name: 'App', redirect_uris: [REDIRECT_URI] }
const UNAUTHORIZED = 'The request could not be authorized'

function send(
  method: string,
  path: string,
  { token, body, on = deployment }: { token?: string | undefined; body?: unknown; on?: Deployment } = {},
): Promise<Response> {
  return on.fetch(path, {
    method,
    headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
}

interface Registered {
  readonly id: string
  readonly secret: string
  readonly token: string
  readonly path: string
}

async function register(metadata: object = METADATA): Promise<Registered> {
  const response = await send('POST', '/oauth2/register', { body: metadata })
  expect(response.status).toBe(201)
  const body = await bodyOf(response)
  const id = String(body['client_id'])
  const secret = String(body['client_secret'])
  return { id, secret, token: String(body['registration_access_token']), path: `/oauth2/register/${id}` }
}

const basic = ({ id, secret }: Pick<Registered, 'id' | 'secret'>): Record<string, string> => ({
  authorization: `Basic ${btoa(`${id}:${secret}`)}`,
})

describe('turned off, as at first', () => {
  const off = new Deployment(testEnv())

  it.each(['/oauth2/register', '/connect/register'])('%s: 404 for all four', async (path) => {
    for (const [method, url] of [
      ['POST', path],
      ['GET', `${path}/x`],
      ['PUT', `${path}/x`],
      ['DELETE', `${path}/x`],
    ] as const) {
      const response = await send(method, url, { on: off })
      expect([method, response.status]).toEqual([method, 404])
      expect(await bodyOf(response)).toMatchObject({
        error: 'The requested resource could not be found',
      })
    }
  })

  it('is not advertised, but for a configured address; turned on it is', async () => {
    const endpointOf = async (settings: object): Promise<unknown> => {
      const other = new Deployment(testEnv({ ...settings }))
      const document = await bodyOf(await other.fetch('/.well-known/openid-configuration'))
      return document['registration_endpoint']
    }
    const elsewhere = { WEBFINGER_OIDC_DISCOVERY_CLIENT_REGISTRATION_URL: 'https://reg.example/new' }
    expect(await endpointOf({})).toBeUndefined()
    expect(await endpointOf(elsewhere)).toBe('https://reg.example/new')
    expect(await endpointOf(ON)).toBe(`${ISSUER}/oauth2/register`)
    expect(await endpointOf({ ...ON, ...elsewhere })).toBe('https://reg.example/new')
  })
})

describe('a registration', () => {
  it.each(['/oauth2/register', '/connect/register'])(
    '%s: gives id, secret, token and address',
    async (path) => {
      const response = await send('POST', path, { body: { ...METADATA, client_id: 'wanted' } })
      const body = await bodyOf(response)
      const id = String(body['client_id'])
      expect(response.status).toBe(201)
      expect(id).toMatch(/^[0-9a-f-]{36}$/)
      expect(body).toMatchObject({
        client_name: 'App',
        redirect_uris: [REDIRECT_URI],
        scope: 'offline_access offline openid',
        client_secret: expect.stringMatching(/^[a-zA-Z0-9._~-]{26}$/),
        client_secret_expires_at: 0,
        registration_access_token: expect.stringMatching(/^ory_at_[\w-]+\.[\w-]+$/),
        registration_client_uri: `${ISSUER}/oauth2/register/${id}`,
      })
      expect(response.headers.get('location')).toBe(`${ISSUER}/oauth2/register/${id}`)
      expect(response.headers.get('cache-control')).toBe('no-store')
    },
  )

  it('is a client like any other', async () => {
    const { id, secret } = await register({
      ...METADATA,
      grant_types: ['authorization_code', 'refresh_token', 'client_credentials'],
    })
    expect(
      (await tokenRequest(deployment, { id, secret }, { grant_type: 'client_credentials' })).status,
    ).toBe(200)
    expect(await logIn(deployment, { id, secret })).toMatchObject({ token_type: 'bearer' })
  })

  it.each<[string, object]>([
    ['nothing', {}],
    ['little', METADATA],
    ['a public client', { ...METADATA, token_endpoint_auth_method: 'none' }],
    [
      'null and empty members',
      {
        ...METADATA,
        contacts: null,
        client_uri: '',
        logo_uri: null,
        request_uris: [],
        jwks: null,
        audience: [''],
        grant_types: [],
        response_types: null,
      },
    ],
  ])('is answered without null or empty members, at every depth: %s', async (_, sent) => {
    const created = await bodyOf(await send('POST', '/oauth2/register', { body: sent }))
    const path = `/oauth2/register/${created['client_id']}`
    const token = String(created['registration_access_token'])
    const read = await bodyOf(await send('GET', path, { token }))
    const replaced = await bodyOf(await send('PUT', path, { token, body: sent }))
    for (const answer of [created, read, replaced]) {
      expect(JSON.stringify(answer)).not.toMatch(/null|""|\[\]|\{\}/)
      // The defaults of RFC 7591 section 2, and what Hydra always says.
      expect(answer).toMatchObject({
        grant_types: ['authorization_code'],
        response_types: ['code'],
        scope: 'offline_access offline openid',
        subject_type: 'public',
        token_endpoint_auth_method: expect.any(String),
        client_secret_expires_at: 0,
        skip_consent: false,
        created_at: expect.stringMatching(/^20/),
      })
    }
  })

  it('shows no secret of a public client', async () => {
    const response = await send('POST', '/oauth2/register', {
      body: { ...METADATA, token_endpoint_auth_method: 'none' },
    })
    const body = await bodyOf(response)
    expect(body).not.toHaveProperty('client_secret')
    expect(body).toHaveProperty('registration_access_token')
  })

  const MALFORMED = 'The request was malformed or contained invalid parameters'
  it.each([
    ['client_secret', 'a-secret-of-mine', 400, MALFORMED, 403, 'The requested action was forbidden'],
    ['access_token_strategy', 'jwt', 400, MALFORMED, 400, MALFORMED],
    ['metadata', { plan: 'gold' }, 400, 'invalid_client_metadata', 400, 'invalid_client_metadata'],
    ['skip_consent', true, 400, 'invalid_request', 400, 'invalid_request'],
    ['skip_logout_consent', true, 400, 'invalid_request', 400, 'invalid_request'],
    ['redirect_uris', ['x'], 400, 'invalid_redirect_uri', 400, 'invalid_redirect_uri'],
  ])('cannot set %s', async (field, value, onCreate, createError, onUpdate, updateError) => {
    const body = { ...METADATA, [field]: value }
    const created = await send('POST', '/oauth2/register', { body })
    expect([created.status, (await bodyOf(created))['error']]).toEqual([onCreate, createError])
    const { path, token } = await register()
    const updated = await send('PUT', path, { token, body })
    expect([updated.status, (await bodyOf(updated))['error']]).toEqual([onUpdate, updateError])
    expect((await send('GET', path, { token })).status).toBe(200)
  })

  it('may set what is empty or false, grants, scopes and lifespans', async () => {
    const body = {
      ...METADATA,
      metadata: {},
      access_token_strategy: '',
      skip_consent: false,
      skip_logout_consent: false,
      grant_types: ['client_credentials'],
      scope: 'a b',
      audience: ['https://api.example'],
      client_credentials_grant_access_token_lifespan: '5m',
    }
    const response = await send('POST', '/oauth2/register', { body })
    expect(response.status).toBe(201)
    expect(await bodyOf(response)).toMatchObject({
      scope: 'a b',
      client_credentials_grant_access_token_lifespan: '5m0s',
    })
  })
})

describe('a registration access token', () => {
  it('reads the client, without what is shown once or kept by admins', async () => {
    const { id, path, token } = await register()
    await deployment.admin('PATCH', `/admin/clients/${id}`, [
      { op: 'add', path: '/metadata/plan', value: 'gold' },
    ])
    for (const presented of [token, token.slice('ory_at_'.length)]) {
      const response = await send('GET', path, { token: presented })
      const body = await bodyOf(response)
      expect([response.status, body['client_id'], body['client_name']]).toEqual([200, id, 'App'])
      for (const hidden of [
        'client_secret',
        'metadata',
        'registration_access_token',
        'registration_client_uri',
      ]) {
        expect(body).not.toHaveProperty(hidden)
      }
    }
    expect((await send('GET', `${path}?access_token=${token}`)).status).toBe(200)
    expect((await send('GET', `/connect/register/${id}`, { token })).status).toBe(200)
  })

  it('replaces the client, gives a new token, and is dead at once, everywhere', async () => {
    const { id, secret, path, token } = await register()
    await deployment.admin('PATCH', `/admin/clients/${id}`, [
      { op: 'add', path: '/metadata/plan', value: 'gold' },
      { op: 'replace', path: '/skip_consent', value: true },
      { op: 'replace', path: '/skip_logout_consent', value: true },
    ])
    const body = { client_id: 'other', client_name: 'New', grant_types: ['client_credentials'] }
    const response = await send('PUT', path, { token, body })
    const answer = await bodyOf(response)
    expect(response.status).toBe(200)
    expect(answer).toMatchObject({ client_id: id, client_name: 'New' })
    expect(answer).not.toHaveProperty('redirect_uris')
    expect(answer).not.toHaveProperty('registration_client_uri')
    expect(answer).not.toHaveProperty('client_secret')
    const next = String(answer['registration_access_token'])
    expect(next).not.toBe(token)
    for (const on of [deployment, new Deployment(testEnv(ON))]) {
      for (const method of ['GET', 'PUT', 'DELETE']) {
        const refused = await send(method, path, { token, body: method === 'GET' ? undefined : {}, on })
        expect([method, refused.status]).toEqual([method, 401])
      }
      expect((await send('GET', path, { token: next, on })).status).toBe(200)
    }
    const kept = await bodyOf(await deployment.admin('GET', `/admin/clients/${id}`))
    // What is now at other addresses must ask its users again, until an admin says otherwise.
    expect(kept).toMatchObject({ metadata: { plan: 'gold' }, skip_consent: false, skip_logout_consent: null })
    expect(
      (await tokenRequest(deployment, { id, secret }, { grant_type: 'client_credentials' })).status,
    ).toBe(200)
  })

  it('has one winner among concurrent changes', async () => {
    const { path, token } = await register()
    const answers = await Promise.all(
      ['a', 'b', 'c', 'd', 'e'].map((client_name) =>
        send('PUT', path, {
          token,
          body: { client_name },
          on: new Deployment(testEnv(ON)),
        }),
      ),
    )
    expect(answers.map(({ status }) => status).toSorted()).toEqual([200, 401, 401, 401, 401])
  })

  it('deletes the client', async () => {
    const { id, path, token } = await register()
    expect((await send('DELETE', path, { token })).status).toBe(204)
    expect((await deployment.admin('GET', `/admin/clients/${id}`)).status).toBe(404)
    expect((await send('GET', path, { token })).status).toBe(401)
  })

  it('does not open a client created anew under the same id', async () => {
    const first = await bodyOf(await deployment.admin('POST', '/admin/clients', { client_id: 'reborn' }))
    await deployment.admin('DELETE', '/admin/clients/reborn')
    await deployment.admin('POST', '/admin/clients', { client_id: 'reborn' })
    const token = String(first['registration_access_token'])
    expect((await send('GET', '/oauth2/register/reborn', { token })).status).toBe(401)
  })

  it('comes from the admin API too, and lives through its changes', async () => {
    const created = await bodyOf(await deployment.admin('POST', '/admin/clients', { client_id: 'by admin' }))
    const token = String(created['registration_access_token'])
    expect(created['registration_client_uri']).toBe(`${ISSUER}/oauth2/register/by%20admin`)
    await deployment.admin('PUT', '/admin/clients/by%20admin', { client_name: 'Changed' })
    await deployment.admin('PATCH', '/admin/clients/by%20admin', [{ op: 'add', path: '/owner', value: 'me' }])
    const response = await send('GET', '/oauth2/register/by%20admin', { token })
    expect(await bodyOf(response)).toMatchObject({ client_name: 'Changed', owner: 'me' })
    const read = await bodyOf(await deployment.admin('GET', '/admin/clients/by%20admin'))
    expect(read).not.toHaveProperty('registration_access_token')
  })

  it('is no access token', async () => {
    const { token } = await register()
    expect(await deployment.introspect(token)).toEqual({ active: false })
    expect((await send('GET', '/userinfo', { token })).status).toBe(401)
  })

  it('missing, wrong, foreign: one answer, without storage where it does not open', async () => {
    const mine = await register()
    const other = await register()
    const { access_token } = await (
      await tokenRequest(deployment, await registerClient(deployment), { grant_type: 'client_credentials' })
    ).json<{ access_token: string }>()
    const bodies: unknown[] = []
    for (const [path, token] of [
      [mine.path, undefined],
      [mine.path, 'x'],
      [mine.path, `${mine.token}A`],
      [mine.path, access_token],
      [mine.path, other.token],
      ['/oauth2/register/nobody', mine.token],
      ['/oauth2/register/nobody', undefined],
      ['/connect/register/nobody', mine.token],
    ] as const) {
      counted.reset()
      const response = await send('GET', path, { token })
      expect(counted.counts).toEqual({ d1: 0, kv: 0, ledger: 0 })
      expect(response.status).toBe(401)
      bodies.push(await response.json())
    }
    expect(bodies[0]).toMatchObject({ error: UNAUTHORIZED })
    expect(new Set(bodies.map((body) => JSON.stringify(body))).size).toBe(1)
  })
})

describe("the client's own secret, as v1 documents have it", () => {
  const POST = { token_endpoint_auth_method: 'client_secret_post' }
  const get = (path: string, headers: Record<string, string> = {}, method = 'GET', body?: string) =>
    deployment.fetch(path, { method, headers, ...(body === undefined ? {} : { body }) })

  it('works on /connect/register, by the registered method only', async () => {
    const one = await register()
    const two = await register({ ...METADATA, ...POST })
    expect((await get(`/connect/register/${one.id}`, basic(one))).status).toBe(200)
    expect((await get(`/connect/register/${two.id}?client_secret=${two.secret}`)).status).toBe(200)
    for (const response of [
      await get(one.path, basic(one)),
      await get(`${two.path}?client_secret=${two.secret}`),
      await get(`/connect/register/${one.id}?client_secret=${one.secret}`),
      await get(`/connect/register/${two.id}`, basic(two)),
      await get(`/connect/register/${one.id}`, basic({ ...one, secret: 'wrong' })),
      await get(`/connect/register/${two.id}`, basic(one)),
      await get(`/connect/register/${one.id}`),
      await get(`/connect/register/nobody?client_secret=${two.secret}`),
    ]) {
      expect([response.status, (await bodyOf(response))['error']]).toEqual([401, UNAUTHORIZED])
    }
  })

  it('is not the mere id of a public client', async () => {
    const open = await register({ ...METADATA, token_endpoint_auth_method: 'none' })
    expect((await get(`/connect/register/${open.id}`)).status).toBe(401)
    expect((await get(`/connect/register/${open.id}`, basic({ ...open, secret: '' }))).status).toBe(401)
    expect((await get(`/connect/register/${open.id}?client_secret=x`)).status).toBe(401)
  })

  it('changes and deletes', async () => {
    const client = await register()
    const path = `/connect/register/${client.id}`
    const changed = await get(path, basic(client), 'PUT', JSON.stringify({ client_name: 'New' }))
    expect(await bodyOf(changed)).toMatchObject({ client_name: 'New' })
    expect((await send('GET', client.path, { token: client.token })).status).toBe(401)
    expect((await get(path, basic(client), 'DELETE')).status).toBe(204)
    expect((await get(path, basic(client))).status).toBe(401)
  })

  it('is made when a public client becomes confidential', async () => {
    const { path, token } = await register({ ...METADATA, token_endpoint_auth_method: 'none' })
    const body = await bodyOf(await send('PUT', path, { token, body: METADATA }))
    expect(body['client_secret']).toMatch(/^[a-zA-Z0-9._~-]{26}$/)
  })
})
