import { SignJWT, UnsecuredJWT } from 'jose'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { nowSeconds } from '../../../src/util/clock.ts'
import { makeKey, type TestKey } from '../../support/assertions.ts'
import { Browser, bodyOf, Deployment, ISSUER } from '../../support/deployment.ts'
import {
  authorizationPath,
  authorizeAt,
  LoginApp,
  parameter,
  REDIRECT_URI,
  redeem,
  registerClient,
  type TestClient,
} from '../../support/relying-party.ts'

const OBJECT_URI = 'https://app.example/request.jwt'

let deployment: Deployment
let key: TestKey

beforeEach(async () => {
  deployment = new Deployment()
  key = await makeKey('ES256')
})

afterEach(() => {
  vi.restoreAllMocks()
  vi.useRealTimers()
})

const register = (metadata: Readonly<Record<string, unknown>> = {}): Promise<TestClient> =>
  registerClient(deployment, { jwks: { keys: [key.publicJwk] }, request_uris: [OBJECT_URI], ...metadata })

/** Signs a request object; what only such an object may say is in it, where `claims` have nothing else. */
const sign = (claims: Record<string, unknown>, by = key): Promise<string> =>
  new SignJWT({ redirect_uri: REDIRECT_URI, scope: 'openid', ...claims })
    .setProtectedHeader({ alg: by.alg, kid: by.kid })
    .sign(by.privateKey)

/** The request that the login app is shown. */
async function shown(
  client: TestClient,
  changes: Readonly<Record<string, string | undefined>>,
): Promise<URL> {
  const at = await new Browser(deployment).next(authorizationPath(client, changes))
  const challenge = parameter(at, 'login_challenge')
  const body = await bodyOf(await new LoginApp(deployment).get('login', challenge))
  return new URL(String(body['request_url']))
}

