import { decodeJwt } from 'jose'
import { beforeEach, describe, expect, it, vi } from 'vitest'
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
