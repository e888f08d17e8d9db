import { afterEach, describe, expect, it, vi } from 'vitest'
import { countCalls, delayLedger, varyLedger } from '../support/bindings.ts'
import { bodyOf, Deployment, ISSUER, testEnv } from '../support/deployment.ts'
import { tokenRequest } from '../support/relying-party.ts'

const OPEN = { OIDC_DYNAMIC_CLIENT_REGISTRATION_ENABLED: 'true' }
const CLOSED = { ...OPEN, OIDC_DYNAMIC_CLIENT_REGISTRATION_REQUIRE_TOKEN: 'true' }
const counted = countCalls(testEnv(CLOSED))
const deployment = new Deployment(counted.env)
const PATH = '/admin/registration/initial-access-tokens'
const MACHINE = { grant_types: ['client_credentials'] }

afterEach(() => {
  vi.useRealTimers()
  vi.restoreAllMocks()
})

type Answer = Record<string, unknown>

async function make(body: object = {}, on = deployment): Promise<Answer> {
  const response = await on.admin('POST', PATH, body)
  expect(response.status).toBe(201)
  return bodyOf(response)
}

const register = (token: unknown, body: object = MACHINE, on = deployment): Promise<Response> =>
  on.fetch('/oauth2/register', {
    method: 'POST',
    headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
    body: JSON.stringify(body),
  })

const statuses = async (answers: readonly Promise<Response>[]): Promise<number[]> =>
  (await Promise.all(answers)).map(({ status }) => status).toSorted()

const listed = async (): Promise<readonly Answer[]> => {
  const response = await deployment.admin('GET', PATH)
  return response.json()
}