describe('request objects', () => {
  it('by value win over plain parameters, join scopes, and are gone from the request', async () => {
    const client = await register()
    const request = new UnsecuredJWT({
      iss: client.id,
      aud: ISSUER,
      exp: nowSeconds() + 60,
      state: 'state-of-the-object',
      scope: 'email',
      max_age: 600,
      claims: { id_token: { email: null } },
    }).encode()
    const url = await shown(client, { request, scope: 'openid' })
    expect(Object.fromEntries(url.searchParams)).toMatchObject({
      state: 'state-of-the-object',
      scope: 'openid email',
      max_age: '600',
      claims: '{"id_token":{"email":null}}',
      nonce: 'nonce-0123456789',
    })
    expect(url.searchParams.has('request')).toBe(false)
    expect(url.searchParams.has('iss')).toBe(false)
  })

  it.each<[string, string]>([
    ['scope', 'openid email'],
    ['audience', 'https://api.example'],
    ['resource', 'https://api.example'],
    ['response_mode', 'fragment'],
    ['claims', '{"userinfo":{"email":null}}'],
    ['redirect_uri', 'https://app.example/other'],
  ])(
    'that are signed say alone what an answer holds and where it goes: no %s beside them',
    async (name, value) => {
      const client = await register({ redirect_uris: [REDIRECT_URI, 'https://app.example/other'] })
      const request = await sign({ nonce: 'nonce-of-the-object' })
      const url = await shown(client, { request, [name]: value, login_hint: 'alice' })
      const kept = name === 'scope' ? 'openid' : name === 'redirect_uri' ? REDIRECT_URI : null
      expect(url.searchParams.get(name)).toBe(kept)
      expect([parameter(url, 'login_hint'), parameter(url, 'nonce')]).toEqual([
        'alice',
        'nonce-of-the-object',
      ])
      const unsigned = new UnsecuredJWT({ nonce: 'nonce-of-the-object' }).encode()
      expect(parameter(await shown(client, { request: unsigned, [name]: value }), name)).toBe(value)
    },
  )

  it.each(['RS256', 'PS256', 'ES384', 'EdDSA'])('are taken when signed by %s', async (alg) => {
    key = await makeKey(alg)
    const request = await sign({ state: 'state-of-the-object' })
    expect(parameter(await shown(await register(), { request }), 'state')).toBe('state-of-the-object')
  })

  it('may be unsigned, unless the client said how it signs', async () => {
    const request = new UnsecuredJWT({ state: 'state-of-the-object' }).encode()
    expect(parameter(await shown(await register(), { request }), 'state')).toBe('state-of-the-object')
    const strict = await register({ request_object_signing_alg: 'ES256' })
    const at = await new Browser(deployment).next(authorizationPath(strict, { request }))
    expect(parameter(at, 'error')).toBe('invalid_request_object')
  })

  it('by reference are fetched at a registered address', async () => {
    const body = await sign({ state: 'state-of-the-object' })
    const fetched = vi.spyOn(globalThis, 'fetch').mockImplementation(async () => new Response(body))
    const url = await shown(await register(), { request_uri: OBJECT_URI })
    expect(parameter(url, 'state')).toBe('state-of-the-object')
    expect(url.searchParams.has('request_uri')).toBe(false)
    expect(fetched).toHaveBeenCalledTimes(1)
  })

  it.each(['https://evil.example/request.jwt', `${OBJECT_URI}?x=1`, `${OBJECT_URI}#x`, 'http://10.0.0.1/'])(
    'by reference are fetched nowhere else: %s',
    async (request_uri) => {
      const body = await sign({ state: 'state-of-the-object' })
      const fetched = vi.spyOn(globalThis, 'fetch').mockImplementation(async () => new Response(body))
      const at = await new Browser(deployment).next(authorizationPath(await register(), { request_uri }))
      expect(parameter(at, 'error')).toBe('invalid_request_uri')
      expect(fetched).not.toHaveBeenCalled()
    },
  )

  it('count whatever the scopes beside them: the client decides, never the URL', async () => {
    const client = await register()
    const request = await sign({ scope: 'email', state: 'state-of-the-object' })
    const url = await shown(client, { request, scope: 'profile' })
    expect([parameter(url, 'scope'), parameter(url, 'state')]).toEqual(['email', 'state-of-the-object'])
    const at = await new Browser(deployment).next(authorizationPath(client, { request: 'x', scope: 'email' }))
    expect(parameter(at, 'error')).toBe('invalid_request_object')
  })

  it('by reference are fetched once for all who ask at the same time', async () => {
    const client = await register()
    const body = await sign({})
    const gate = Promise.withResolvers<void>()
    const fetched = vi.spyOn(globalThis, 'fetch').mockImplementation(async () => {
      await gate.promise
      return new Response(body)
    })
    const asking = [1, 2, 3].map(() => shown(client, { request_uri: OBJECT_URI }))
    await vi.waitUntil(() => fetched.mock.calls.length > 0)
    gate.resolve()
    for (const url of await Promise.all(asking)) expect(parameter(url, 'redirect_uri')).toBe(REDIRECT_URI)
    expect(fetched).toHaveBeenCalledTimes(1)
  })

  it('may be the whole request', async () => {
    const client = await register()
    const { client_id: _, ...rest } = Object.fromEntries(
      new URL(authorizationPath(client), ISSUER).searchParams,
    )
    const query = new URLSearchParams({ client_id: client.id, request: await sign(rest) })
    const at = await new Browser(deployment).next(`/oauth2/auth?${query}`)
    expect(parameter(at, 'login_challenge')).not.toBe('')
    const other = new URLSearchParams({
      client_id: client.id,
      request: await sign({ ...rest, client_id: 'x' }),
    })
    const refused = await new Browser(deployment).next(`/oauth2/auth?${other}`)
    expect(parameter(refused, 'error')).toBe('invalid_request_object')
  })

  it('lead through a whole login', async () => {
    const client = await register()
    const request = await sign({ scope: 'openid email', nonce: 'nonce-of-the-object' })
    const at = await authorizeAt(deployment, client, { request: { request, scope: 'openid' } })
    expect((await redeem(deployment, client, parameter(at, 'code'))).status).toBe(200)
  })

  it.each<[string, (client: TestClient) => Promise<Record<string, string>>, string]>([
    [
      'a foreign key',
      async () => ({ request: await sign({}, await makeKey('ES256', key.kid)) }),
      'invalid_request_object',
    ],
    ['no JWT', async () => ({ request: 'e30.e30' }), 'invalid_request_object'],
    ['an encrypted one', async () => ({ request: 'e30.e30.e30.e30.e30' }), 'invalid_request_object'],
    [
      'a signature missing',
      async () => ({ request: (await sign({})).replace(/[^.]+$/, '') }),
      'invalid_request_object',
    ],
    [
      'a signature on none',
      async () => ({ request: `${new UnsecuredJWT({}).encode()}AAAA` }),
      'invalid_request_object',
    ],
    [
      'an expired one',
      async () => ({ request: await sign({ exp: nowSeconds() - 1 }) }),
      'invalid_request_object',
    ],
    [
      'one that is not good yet',
      async () => ({ request: await sign({ nbf: nowSeconds() + 60 }) }),
      'invalid_request_object',
    ],
    [
      'another audience',
      async () => ({ request: await sign({ aud: 'https://other.example' }) }),
      'invalid_request_object',
    ],
    ['another issuer', async () => ({ request: await sign({ iss: 'somebody' }) }), 'invalid_request_object'],
    [
      'another client',
      async () => ({ request: await sign({ client_id: 'somebody' }) }),
      'invalid_request_object',
    ],
    [
      'another response type',
      async () => ({ request: await sign({ response_type: 'token' }) }),
      'invalid_request_object',
    ],
    [
      'the client as subject, as an assertion of it has',
      async ({ id }) => ({ request: await sign({ iss: id, sub: id, aud: ISSUER }) }),
      'invalid_request_object',
    ],
    ['both kinds', async () => ({ request: await sign({}), request_uri: OBJECT_URI }), 'invalid_request'],
    [
      'an unregistered address',
      async () => ({ request_uri: 'https://evil.example/r' }),
      'invalid_request_uri',
    ],
    ['an address with nothing', async () => ({ request_uri: OBJECT_URI }), 'invalid_request_uri'],
  ])('with %s are refused on the error page', async (_, make, error) => {
    vi.spyOn(globalThis, 'fetch').mockImplementation(async () => new Response(null, { status: 404 }))
    const client = await register()
    const at = await new Browser(deployment).next(authorizationPath(client, await make(client)))
    expect(at.pathname).toBe('/oauth2/fallbacks/error')
    expect(parameter(at, 'error')).toBe(error)
  })

  it('lose members that say nothing, or would be taken for a step of the flow', async () => {
    const request = await sign({ client_id: null, state: null, login_verifier: 'x', consent_verifier: 'x' })
    const url = await shown(await register(), { request })
    expect(parameter(url, 'state')).toBe('state-0123456789')
    expect(url.search).not.toContain('_verifier')
  })

  it('that nest without end are refused on the error page', async () => {
    const [head, , signature] = new UnsecuredJWT({}).encode().split('.')
    const payload = btoa(`{"x":${'['.repeat(5000)}${']'.repeat(5000)}}`).replaceAll('=', '')
    const path = authorizationPath(await register(), { request: `${head}.${payload}.${signature}` })
    const [url = '', query] = path.split('?')
    const body = new URLSearchParams(query)
    const at = await new Browser(deployment).next(url, { method: 'POST', body })
    expect(parameter(at, 'error')).toBe('invalid_request_object')
  })

  it('cannot lead to another redirect URI than a registered one', async () => {
    const client = await register()
    const request = await sign({ redirect_uri: 'https://evil.example/cb' })
    const at = await new Browser(deployment).next(authorizationPath(client, { request }))
    expect(at.pathname).toBe('/oauth2/fallbacks/error')
  })
})

