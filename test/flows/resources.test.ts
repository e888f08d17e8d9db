import { decodeJwt } from 'jose'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import { accessTokens } from '../../src/tokens/formats.ts'
import { Browser, bodyOf, Deployment, testEnv } from '../support/deployment.ts'
import { approve, poll, registerDeviceClient, startDevice } from '../support/device.ts'
import {
  authorizationPath,
  authorizeAt,
  authorizedForm,
  LoginApp,
  logIn,
  parameter,
  REDIRECT_URI,
  redeem,
  refresh,
  registerClient,
  type TestClient,
  tokenRequest,
  VERIFIER,
} from '../support/relying-party.ts'
import { requestContext } from '../support/request-context.ts'

const API = 'https://api.example/v1'
const MCP = 'https://mcp.example/mcp'
const BOTH = `${API} ${MCP}`

const deployment = new Deployment(
  testEnv({
    OIDC_DYNAMIC_CLIENT_REGISTRATION_ENABLED: 'true',
    OIDC_DYNAMIC_CLIENT_REGISTRATION_RESOURCES: 'https://mcp.example/',
  }),
)
let client: TestClient

beforeEach(async () => {
  client = await registerClient(deployment, { audience: [API, 'https://mcp.example'] })
})

const audienceOf = async (token: string): Promise<unknown> => (await deployment.introspect(token))['aud']

/** Redeems a code for some of what was granted. */
const redeemFor = (code: string, resource: string): Promise<Response> =>
  tokenRequest(deployment, client, {
    grant_type: 'authorization_code',
    code,
    redirect_uri: REDIRECT_URI,
    code_verifier: VERIFIER,
    resource,
  })

async function errorAtClient(resource: string, asked = client): Promise<string> {
  const path = authorizationPath(asked, { resource })
  return parameter(await new Browser(deployment).next(path), 'error')
}

describe('a resource at the authorization endpoint', () => {
  it('is told to the consent app as requested audience, repeated or in a list', async () => {
    for (const query of [
      `&resource=${encodeURIComponent(API)}&resource=${encodeURIComponent(MCP)}&audience=${API}/x`,
      `&resource=${encodeURIComponent(BOTH)}&audience=${API}/x`,
    ]) {
      const app = new LoginApp(deployment)
      const browser = new Browser(deployment)
      const atLogin = await browser.next(authorizationPath(client) + query)
      const next = await app.decide('login', 'accept', parameter(atLogin, 'login_challenge'), {
        subject: 'a',
      })
      const challenge = parameter(await browser.next(next), 'consent_challenge')
      expect(await bodyOf(await app.get('consent', challenge))).toMatchObject({
        requested_access_token_audience: [`${API}/x`, API, MCP],
      })
    }
  })

  it.each<[string, readonly string[], readonly string[]]>([
    ['names none of them: all stay', [], [API, MCP]],
    ['names another audience only: only that', ['https://api.example/v1/x'], [`${API}/x`]],
    ['names one: only that', [MCP], [MCP]],
  ])('becomes the audience of the token; the consent app %s', async (_, granted, audience) => {
    const options = { request: { resource: BOTH }, consent: { grant_access_token_audience: granted } }
    const tokens = await logIn(deployment, client, options)
    expect(await audienceOf(tokens.access_token)).toEqual(audience)
    expect(await audienceOf(tokens.refresh_token)).toEqual(audience)
  })

  it.each([
    ['one that is not registered', 'https://other.example/'],
    ['one above the registered', 'https://api.example/'],
    ['dot segments', `${API}/../v2`],
    ['a query', `${API}?x=1`],
    ['a fragment', `${API}#x`],
    ['no absolute URI', '/v1'],
    ['a plain word', 'api'],
    ['one good and one bad', `${API} https://other.example/`],
  ])('with %s is invalid_target', async (_, resource) => {
    expect(await errorAtClient(resource)).toBe('invalid_target')
  })

  it('of a JWT access token is its aud, as it was asked', async () => {
    const other = await registerClient(deployment, {
      audience: ['https://mcp.example'],
      access_token_strategy: 'jwt',
    })
    const { access_token } = await logIn(deployment, other, { request: { resource: MCP } })
    expect(decodeJwt(access_token).aud).toEqual([MCP])
  })
})