describe('an initial access token', () => {
  it('is made, shown once, listed with its uses, and registers a client that works', async () => {
    const lines = vi.spyOn(console, 'log')
    const made = await make()
    expect(made).toEqual({
      id: expect.stringMatching(/^[0-9a-f-]{36}$/),
      token: expect.stringMatching(/^ory_iat_[\w.-]+$/),
      uses: 1,
      used: 0,
      created_at: expect.stringMatching(/Z$/),
      expires_at: expect.stringMatching(/Z$/),
    })
    const day = Date.parse(String(made['expires_at'])) - Date.parse(String(made['created_at']))
    expect(day).toBe(86_400_000)
    const answer = await register(made['token'])
    const client = await bodyOf(answer)
    expect([answer.status, answer.headers.get('location')]).toEqual([
      201,
      `${ISSUER}/oauth2/register/${client['client_id']}`,
    ])
    const shown = (await listed()).find(({ id }) => id === made['id'])
    const { token, ...kept } = made
    expect(shown).toEqual({ ...kept, used: 1 })
    const credentials = { id: String(client['client_id']), secret: String(client['client_secret']) }
    const issued = await tokenRequest(deployment, credentials, { grant_type: 'client_credentials' })
    expect(issued.status).toBe(200)
    const logged = lines.mock.calls.join('\n')
    expect(logged).toContain(`"initial_access_token":"${made['id']}"`)
    expect(logged).not.toContain(String(token).slice(8, 40))
  })

  it('of N uses gives N clients, whoever asks at once and where', async () => {
    const { token } = await make({ uses: 5 })
    const isolates = [1, 2].map(() => new Deployment(delayLedger(testEnv(CLOSED))))
    const answers = Array.from({ length: 24 }, (_, turn) => register(token, MACHINE, isolates[turn % 2]))
    expect(await statuses(answers)).toEqual([...Array(5).fill(201), ...Array(19).fill(401)])
  })

  it('is not used by a registration that is refused', async () => {
    const { token } = await make()
    for (const body of [{ scope: 5 }, { redirect_uris: ['x'] }, { grant_types: ['password'] }])
      expect((await register(token, body)).status).toBe(400)
    expect(await statuses([register(token)])).toEqual([201])
    expect(await statuses([register(token)])).toEqual([401])
  })

  it('ends when it is revoked, at once and everywhere', async () => {
    const { id, token } = await make({ uses: 10 })
    const elsewhere = new Deployment(testEnv(CLOSED))
    expect((await register(token, MACHINE, elsewhere)).status).toBe(201)
    expect((await deployment.admin('DELETE', `${PATH}/${id}`)).status).toBe(204)
    expect((await register(token, MACHINE, elsewhere)).status).toBe(401)
    expect((await deployment.admin('DELETE', `${PATH}/${id}`)).status).toBe(404)
    expect((await listed()).map((entry) => entry['id'])).not.toContain(id)
  })

  it('limits what its clients register, and what they change of themselves later', async () => {
    const made = await make({
      scope: 'openid mcp.*',
      audience: ['https://api.example'],
      grant_types: ['authorization_code'],
      redirect_hosts: ['*.Partner.example'],
      redirect_schemes: ['https'],
      uses: 9,
    })
    expect(made).toMatchObject({
      scope: 'openid mcp.*',
      audience: ['https://api.example'],
      grant_types: ['authorization_code'],
      redirect_hosts: ['*.partner.example'],
      redirect_schemes: ['https'],
    })
    const uri = 'https://a.partner.example/cb'
    const wide = {
      redirect_uris: [uri],
      scope: 'openid mcp.read admin',
      audience: ['https://api.example/x', 'y'],
    }
    const client = await bodyOf(await register(made['token'], wide))
    const narrow = { scope: 'openid mcp.read', audience: ['https://api.example/x'] }
    expect(client).toMatchObject({ ...narrow, grant_types: ['authorization_code'] })
    const change = async (body: object): Promise<Response> =>
      deployment.fetch(`/oauth2/register/${client['client_id']}`, {
        method: 'PUT',
        headers: { authorization: `Bearer ${client['registration_access_token']}` },
        body: JSON.stringify(body),
      })
    expect(await bodyOf(await change(wide))).toMatchObject(narrow)
    expect((await change({ ...wide, redirect_uris: ['https://evil.example/cb'] })).status).toBe(400)
    expect((await change({ ...wide, ...MACHINE })).status).toBe(400)
    await deployment.admin('PATCH', `/admin/clients/${client['client_id']}`, [
      { op: 'replace', path: '/client_name', value: 'Taken over' },
    ])
    expect((await change({ redirect_uris: ['https://evil.example/cb'] })).status).toBe(400)
  })

  it('narrows what the settings allow, and never widens it', async () => {
    const strict = { ...CLOSED, OIDC_DYNAMIC_CLIENT_REGISTRATION_ALLOWED_SCOPE: 'openid mcp.read' }
    const on = new Deployment(testEnv(strict))
    const { token } = await make({ scope: 'mcp.* admin' }, on)
    const answer = await register(token, { ...MACHINE, scope: 'openid mcp.read mcp.write admin' }, on)
    expect(await bodyOf(answer)).toMatchObject({ scope: 'mcp.read' })
  })

  it.each([
    [[], []],
    [['https://payroll.example/a'], ['https://payroll.example/a', 'https://payroll.example/a/b']],
    [
      ['https://payroll.example', 'https://else.example'],
      ['https://payroll.example/a', 'https://payroll.example/c'],
    ],
  ])('with the audience %j limits which resources its clients reach', async (audience, reached) => {
    const resources = { OIDC_DYNAMIC_CLIENT_REGISTRATION_RESOURCES: 'https://payroll.example/' }
    const on = new Deployment(testEnv({ ...CLOSED, ...resources }))
    const { token } = await make({ audience }, on)
    const method = { token_endpoint_auth_method: 'client_secret_post' }
    const client = await bodyOf(await register(token, { ...MACHINE, ...method }, on))
    const fields = { client_id: String(client['client_id']), client_secret: String(client['client_secret']) }
    const asked = ['', '/a', '/a/b', '/c'].map((path) => `https://payroll.example${path}`)
    const given = []
    for (const resource of [...asked, 'https://else.example/x']) {
      const answer = await on.form('/oauth2/token', { grant_type: 'client_credentials', ...fields, resource })
      if (answer.status === 200) given.push(resource)
    }
    expect(given).toEqual(expect.arrayContaining(reached))
    if (audience.length < 2) expect(given).toEqual(reached)
    expect(given).not.toContain('https://else.example/x')
  })

  it('is good until it expires', async () => {
    const { token } = await make({ expires_in: 60, uses: 9 })
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 58_000 })
    expect((await register(token)).status).toBe(201)
    vi.setSystemTime(Date.now() + 3000)
    expect((await register(token)).status).toBe(401)
  })

  it.each([
    { uses: 0 },
    { uses: 1.5 },
    { uses: 1e9 },
    { expires_in: -1 },
    { expires_in: '60' },
    { expires_in: 400 * 86_400 },
    { scope: 'a"b' },
    { scope: '' },
    { redirect_hosts: ['https://a.example'] },
    { redirect_hosts: [5] },
    { redirect_schemes: ['no scheme'] },
    { grant_types: 'client_credentials' },
    { audience: Array(101).fill('a') },
    { redirect_host: ['a.example'] },
    [[]],
    'token',
  ])('is not made of %j', async (body) => {
    expect((await deployment.admin('POST', PATH, body)).status).toBe(400)
  })

  it.each(['clients', 'flows'])('is made with an API key for clients alone: %s', async (scope) => {
    const key = 'a-key-for-this-test-alone'
    const on = new Deployment(testEnv({ ...CLOSED, ADMIN_API_KEYS: `${scope}:${key}` }))
    const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' }
    const response = await on.fetch(PATH, { method: 'POST', headers, body: '{}' })
    expect(response.status).toBe(scope === 'clients' ? 201 : 403)
  })
})

