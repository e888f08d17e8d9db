import { describe, expect, it } from 'vitest'
import { countCalls } from '../support/bindings.ts'
import { Browser, bodyOf, Deployment, ISSUER, testEnv } from '../support/deployment.ts'
import {
  authorizationPath,
  LoginApp,
  logIn,
  parameter,
  REDIRECT_URI,
  registerClient,
  tokenRequest,
} from '../support/relying-party.ts'

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

  it("keeps what v1's path does not show, where what was read is sent back", async () => {
    const own = { id_token_signed_response_alg: 'RS256', 'client_name#de': 'Programm' }
    const { id, token } = await register({ ...METADATA, ...own })
    await deployment.admin('PATCH', `/admin/clients/${id}`, [
      { op: 'replace', path: '/skip_consent', value: true },
    ])
    const path = `/connect/register/${id}`
    const read = await bodyOf(await send('GET', path, { token }))
    expect((await send('PUT', path, { token, body: { ...read, client_name: 'New' } })).status).toBe(200)
    const kept = await bodyOf(await deployment.admin('GET', `/admin/clients/${id}`))
    expect(kept).toMatchObject({ ...own, client_name: 'New', skip_consent: false })
  })

  it('replaces the client and gives a new token, whose first use ends this one, everywhere', async () => {
    const { id, secret, path, token } = await register()
    await deployment.admin('PATCH', `/admin/clients/${id}`, [
      { op: 'add', path: '/metadata/plan', value: 'gold' },
      { op: 'replace', path: '/grant_types', value: ['authorization_code', 'client_credentials'] },
      { op: 'replace', path: '/skip_consent', value: true },
      { op: 'replace', path: '/skip_logout_consent', value: true },
      { op: 'add', path: '/scope_descriptions', value: { openid: 'Know you' } },
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
    const other = new Deployment(testEnv(ON))
    expect((await send('GET', path, { token, on: other })).status).toBe(200)
    const first = await bodyOf(await send('GET', path, { token: next, on: other }))
    expect(first['updated_at']).toBe(answer['updated_at'])
    for (const on of [deployment, other, new Deployment(testEnv(ON))]) {
      for (const method of ['GET', 'PUT', 'DELETE']) {
        const refused = await send(method, path, { token, body: method === 'GET' ? undefined : {}, on })
        expect([method, refused.status]).toEqual([method, 401])
      }
      expect((await send('GET', path, { token: next, on })).status).toBe(200)
    }
    const kept = await bodyOf(await deployment.admin('GET', `/admin/clients/${id}`))
    // What is now at other addresses must ask its users again, in nobody's words, until an admin says otherwise.
    expect(kept).toMatchObject({ metadata: { plan: 'gold' }, skip_consent: false })
    expect(kept).not.toHaveProperty('skip_logout_consent')
    expect(kept).not.toHaveProperty('scope_descriptions')
    expect(
      (await tokenRequest(deployment, { id, secret }, { grant_type: 'client_credentials' })).status,
    ).toBe(200)
  })

  it('locks nobody out when the answer to a change is lost', async () => {
    const { path, token } = await register()
    const change = async (presented: string, client_name: string): Promise<string> => {
      const answer = await send('PUT', path, { token: presented, body: { ...METADATA, client_name } })
      expect([client_name, answer.status]).toEqual([client_name, 200])
      return String((await bodyOf(answer))['registration_access_token'])
    }
    const lost = await change(token, 'Once')
    const second = await change(token, 'Twice')
    // Of several only the newest counts: whoever got an earlier one finds out.
    expect((await send('GET', path, { token: lost })).status).toBe(401)
    const third = await change(second, 'Thrice')
    for (const dead of [token, lost]) expect((await send('GET', path, { token: dead })).status).toBe(401)
    expect((await send('GET', path, { token: second })).status).toBe(200)
    expect((await send('DELETE', path, { token: third })).status).toBe(204)
  })

  it('concurrent changes end with one new token', async () => {
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
    const tokens = await Promise.all(
      answers
        .filter(({ status }) => status === 200)
        .map(async (answer) => String((await bodyOf(answer))['registration_access_token'])),
    )
    expect(new Set(tokens).size).toBe(tokens.length)
    const states = await Promise.all(
      tokens.map(async (each) => (await send('GET', path, { token: each })).status),
    )
    expect(states.toSorted()).toEqual([200, ...tokens.slice(1).map(() => 401)])
    expect((await send('GET', path, { token })).status).toBe(401)
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

describe('a registration that an admin set', () => {
  const LIMITS = {
    redirect_uris: [REDIRECT_URI],
    grant_types: ['client_credentials', 'refresh_token'],
    scope: 'billing.read reports.*',
    audience: ['https://api.example/v1'],
    token_endpoint_auth_method: 'client_secret_post',
    request_object_signing_alg: 'ES256',
    client_credentials_grant_access_token_lifespan: '10m',
    refresh_token_grant_refresh_token_lifespan: '24h',
  }
  async function limited(metadata: object = LIMITS): Promise<Registered> {
    const body = await bodyOf(await deployment.admin('POST', '/admin/clients', metadata))
    const id = String(body['client_id'])
    const secret = String(body['client_secret'])
    return { id, secret, token: String(body['registration_access_token']), path: `/oauth2/register/${id}` }
  }

  it.each<[string, object, object?]>([
    ['scope', { scope: 'billing.read billing.write' }],
    ['scope', { scope: '*' }],
    ['audience', { audience: ['https://api.example/v2'] }],
    ['audience', { audience: ['https://api.example/v1x'] }],
    ['grant_types', { grant_types: ['client_credentials', 'authorization_code'] }],
    ['response_types', { response_types: ['code', 'code id_token'] }],
    ['token_endpoint_auth_method', { token_endpoint_auth_method: 'none' }],
    [
      'token_endpoint_auth_method',
      { token_endpoint_auth_method: 'client_secret_basic' },
      { token_endpoint_auth_method: 'private_key_jwt', jwks_uri: 'https://app.example/jwks.json' },
    ],
    ['request_object_signing_alg', { request_object_signing_alg: 'none' }],
    [
      'client_credentials_grant_access_token_lifespan',
      { client_credentials_grant_access_token_lifespan: '1000000h' },
    ],
    ['implicit_grant_id_token_lifespan', { implicit_grant_id_token_lifespan: '2h' }],
    ['refresh_token_grant_refresh_token_lifespan', { refresh_token_grant_refresh_token_lifespan: '-1s' }],
  ])('cannot be widened by the client: %s to %j', async (field, change, beside = {}) => {
    const { id, path, token } = await limited({ ...LIMITS, ...beside })
    const before = await bodyOf(await deployment.admin('GET', `/admin/clients/${id}`))
    const refused = await send('PUT', path, { token, body: { ...LIMITS, ...beside, ...change } })
    expect([refused.status, await bodyOf(refused)]).toEqual([
      400,
      {
        error: 'invalid_client_metadata',
        error_description: expect.stringContaining(`Field '${field}' goes beyond what an admin set.`),
      },
    ])
    expect(await bodyOf(await deployment.admin('GET', `/admin/clients/${id}`))).toEqual(before)
  })

  it('may be narrowed and back, and keeps what the client leaves out', async () => {
    const { path, token } = await limited()
    const narrow = {
      scope: 'billing.read reports.daily',
      audience: ['https://api.example/v1/users'],
      grant_types: ['client_credentials'],
      token_endpoint_auth_method: 'client_secret_basic',
      client_credentials_grant_access_token_lifespan: '5m0s',
    }
    const first = await bodyOf(await send('PUT', path, { token, body: narrow }))
    expect(first).toMatchObject({ ...narrow, refresh_token_grant_refresh_token_lifespan: '24h0m0s' })
    const next = String(first['registration_access_token'])
    const second = await bodyOf(
      await send('PUT', path, { token: next, body: { redirect_uris: [REDIRECT_URI] } }),
    )
    expect(second).toMatchObject({
      ...LIMITS,
      client_credentials_grant_access_token_lifespan: '10m0s',
      refresh_token_grant_refresh_token_lifespan: '24h0m0s',
    })
  })

  it('has the bounds of the last admin change, whoever registered it', async () => {
    const { id, path, token } = await register({ ...METADATA, scope: 'openid' })
    const wider = await send('PUT', path, { token, body: { ...METADATA, scope: 'openid email' } })
    const own = String((await bodyOf(wider))['registration_access_token'])
    expect(wider.status).toBe(200)
    await deployment.admin('PATCH', `/admin/clients/${id}`, [{ op: 'add', path: '/owner', value: 'me' }])
    const asked = (scope: string): Promise<Response> =>
      send('PUT', path, { token: own, body: { ...METADATA, scope } })
    expect((await asked('openid email admin')).status).toBe(400)
    await deployment.admin('PATCH', `/admin/clients/${id}`, [
      { op: 'replace', path: '/scope', value: 'openid email admin' },
    ])
    expect((await asked('openid email admin')).status).toBe(200)
    await deployment.admin('PUT', `/admin/clients/${id}/lifespans`, {
      implicit_grant_id_token_lifespan: '1m',
    })
    const longer = { ...METADATA, implicit_grant_id_token_lifespan: '2m' }
    expect((await send('PUT', path, { token: own, body: longer })).status).toBe(400)
  })

  it('stays pairwise and in its sector, with the keys that are its own to change', async () => {
    const on = new Deployment(
      testEnv({
        ...ON,
        OIDC_SUBJECT_IDENTIFIERS_SUPPORTED_TYPES: 'public,pairwise',
        OIDC_SUBJECT_IDENTIFIERS_PAIRWISE_SALT: 'a-salt-of-the-operator',
      }),
    )
    const sent = { ...METADATA, subject_type: 'pairwise' }
    const made = await bodyOf(await on.admin('POST', '/admin/clients', sent))
    const path = `/oauth2/register/${made['client_id']}`
    const token = String(made['registration_access_token'])
    const change = (body: object): Promise<Response> => send('PUT', path, { token, body, on })
    expect((await change({ ...METADATA, subject_type: 'public' })).status).toBe(400)
    // In another's sector it would know users as that one does.
    const moved = await change({ ...METADATA, redirect_uris: ['https://victim.example/cb'] })
    expect([moved.status, (await bodyOf(moved))['error']]).toEqual([400, 'invalid_client_metadata'])
    const jwks_uri = 'https://app.example/jwks.json'
    const kept = await change({ ...METADATA, jwks_uri })
    expect(await bodyOf(kept)).toMatchObject({ subject_type: 'pairwise', jwks_uri })
  })

  it.each<[string, string, string, unknown]>([
    ['rotation of the secret', 'POST', '/secrets/rotate', undefined],
    ['a new secret', 'PUT', '', { ...METADATA, client_secret: 'a-secret-of-the-admin' }],
    ['another way to authenticate', 'PUT', '', { ...METADATA, token_endpoint_auth_method: 'none' }],
    ['another key', 'PUT', '', { ...METADATA, jwks_uri: 'https://app.example/jwks.json' }],
  ])('ends older registration tokens by %s, and gives the new one', async (_, method, suffix, body) => {
    const { id, path, token } = await limited(METADATA)
    const answer = await bodyOf(await deployment.admin(method, `/admin/clients/${id}${suffix}`, body))
    expect((await send('GET', path, { token })).status).toBe(401)
    expect((await send('PUT', path, { token, body: METADATA })).status).toBe(401)
    const next = String(answer['registration_access_token'])
    expect((await send('GET', path, { token: next })).status).toBe(200)
  })
})

describe("a client's secret", () => {
  it('manages nothing, on no path, current or rotated away', async () => {
    for (const token_endpoint_auth_method of ['client_secret_basic', 'client_secret_post']) {
      const old = await register({ ...METADATA, token_endpoint_auth_method })
      const rotated = await bodyOf(await deployment.admin('POST', `/admin/clients/${old.id}/secrets/rotate`))
      for (const secret of [old.secret, String(rotated['client_secret'])])
        for (const path of ['/connect/register', '/oauth2/register'])
          for (const [method, body] of [
            ['GET', undefined],
            ['PUT', JSON.stringify({ scope: 'admin' })],
            ['DELETE', undefined],
          ] as const)
            for (const [query, headers] of [
              ['', basic({ ...old, secret })],
              [`?client_secret=${secret}`, {}],
            ] as const) {
              const init = { method, headers, ...(body !== undefined && { body }) }
              const response = await deployment.fetch(`${path}/${old.id}${query}`, init)
              expect([response.status, (await bodyOf(response))['error']]).toEqual([401, UNAUTHORIZED])
            }
      expect((await deployment.admin('GET', `/admin/clients/${old.id}`)).status).toBe(200)
    }
  })

  it('is made when a public client becomes confidential', async () => {
    const { path, token } = await register({ ...METADATA, token_endpoint_auth_method: 'none' })
    const body = await bodyOf(await send('PUT', path, { token, body: METADATA }))
    expect(body['client_secret']).toMatch(/^[a-zA-Z0-9._~-]{26}$/)
  })
})

describe('a remembered consent', () => {
  const OTHER = 'https://evil.example/cb'

  it.each<[string, boolean, object]>([
    // At one host: with others a client that registered itself is asked about each time.
    ['other redirect URIs', false, { redirect_uris: [REDIRECT_URI, `${REDIRECT_URI}/other`] }],
    ['another scope', false, { scope: 'openid offline_access email' }],
    ['another name', true, { client_name: 'New' }],
  ])('after the client gave itself %s, still counts: %s', async (_, remembered, change) => {
    const sent = {
      ...METADATA,
      scope: 'openid offline_access',
      grant_types: ['authorization_code', 'refresh_token'],
    }
    const { id, secret, path, token } = await register(sent)
    const browser = new Browser(deployment)
    const login = { subject: `user-${id}`, remember: true }
    const consent = { remember: true }
    const client = { id, secret }
    await logIn(deployment, client, { browser, login, consent })
    const skips = async (): Promise<boolean> => {
      const app = new LoginApp(deployment)
      const atLogin = await browser.next(authorizationPath(client))
      const next = await app.decide('login', 'accept', parameter(atLogin, 'login_challenge'), login)
      const atConsent = await browser.next(next)
      return (
        (await bodyOf(await app.get('consent', parameter(atConsent, 'consent_challenge'))))['skip'] === true
      )
    }
    expect(await skips()).toBe(true)
    expect((await send('PUT', path, { token, body: { ...sent, ...change } })).status).toBe(200)
    expect(await skips()).toBe(remembered)
    await logIn(deployment, client, { browser, login, consent })
    expect(await skips()).toBe(true)
  })

  it('is not made by a flow from before the change', async () => {
    const { id, path, token } = await register()
    const browser = new Browser(deployment)
    const app = new LoginApp(deployment)
    const atLogin = await browser.next(authorizationPath({ id, secret: '' }))
    const next = await app.decide('login', 'accept', parameter(atLogin, 'login_challenge'), { subject: 'a' })
    const redirect_uris = [REDIRECT_URI, OTHER]
    expect((await send('PUT', path, { token, body: { ...METADATA, redirect_uris } })).status).toBe(200)
    expect((await browser.next(next)).pathname).toBe('/oauth2/auth')
  })
})