describe('a resource at the token endpoint', () => {
  const codeFor = async (resource: string): Promise<string> =>
    parameter(await authorizeAt(deployment, client, { request: { resource } }), 'code')

  it('narrows a code and each refresh on its own, while the refresh token keeps the whole', async () => {
    const first = await bodyOf(await redeemFor(await codeFor(BOTH), MCP))
    expect(await audienceOf(String(first['access_token']))).toEqual([MCP])
    expect(await audienceOf(String(first['refresh_token']))).toEqual([API, MCP])
    const again = (resource: object) =>
      tokenRequest(deployment, client, {
        grant_type: 'refresh_token',
        refresh_token: String(first['refresh_token']),
        ...resource,
      })
    const second = await bodyOf(await again({ resource: API }))
    expect(await audienceOf(String(second['access_token']))).toEqual([API])
    const third = await bodyOf(await refresh(deployment, client, String(second['refresh_token'])))
    expect(await audienceOf(String(third['access_token']))).toEqual([API, MCP])
  })

  it.each(['https://other.example/', `${API}/x`, API])(
    'that was not granted is invalid_target, and spends nothing: %s',
    async (resource) => {
      const code = await codeFor(MCP)
      const refused = await redeemFor(code, resource)
      expect([refused.status, (await bodyOf(refused))['error']]).toEqual([400, 'invalid_target'])
      const tokens = await bodyOf(await redeem(deployment, client, code))
      const renewed = await tokenRequest(deployment, client, {
        grant_type: 'refresh_token',
        refresh_token: String(tokens['refresh_token']),
        resource,
      })
      expect([renewed.status, (await bodyOf(renewed))['error']]).toEqual([400, 'invalid_target'])
      expect((await refresh(deployment, client, String(tokens['refresh_token']))).status).toBe(200)
    },
  )

  it('is the audience of client_credentials', async () => {
    const ask = (resource: string): Promise<Response> =>
      tokenRequest(deployment, client, { grant_type: 'client_credentials', resource })
    const { access_token } = await bodyOf(await ask(MCP))
    expect(await audienceOf(String(access_token))).toEqual([MCP])
    const refused = await ask('https://other.example')
    expect([refused.status, (await bodyOf(refused))['error']]).toEqual([400, 'invalid_target'])
  })

  it('is what a token hook is told of the audience', async () => {
    const hooked = new Deployment(testEnv({ OAUTH2_TOKEN_HOOK: 'https://hook.example/' }))
    const told: unknown[] = []
    vi.spyOn(globalThis, 'fetch').mockImplementation(async (input, init) => {
      const { request } = await new Request(input, init).json<{ request: { granted_audience: unknown } }>()
      told.push(request.granted_audience)
      return new Response(null, { status: 204 })
    })
    const code = await codeFor(BOTH)
    const response = await authorizedForm(hooked, '/oauth2/token', client, {
      grant_type: 'authorization_code',
      code,
      redirect_uri: REDIRECT_URI,
      code_verifier: VERIFIER,
      resource: MCP,
    })
    vi.restoreAllMocks()
    expect(response.status).toBe(200)
    expect(told).toEqual([[MCP]])
  })
})

describe('the audience that a consent app grants', () => {
  it.each(['https://api.example/v1/../v2', 'https://api.example/a%2fb', `${API}?x=1`, `${API}#x`])(
    'is none that could be taken for another: %s',
    async (value) => {
      const app = new LoginApp(deployment)
      const browser = new Browser(deployment)
      const login = parameter(await browser.next(authorizationPath(client)), 'login_challenge')
      const next = await app.decide('login', 'accept', login, { subject: 'a' })
      const challenge = parameter(await browser.next(next), 'consent_challenge')
      const path = `/admin/oauth2/auth/requests/consent/accept?consent_challenge=${challenge}`
      const refused = await deployment.admin('PUT', path, { grant_access_token_audience: [API, value] })
      expect([refused.status, (await bodyOf(refused))['error']]).toEqual([400, 'invalid_request'])
    },
  )
})