describe('a registration where a token is required', () => {
  it('is refused without one, and with what is none, without storage', async () => {
    const { token } = await make()
    const client = await bodyOf(await register(token))
    const other = String(client['registration_access_token'])
    const cases: [unknown, string, RegExp][] = [
      [undefined, 'initial_access_missing', /^Bearer realm="oauth2"$/],
      ['x', 'initial_access_unfit', /error="invalid_token"/],
      [other, 'initial_access_unfit', /error="invalid_token"/],
      [`${token}A`, 'initial_access_unfit', /error="invalid_token"/],
    ]
    for (const [presented, reason, challenge] of cases) {
      const log = vi.spyOn(console, 'log')
      counted.reset()
      const response = await register(presented)
      expect(counted.counts).toMatchObject({ d1: 0, kv: 0, ledger: 0 })
      expect([response.status, (await bodyOf(response))['error']]).toEqual([401, 'invalid_token'])
      expect(response.headers.get('www-authenticate')).toMatch(challenge)
      expect(log.mock.lastCall?.[0]).toContain(`"reason":"${reason}"`)
      log.mockRestore()
    }
    const log = vi.spyOn(console, 'log')
    expect((await register(token)).status).toBe(401)
    expect(log.mock.lastCall?.[0]).toContain('"reason":"initial_access_spent"')
    expect(
      (await deployment.fetch(`/oauth2/register?access_token=${token}`, { method: 'POST', body: '{}' }))
        .status,
    ).toBe(401)
  })

  it('leaves clients that are there to themselves', async () => {
    const { token } = await make()
    const client = await bodyOf(await register(token))
    const headers = { authorization: `Bearer ${client['registration_access_token']}` }
    const own = await deployment.fetch(`/oauth2/register/${client['client_id']}`, { headers })
    expect(own.status).toBe(200)
  })
})

describe('a registration that is open to everybody', () => {
  const open = new Deployment(testEnv(OPEN))

  it('passes without a token or with a header for something else, takes a use of one, and refuses a spent one', async () => {
    const { token } = await make({ scope: 'a' }, open)
    expect((await register(undefined, MACHINE, open)).status).toBe(201)
    expect((await register('an-api-key', MACHINE, open)).status).toBe(201)
    const answer = await register(token, { ...MACHINE, scope: 'a b' }, open)
    expect(await bodyOf(answer)).toMatchObject({ scope: 'a' })
    expect((await register(token, MACHINE, open)).status).toBe(401)
  })

  it('tells where the tokens are too many', async () => {
    const log = vi.spyOn(console, 'log')
    const full = varyLedger(testEnv(OPEN), { addInitialAccess: async () => ({ added: false }) })
    const on = new Deployment(full)
    expect((await on.admin('POST', PATH, {})).status).toBe(409)
    expect(log.mock.lastCall?.[0]).toContain('"reason":"initial_access_crowded"')
  })
})