describe('a client that must sign its requests (require_signed_request_object)', () => {
  const TYP = 'oauth-authz-req+jwt'
  const strict = (): Promise<TestClient> => register({ require_signed_request_object: true })

  /** A whole request as RFC 9101 has it, with changes to claims and header. */
  async function whole(client: TestClient, changes: object = {}, header: object = {}): Promise<string> {
    const plain = Object.fromEntries(new URL(authorizationPath(client), ISSUER).searchParams)
    const times = { nbf: nowSeconds(), exp: nowSeconds() + 60 }
    return new SignJWT({ ...plain, iss: client.id, aud: ISSUER, ...times, ...changes })
      .setProtectedHeader({ alg: key.alg, kid: key.kid, typ: TYP, ...header })
      .sign(key.privateKey)
  }
  const ask = (client: TestClient, fields: Readonly<Record<string, string>>): Promise<URL> =>
    new Browser(deployment).next(`/oauth2/auth?${new URLSearchParams({ client_id: client.id, ...fields })}`)

  it('is shown so, and only if so', async () => {
    const body = async ({ id }: TestClient) => bodyOf(await deployment.admin('GET', `/admin/clients/${id}`))
    expect(await body(await strict())).toMatchObject({ require_signed_request_object: true })
    expect(await body(await register())).not.toHaveProperty('require_signed_request_object')
  })

  it('asks with the object alone: nothing beside it counts', async () => {
    const client = await strict()
    const request = await whole(client, { state: undefined, login_hint: undefined, prompt: undefined })
    const beside = { state: 'state-of-a-stranger', prompt: 'none', login_hint: 'mallory', scope: 'email' }
    const at = await ask(client, { request, ...beside })
    const login = await bodyOf(await new LoginApp(deployment).get('login', parameter(at, 'login_challenge')))
    const asked = new URL(String(login['request_url'])).searchParams
    expect(['state', 'prompt', 'login_hint'].filter((name) => asked.has(name))).toEqual([])
    expect([asked.get('scope'), asked.get('client_id')]).toEqual(['openid offline_access', client.id])
  })

  it('leads through a whole login', async () => {
    const client = await strict()
    const browser = new Browser(deployment)
    const request = { request: await whole(client), redirect_uri: undefined, response_type: undefined }
    const at = await authorizeAt(deployment, client, { browser, request })
    expect((await redeem(deployment, client, parameter(at, 'code'))).status).toBe(200)
  })

  it.each<[string, (client: TestClient) => Promise<Record<string, string>> | Record<string, string>]>([
    ['no object', () => ({})],
    [
      'another response type beside it',
      async (client) => ({ request: await whole(client), response_type: 'token' }),
    ],
    ['an unsigned object', async () => ({ request: new UnsecuredJWT({}).encode() })],
    ['an object of no type', async (client) => ({ request: await whole(client, {}, { typ: undefined }) })],
    ['an object of another type', async (client) => ({ request: await whole(client, {}, { typ: 'JWT' }) })],
    ['an object without end', async (client) => ({ request: await whole(client, { exp: undefined }) })],
    ['an object without beginning', async (client) => ({ request: await whole(client, { nbf: undefined }) })],
  ])('is refused with %s', async (_what, make) => {
    const client = await strict()
    const fields = await make(client)
    const at = await new Browser(deployment).next(authorizationPath(client, fields))
    const isPlain = !('request' in fields)
    expect(parameter(at, 'error')).toBe(isPlain ? 'invalid_request' : 'invalid_request_object')
    expect(`${at.origin}${at.pathname}`).toBe(isPlain ? REDIRECT_URI : `${ISSUER}/oauth2/fallbacks/error`)
  })

  it('is told when its flow has expired, for nobody else can ask again', async () => {
    vi.useFakeTimers({ toFake: ['Date'] })
    const client = await strict()
    const browser = new Browser(deployment)
    const query = new URLSearchParams({ client_id: client.id, request: await whole(client) })
    const at = await browser.next(`/oauth2/auth?${query}`)
    const challenge = parameter(at, 'login_challenge')
    const back = await new LoginApp(deployment).decide('login', 'accept', challenge, { subject: 'alice' })
    vi.setSystemTime(Date.now() + 3_600_000)
    const end = await browser.next(back)
    expect(`${end.origin}${end.pathname}`).toBe(REDIRECT_URI)
    expect(parameter(end, 'error')).toBe('request_unauthorized')
  })
})