describe('a scope at the refresh (RFC 6749 section 6)', () => {
  const SCOPE = 'openid offline_access email api.read'
  const again = (by: TestClient, refresh_token: unknown, scope: string, at = deployment) =>
    authorizedForm(at, '/oauth2/token', by, {
      grant_type: 'refresh_token',
      refresh_token: String(refresh_token),
      scope,
    })
  const scopeOf = async (token: unknown): Promise<unknown> =>
    (await deployment.introspect(String(token)))['scope']

  it.each(['opaque', 'jwt'])(
    'narrows the access token and nothing else: %s',
    async (access_token_strategy) => {
      const by = await registerClient(deployment, { access_token_strategy })
      const first = await logIn(deployment, by, { request: { scope: SCOPE } })
      const narrow = await bodyOf(await again(by, first.refresh_token, 'api.read openid'))
      expect(narrow).toMatchObject({ scope: 'openid api.read', id_token: expect.any(String) })
      const shown = [await scopeOf(narrow['access_token']), await scopeOf(narrow['refresh_token'])]
      expect(shown).toEqual(['openid api.read', SCOPE])
      if (access_token_strategy === 'jwt')
        expect(decodeJwt(String(narrow['access_token']))['scp']).toEqual(['openid', 'api.read'])
      const whole = await bodyOf(await refresh(deployment, by, String(narrow['refresh_token'])))
      expect([whole['scope'], await scopeOf(whole['access_token'])]).toEqual([SCOPE, SCOPE])
      const without = await bodyOf(await again(by, whole['refresh_token'], 'email'))
      expect([without['scope'], await scopeOf(without['refresh_token'])]).toEqual(['email', SCOPE])
    },
  )

  it('beyond the grant is invalid_scope, and spends nothing', async () => {
    const { refresh_token } = await logIn(deployment, client, { request: { scope: 'openid offline' } })
    const refused = await again(client, refresh_token, 'openid email')
    expect([refused.status, (await bodyOf(refused))['error']]).toEqual([400, 'invalid_scope'])
    const renewed = await bodyOf(await again(client, refresh_token, 'offline openid'))
    expect(renewed['scope']).toBe('openid offline')
  })

  it('is what userinfo goes by, and a hook is told', async () => {
    const told: unknown[] = []
    vi.spyOn(globalThis, 'fetch').mockImplementation(async (input, init) => {
      const { request } = await new Request(input, init).json<{ request: { granted_scopes: unknown } }>()
      told.push(request.granted_scopes)
      return new Response(null, { status: 204 })
    })
    const hook = { OAUTH2_TOKEN_HOOK: 'https://hook.example/' }
    const at = new Deployment(testEnv({ OIDC_CLAIMS_BY_SCOPE: 'true', ...hook }))
    const consent = { session: { id_token: { email: 'a@example.test' } } }
    const first = await logIn(at, client, { request: { scope: SCOPE }, consent })
    const { access_token } = await bodyOf(await again(client, first.refresh_token, 'openid', at))
    const emailOf = async (token: unknown) =>
      (await bodyOf(await at.fetch('/userinfo', { headers: { authorization: `Bearer ${token}` } })))['email']
    expect([await emailOf(first.access_token), await emailOf(access_token)]).toEqual([
      'a@example.test',
      undefined,
    ])
    expect(told).toEqual([SCOPE.split(' '), ['openid']])
    vi.restoreAllMocks()
  })

  it('is all of it in a token that an older release sealed', async () => {
    const { access_token } = await logIn(deployment, client)
    const { rt } = requestContext(deployment.env)
    const sealed = await accessTokens.open(rt, access_token)
    if (sealed?.type !== 'grant') throw new Error('no grant')
    const { owner, grantId, generation, instance, accessEpoch, expiresAt } = sealed
    const items = [0, owner, grantId, generation, instance, accessEpoch]
    for (const further of [[], [null, null]]) {
      const older = await rt.envelopes.seal('access_token', [...items, ...further], expiresAt)
      expect(await scopeOf(`ory_at_${older}`)).toBe('openid offline_access')
    }
  })
})

it('of a device is asked with its code', async () => {
  const device = await registerDeviceClient(deployment, { audience: ['https://mcp.example'] })
  const started = await startDevice(deployment, device, { resource: MCP })
  await approve(deployment, started)
  const { access_token } = await bodyOf(await poll(deployment, device, started))
  expect(await audienceOf(String(access_token))).toEqual([MCP])
})

describe('a client that registered itself', () => {
  async function registerItself(metadata: object = {}): Promise<TestClient> {
    const sent = {
      redirect_uris: [REDIRECT_URI],
      grant_types: ['authorization_code', 'refresh_token', 'client_credentials'],
      ...metadata,
    }
    const init = { method: 'POST', body: JSON.stringify(sent) }
    const body = await bodyOf(await deployment.fetch('/oauth2/register', init))
    return { id: String(body['client_id']), secret: String(body['client_secret']) }
  }

  it('may ask for the configured resources only, whatever audience it gave itself', async () => {
    const own = await registerItself({ audience: ['https://api.example'] })
    const tokens = await logIn(deployment, own, { request: { resource: MCP } })
    expect(await audienceOf(tokens.access_token)).toEqual([MCP])
    const renewed = await bodyOf(await refresh(deployment, own, tokens.refresh_token))
    expect(await audienceOf(String(renewed['access_token']))).toEqual([MCP])
    expect(await errorAtClient(API, own)).toBe('invalid_target')
  })

  it('that an admin took over has what the admin set', async () => {
    const own = await registerItself()
    expect(await errorAtClient(API, own)).toBe('invalid_target')
    await deployment.admin('PATCH', `/admin/clients/${own.id}`, [
      { op: 'add', path: '/audience', value: [API] },
    ])
    expect(await errorAtClient(API, own)).toBe('')
    expect(await errorAtClient(MCP, own)).toBe('invalid_target')
  })
})