describe('the claims parameter', () => {
  const asking = (id_token: unknown): Record<string, string> => ({ claims: JSON.stringify({ id_token }) })

  it.each(['{', '[]', '"x"', '{"id_token":5}', '{"userinfo":{"email":true}}'])(
    '%s is malformed',
    async (claims) => {
      const at = await new Browser(deployment).next(authorizationPath(await register(), { claims }))
      expect(`${at.origin}${at.pathname}`).toBe(REDIRECT_URI)
      expect(parameter(at, 'error')).toBe('invalid_request')
    },
  )

  it.each<[string, unknown, string, string | null]>([
    [
      'an essential acr that was reached',
      { acr: { essential: true, values: ['gold', 'silver'] } },
      'silver',
      null,
    ],
    ['an essential acr of one value', { acr: { essential: true, value: 'gold' } }, 'gold', null],
    ['an essential acr of any value', { acr: { essential: true } }, 'bronze', null],
    ['a voluntary acr that was missed', { acr: { values: ['gold'] } }, 'bronze', null],
    [
      'an essential acr that was missed',
      { acr: { essential: true, values: ['gold'] } },
      'bronze',
      'unmet_authentication_requirements',
    ],
    ['the subject who came', { sub: { value: 'alice' } }, '', null],
    ['another subject', { sub: { value: 'bob' } }, '', 'login_required'],
    ['claims nobody knows', { shoe_size: { essential: true }, 'x#de': null }, '', null],
  ])('with %s', async (_, wanted, acr, error) => {
    const client = await register()
    const at = await authorizeAt(deployment, client, { request: asking(wanted), login: { acr } })
    expect(at.searchParams.get('error')).toBe(error)
  })
})

describe('a login that does not meet the claims parameter', () => {
  it.each([
    ['unmet_authentication_requirements', { acr: { essential: true, value: 'gold' } }],
    ['login_required', { sub: { value: 'bob' } }],
  ])('is told with %s, and the session stays', async (error, id_token) => {
    const client = await register()
    const browser = new Browser(deployment)
    await authorizeAt(deployment, client, { browser, login: { remember: true } })
    const silent = { prompt: 'none' }
    const asking = { ...silent, claims: JSON.stringify({ id_token }) }
    const at = await authorizeAt(deployment, client, { browser, request: asking })
    expect(parameter(at, 'error')).toBe(error)
    const again = await browser.next(authorizationPath(client, silent))
    expect(again.searchParams.has('login_challenge')).toBe(true)
  })
})

describe('claims by scope (OIDC_CLAIMS_BY_SCOPE)', () => {
  const session = { id_token: { name: 'Alice', email: 'a@x.example', phone_number: '+1', role: 'admin' } }

  it.each<[string, string, Record<string, string>, string[], string[]]>([
    [
      'false',
      'openid',
      {},
      ['email', 'name', 'phone_number', 'role'],
      ['email', 'name', 'phone_number', 'role'],
    ],
    ['true', 'openid profile', {}, ['role'], ['name', 'role']],
    [
      'true',
      'openid email',
      { claims: '{"id_token":{"name":null},"userinfo":{"phone_number":null}}' },
      ['name', 'role'],
      ['email', 'phone_number', 'role'],
    ],
  ])('%s with scope %s', async (setting, scope, request, inIdToken, inUserinfo) => {
    deployment = new Deployment({ ...deployment.env, OIDC_CLAIMS_BY_SCOPE: setting } as typeof deployment.env)
    const client = await register()
    const at = await authorizeAt(deployment, client, { request: { scope, ...request }, consent: { session } })
    const tokens = await bodyOf(await redeem(deployment, client, parameter(at, 'code')))
    const [, payload = ''] = String(tokens['id_token']).split('.')
    const names = (claims: object): string[] =>
      Object.keys(claims)
        .filter((name) => name in session.id_token)
        .sort()
    expect(names(JSON.parse(atob(payload.replaceAll('-', '+').replaceAll('_', '/'))))).toEqual(inIdToken)
    const headers = { authorization: `Bearer ${tokens['access_token']}` }
    expect(names(await bodyOf(await deployment.fetch('/userinfo', { headers })))).toEqual(inUserinfo)
  })
})

describe('client metadata of OpenID Connect', () => {
  it('is kept, and returned as it was given', async () => {
    const given = {
      application_type: 'native',
      default_max_age: 0,
      require_auth_time: true,
      default_acr_values: ['gold'],
      initiate_login_uri: 'https://app.example/start',
      software_id: 'app',
      software_version: '1.0',
      'client_name#de': 'Anwendung',
    }
    const client = await register(given)
    const path = `/admin/clients/${client.id}`
    expect(await bodyOf(await deployment.admin('GET', path))).toMatchObject(given)
    const patch = [{ op: 'remove', path: '/default_max_age' }]
    const patched = await bodyOf(await deployment.admin('PATCH', path, patch))
    expect(patched).toMatchObject({ application_type: 'native' })
    expect(patched).not.toHaveProperty('default_max_age')
  })

  it.each([
    { application_type: 'other' },
    { default_max_age: -1 },
    { require_auth_time: 'yes' },
    { default_acr_values: 'gold' },
    { initiate_login_uri: 'http://app.example/start' },
    { 'client_name#de': 5 },
  ])('refuses %j', async (metadata) => {
    const response = await deployment.admin('POST', '/admin/clients', metadata)
    expect(response.status).toBe(400)
    expect(await bodyOf(response)).toMatchObject({ error: 'invalid_client_metadata' })
  })

  it.each(['__proto__', 'constructor', 'valueOf', 'hasOwnProperty'])(
    'is not what only every JavaScript object has: %s',
    async (name) => {
      const response = await deployment.admin('POST', '/admin/clients', JSON.parse(`{"${name}":{"a":1}}`))
      expect(response.status).toBe(201)
      expect(Object.keys(await bodyOf(response))).not.toContain(name)
    },
  )

  it('default_max_age counts where the request has no max_age', async () => {
    const client = await register({ default_max_age: 100 })
    const browser = new Browser(deployment)
    await authorizeAt(deployment, client, { browser, login: { remember: true } })
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 200_000 })
    const silent = { prompt: 'none' }
    expect(parameter(await browser.next(authorizationPath(client, silent)), 'error')).toBe('login_required')
    const patient = await browser.next(authorizationPath(client, { ...silent, max_age: '1000' }))
    expect(patient.searchParams.has('login_challenge')).toBe(true)
  })

  it('default_acr_values are told to the login app, unless the request has its own', async () => {
    const client = await register({ default_acr_values: ['gold'] })
    const context = async (changes: Record<string, string>): Promise<unknown> => {
      const at = await new Browser(deployment).next(authorizationPath(client, changes))
      return (await bodyOf(await new LoginApp(deployment).get('login', parameter(at, 'login_challenge'))))[
        'oidc_context'
      ]
    }
    expect(await context({})).toMatchObject({ acr_values: ['gold'] })
    expect(await context({ acr_values: 'silver' })).toMatchObject({ acr_values: ['silver'] })
  })
})
