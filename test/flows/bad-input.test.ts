import { applyD1Migrations, createExecutionContext } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import fc from 'fast-check'
import { beforeAll, describe, expect, it, vi } from 'vitest'
import { publicApp } from '../../src/app.ts'
import { fromBase64url, toBase64url } from '../../src/util/base64url.ts'
import { parseExactJson } from '../../src/util/exact-json.ts'
import { makeKey, signAssertion } from '../support/assertions.ts'
import { ADMIN_KEY, Browser, bodyOf, Deployment, ISSUER, testEnv } from '../support/deployment.ts'
import {
  authorizationPath,
  authorizeAt,
  LoginApp,
  parameter,
  REDIRECT_URI,
  redeem,
  registerClient,
  type TestClient,
  tokenRequest,
  VERIFIER,
} from '../support/relying-party.ts'
import { trust } from '../support/trust.ts'

const deployment = new Deployment()
const FORM = 'application/x-www-form-urlencoded'
const ISSUERS = '/admin/trust/grants/jwt-bearer/issuers'
const JWT_BEARER = 'urn:ietf:params:oauth:grant-type:jwt-bearer'
let client: TestClient
let publicClient: TestClient

beforeAll(async () => {
  client = await registerClient(deployment)
  publicClient = await registerClient(deployment, { token_endpoint_auth_method: 'none' })
})

const post = (path: string, body: string, headers: Record<string, string>): Promise<Response> =>
  deployment.fetch(path, { method: 'POST', body, headers })

describe("the token endpoint answers bad input in the contract's words (contract 1.3.3)", () => {
  const cases: readonly [string, string, Record<string, string>, number, string][] = [
    ['an empty body', '', { 'content-type': FORM }, 400, 'invalid_request'],
    [
      'JSON',
      '{"grant_type":"client_credentials"}',
      { 'content-type': 'application/json' },
      400,
      'invalid_request',
    ],
    ['no grant_type', 'client_id=x', { 'content-type': FORM }, 400, 'invalid_request'],
    [
      'an unknown grant type',
      'grant_type=magic&client_id=x',
      { 'content-type': FORM },
      400,
      'invalid_request',
    ],
    [
      'a repeated parameter',
      'grant_type=refresh_token&grant_type=x',
      { 'content-type': FORM },
      400,
      'invalid_request',
    ],
    ['no credentials', 'grant_type=refresh_token', { 'content-type': FORM }, 400, 'invalid_request'],
    [
      'an unknown client',
      'grant_type=refresh_token&client_id=x',
      { 'content-type': FORM },
      401,
      'invalid_client',
    ],
    [
      'Basic that is no base64',
      'grant_type=refresh_token',
      { 'content-type': FORM, authorization: 'Basic ***' },
      400,
      'invalid_request',
    ],
    [
      'Basic without colon',
      'grant_type=refresh_token',
      { 'content-type': FORM, authorization: `Basic ${btoa('abc')}` },
      400,
      'invalid_request',
    ],
    [
      'Basic that does not percent-decode',
      'grant_type=refresh_token',
      { 'content-type': FORM, authorization: `Basic ${btoa('a%zz:b')}` },
      400,
      'invalid_request',
    ],
    [
      'a broken multipart body',
      'x',
      { 'content-type': 'multipart/form-data; boundary=y' },
      400,
      'invalid_request',
    ],
    ['a body over 64 KB', 'a'.repeat(64 * 1024 + 1), { 'content-type': FORM }, 413, 'invalid_request'],
  ]

  it.each(cases)('%s', async (_name, body, headers, status, error) => {
    const response = await post('/oauth2/token', body, headers)
    expect([response.status, (await bodyOf(response))['error']]).toEqual([status, error])
    expect(response.headers.get('cache-control')).toBe('no-store')
    expect(response.headers.has('www-authenticate')).toBe(status === 401)
  })

  it('wrong secrets, wrong methods and two methods', async () => {
    const wrong = await tokenRequest(
      deployment,
      { ...client, secret: 'wrong-secret' },
      { grant_type: 'client_credentials' },
    )
    expect(wrong.status).toBe(401)
    const posted = { grant_type: 'client_credentials', client_id: client.id, client_secret: client.secret }
    expect((await deployment.form('/oauth2/token', posted)).status).toBe(401)
    const both = await tokenRequest(deployment, client, { ...posted, client_secret: 'wrong-secret' })
    expect([both.status, (await bodyOf(both))['error']]).toEqual([400, 'invalid_request'])
  })

  it('grants a client may not use', async () => {
    const narrow = await registerClient(deployment, { grant_types: ['client_credentials'] })
    const callback = await authorizeAt(deployment, narrow)
    const answer = await redeem(deployment, narrow, parameter(callback, 'code'))
    expect([answer.status, (await bodyOf(answer))['error']]).toEqual([400, 'unauthorized_client'])
    const open = await tokenRequest(deployment, publicClient, { grant_type: 'client_credentials' })
    expect([open.status, (await bodyOf(open))['error']]).toEqual([400, 'invalid_grant'])
    const scope = await tokenRequest(deployment, client, { grant_type: 'client_credentials', scope: 'admin' })
    expect([scope.status, (await bodyOf(scope))['error']]).toEqual([400, 'invalid_scope'])
    const many = { grant_type: 'client_credentials', scope: 'api.read '.repeat(1001) }
    expect((await bodyOf(await tokenRequest(deployment, client, many)))['error']).toBe('invalid_request')
    const audience = { grant_type: 'client_credentials', audience: 'https://other.example' }
    expect((await bodyOf(await tokenRequest(deployment, client, audience)))['error']).toBe('invalid_request')
  })

  const mismatches: readonly [string, Record<string, string>][] = [
    ['no verifier', { redirect_uri: REDIRECT_URI }],
    ['another verifier', { redirect_uri: REDIRECT_URI, code_verifier: `${VERIFIER}x` }],
    ['a short verifier', { redirect_uri: REDIRECT_URI, code_verifier: 'short' }],
    ['another redirect_uri', { redirect_uri: 'https://app.example/other', code_verifier: VERIFIER }],
    ['no redirect_uri', { code_verifier: VERIFIER }],
  ]

  it.each(mismatches)('a code with %s changes nothing', async (_name, fields) => {
    const code = parameter(await authorizeAt(deployment, client), 'code')
    const refused = await tokenRequest(deployment, client, {
      grant_type: 'authorization_code',
      code,
      ...fields,
    })
    expect([refused.status, (await bodyOf(refused))['error']]).toEqual([400, 'invalid_grant'])
    expect((await redeem(deployment, client, code)).status).toBe(200)
  })

  it('a code of another client neither works nor revokes', async () => {
    const code = parameter(await authorizeAt(deployment, client), 'code')
    const other = await registerClient(deployment)
    expect((await redeem(deployment, other, code)).status).toBe(400)
    const tokens = await bodyOf(await redeem(deployment, client, code))
    expect((await redeem(deployment, other, code)).status).toBe(400)
    expect(await deployment.introspect(String(tokens['access_token']))).toMatchObject({ active: true })
  })
})

describe('admin input', () => {
  it.each(['{', '[]', '"text"', 'null', ''])('accept login with body %s', async (body) => {
    const at = await new Browser(deployment).next(authorizationPath(client))
    const path = `/admin/oauth2/auth/requests/login/accept?login_challenge=${parameter(at, 'login_challenge')}`
    const headers = { authorization: `Bearer ${ADMIN_KEY}` }
    const response = await deployment.fetch(path, { method: 'PUT', body, headers })
    expect(response.status).toBe(400)
  })

  it.each(['', ' '.repeat(256), 'a\u0000b', '.', '..'])('refuses the subject %j', async (subject) => {
    const at = await new Browser(deployment).next(authorizationPath(client))
    const path = `/admin/oauth2/auth/requests/login/accept?challenge=${parameter(at, 'login_challenge')}`
    const response = await deployment.admin('PUT', path, { subject })
    expect([response.status, (await bodyOf(response))['error']]).toEqual([400, 'invalid_request'])
  })

  it('challenges: missing is 400, foreign is 404, one kind is not another', async () => {
    const missing = await deployment.admin('GET', '/admin/oauth2/auth/requests/login')
    expect([missing.status, (await bodyOf(missing))['error']]).toEqual([400, 'invalid_request'])
    const at = await new Browser(deployment).next(authorizationPath(client))
    const crossed = await new LoginApp(deployment).get('consent', parameter(at, 'login_challenge'))
    expect([crossed.status, await bodyOf(crossed)]).toEqual([
      404,
      {
        error: 'Not Found',
        error_description:
          'This is a login challenge, and not a consent challenge. Ask at /admin/oauth2/auth/requests/login. ' +
          'Unable to locate the requested resource',
      },
    ])
  })

  it('unknown fields are ignored, wrong types are not', async () => {
    const at = await new Browser(deployment).next(authorizationPath(client))
    const path = `/admin/oauth2/auth/requests/login/accept?login_challenge=${parameter(at, 'login_challenge')}`
    const fine = await deployment.admin('PUT', path, {
      subject: 'kim',
      identity_provider_session_id: '',
      surprise: 1,
    })
    expect(fine.status).toBe(200)
    const wrong = await deployment.admin('PUT', path, { subject: 'kim', remember: 'yes' })
    expect([wrong.status, (await bodyOf(wrong))['error']]).toEqual([400, 'invalid_request'])
  })

  it.each([
    ['PUT', 'login/accept', 400, 'invalid_request'],
    ['PUT', 'login/reject', 400, 'invalid_request'],
    ['PUT', 'consent/accept', 400, 'invalid_request'],
    ['PUT', 'consent/reject', 400, 'invalid_request'],
    ['PUT', 'logout/accept', 404, 'Unable to locate the resource'],
    ['PUT', 'logout/reject', 404, 'Unable to locate the resource'],
    ['GET', 'logout', 404, 'Unable to locate the resource'],
  ])("has Hydra's word for what cannot be read: %s %s", async (method, call, status, error) => {
    const path = `/admin/oauth2/auth/requests/${call}?challenge=unknown`
    const headers = { authorization: `Bearer ${ADMIN_KEY}` }
    const body = method === 'PUT' ? { body: '{' } : {}
    const answer = await deployment.fetch(path, { method, headers, ...body })
    expect([answer.status, (await bodyOf(answer))['error']]).toEqual([status, error])
  })
})

describe('the admin API is closed (design section 6)', () => {
  const path = '/admin/clients'

  it.each([
    [{}],
    [{ authorization: 'Bearer wrong-key-of-some-length' }],
    [{ authorization: `Basic ${btoa('a:b')}` }],
  ])('with headers %j it is 401', async (headers) => {
    const response = await deployment.fetch(path, { headers })
    expect(response.status).toBe(401)
    expect(String((await bodyOf(response))['error_description'])).toContain('API key')
  })

  it('keys open their part only', async () => {
    const scoped = new Deployment(
      testEnv({ ADMIN_API_KEYS: 'introspect:introspect-only-key,ladon-test-admin-key' }),
    )
    const headers = { authorization: 'Bearer introspect-only-key' }
    expect((await scoped.form('/admin/oauth2/introspect', { token: 'x' }, headers)).status).toBe(200)
    expect((await scoped.fetch(path, { headers })).status).toBe(403)
  })

  it('names the missing setting when no key is configured', async () => {
    const response = await new Deployment(testEnv({ ADMIN_API_KEYS: '' })).fetch(path)
    expect([response.status, String((await bodyOf(response))['error_description'])]).toEqual([
      503,
      expect.stringContaining('ADMIN_API_KEYS'),
    ])
  })

  it('ADMIN_AUTH=open answers this machine only, and no foreign page', async () => {
    const open = new Deployment(testEnv({ ADMIN_AUTH: 'open' }))
    expect((await open.fetch(path)).status).toBe(200)
    expect((await open.fetch(path, { headers: { origin: 'https://evil.example' } })).status).toBe(401)
    expect((await open.fetch(path, { headers: { 'sec-fetch-site': 'cross-site' } })).status).toBe(401)
    const elsewhere = new Deployment(testEnv({ ADMIN_AUTH: 'open', URLS_SELF_ISSUER: 'https://op.example' }))
    expect((await elsewhere.fetch('https://op.example/admin/clients')).status).toBe(503)
  })

  it.each(['//admin/clients', '/admin//clients/', '/clients', '/clients/'])(
    '%s is the same route',
    async (spelling) => {
      expect((await deployment.admin('GET', `http://localhost:4444${spelling}`)).status).toBe(200)
    },
  )
})

describe('hosts and routes', () => {
  it('answers for its own host only', async () => {
    const secure = new Deployment(testEnv({ URLS_SELF_ISSUER: 'https://op.example' }))
    expect((await secure.fetch('https://op.example/health/alive')).status).toBe(200)
    expect((await secure.fetch('https://evil.example/health/alive')).status).toBe(421)
    expect((await deployment.fetch('http://127.0.0.1:9999/health/alive')).status).toBe(200)
  })

  it.each(['http://localhost, localhost/oauth2/token', 'http://a b/', 'http://localhost:99999/'])(
    'a Host that is none, or several, is refused and logged: %s',
    async (url) => {
      // No Request can be made with such a URL; the platform makes one of what the network sends.
      const real = new Request('http://localhost:4444/')
      const odd = new Proxy(real, {
        get(target, name) {
          const member: unknown = name === 'url' ? url : Reflect.get(target, name, target)
          return typeof member === 'function' ? member.bind(target) : member
        },
      })
      for (const settings of [{}, { URLS_SELF_ISSUER: 'http://localhost:4444/path' }]) {
        const response = await publicApp().fetch(odd, testEnv(settings), createExecutionContext())
        expect([response.status, await bodyOf(response)]).toMatchObject([
          421,
          { error: 'misdirected_request' },
        ])
      }
    },
  )

  it("unknown paths and methods are 404 in the caller's format", async () => {
    const json = await deployment.fetch('/nowhere', { headers: { accept: 'application/json' } })
    expect([json.status, await bodyOf(json)]).toMatchObject([
      404,
      { error: { code: 404, message: 'Not Found' } },
    ])
    const html = await deployment.fetch('/oauth2/token', { headers: { accept: 'text/html' } })
    expect([html.status, html.headers.get('content-type')]).toEqual([
      404,
      expect.stringContaining('text/html'),
    ])
  })

  it.each([
    ['POST', '/admin/clients/x', 'DELETE, GET, HEAD, PATCH, PUT'],
    ['PATCH', '/keys/set', 'DELETE, GET, HEAD, POST, PUT'],
    ['GET', '/admin/oauth2/introspect', 'POST'],
    ['DELETE', '/admin/oauth2/auth/requests/login', 'GET, HEAD'],
    ['PUT', '/admin/trust/grants/jwt-bearer/issuers', 'GET, HEAD, POST'],
  ])('%s %s is 405, with what is allowed, as in Hydra', async (method, path, allow) => {
    const response = await deployment.admin(method, path)
    const { headers } = response
    const said = `Method Not Allowed\nThis path takes ${allow}, and not ${method}. Use one of these methods.\n`
    expect([response.status, headers.get('allow'), await response.text()]).toEqual([405, allow, said])
    expect(headers.get('content-type')).toBe('text/plain; charset=utf-8')
  })

  it('a wrong method of the admin API is told to nobody without a key', async () => {
    expect((await deployment.fetch('/admin/clients', { method: 'DELETE' })).status).toBe(401)
  })

  it('HEAD is served where GET is', async () => {
    expect((await deployment.fetch('/health/alive', { method: 'HEAD' })).status).toBe(200)
  })

  it('a bad setting is named, and nothing is served with it', async () => {
    const broken = new Deployment(testEnv({ TTL_ACCESS_TOKEN: 'soon', SECRETS_SYSTEM: '' }))
    const response = await broken.fetch('/.well-known/openid-configuration')
    const text = await response.text()
    expect(response.status).toBe(503)
    expect(text).toContain('TTL_ACCESS_TOKEN')
    expect(text).toContain('SECRETS_SYSTEM')
    expect(text).not.toContain('soon')
  })
})

describe('health', () => {
  it('ready asks D1, KV and a ledger, and names what fails', async () => {
    expect(await bodyOf(await deployment.fetch('/health/ready'))).toEqual({ status: 'ok' })
    const broken = {
      get: () => Promise.reject(new Error('down')),
      put: () => Promise.reject(new Error('down')),
    }
    const response = await new Deployment(testEnv({ COPIES: broken })).fetch('/health/ready')
    expect([response.status, await bodyOf(response)]).toMatchObject([
      503,
      { errors: { kv: 'does not answer' } },
    ])
  })

  it('ready is 503 until every migration is applied', async () => {
    const older = new Deployment(testEnv({ DB: env.OLDER_DB }))
    await applyD1Migrations(env.OLDER_DB, env.TEST_MIGRATIONS.slice(0, -1))
    const response = await older.fetch('/health/ready')
    expect([response.status, await bodyOf(response)]).toEqual([
      503,
      {
        error: 'temporarily_unavailable',
        error_description: expect.stringContaining('Not ready: migrations are missing in D1'),
        errors: { migrations: 'are missing in D1; npm run deploy applies them' },
      },
    ])
    await applyD1Migrations(env.OLDER_DB, env.TEST_MIGRATIONS)
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 3000 })
    expect((await older.fetch('/health/ready')).status).toBe(200)
    vi.useRealTimers()
  })
})

describe('numbers and text of others arrive as they left, or are refused by name (RFC 8259 section 6)', () => {
  const EXACT: readonly (readonly [string, string])[] = [
    ['9007199254740991', '9007199254740991'],
    ['1705586667', '1705586667'],
    ['1234567890123456800', '1234567890123456800'],
    ['1E2', '100'],
    ['1.0', '1'],
    ['-1.50', '-1.5'],
    ['0.1', '0.1'],
    ['0e400', '0'],
    ['1e21', '1e+21'],
    ['5e-324', '5e-324'],
    ['1.7976931348623157E+308', '1.7976931348623157e+308'],
    ['"\\ud83d\\ude00"', '"😀"'],
    ['"12345678901234567890 -0 1e400"', '"12345678901234567890 -0 1e400"'],
  ]
  const INEXACT = [
    '1234567890123456789',
    '9007199254740993',
    '12345678901234567168',
    '1e400',
    '-1e400',
    '1e-400',
    '0.12345678901234567890',
    '-0',
    '-0.0',
    '"\\ud800"',
    '"a\\udc00b"',
  ]
  const send = (method: string, path: string, body: string): Promise<Response> =>
    deployment.fetch(path, { method, body, headers: { authorization: `Bearer ${ADMIN_KEY}` } })
  const payload = (jwt: string): string => new TextDecoder().decode(fromBase64url(jwt.split('.')[1] ?? ''))

  /** A browser before the decision on a login or consent, and the path to decide. */
  async function ready(
    step: 'login' | 'consent',
  ): Promise<{ readonly browser: Browser; readonly path: string }> {
    const browser = new Browser(deployment)
    const app = new LoginApp(deployment)
    const login = parameter(await browser.next(authorizationPath(client)), 'login_challenge')
    const accept = (at: string, challenge: string): string =>
      `/admin/oauth2/auth/requests/${at}/accept?${at}_challenge=${challenge}`
    if (step === 'login') return { browser, path: accept('login', login) }
    const at = await browser.next(await app.decide('login', 'accept', login, { subject: 'alice' }))
    return { browser, path: accept('consent', parameter(at, 'consent_challenge')) }
  }

  it('through consent, into ID token, userinfo and introspection', async () => {
    const { browser, path } = await ready('consent')
    const claims = `{${EXACT.map(([given], at) => `"n${at}":${given}`)}}`
    const wanted = EXACT.map(([, told], at) => `"n${at}":${told}`)
    const session = `{"id_token":${claims},"access_token":${claims}}`
    const response = await send('PUT', path, `{"grant_scope":["openid"],"session":${session}}`)
    const at = await browser.next(String((await bodyOf(response))['redirect_to']))
    const tokens = await bodyOf(await redeem(deployment, client, parameter(at, 'code')))
    const headers = { authorization: `Bearer ${tokens['access_token']}` }
    const userinfo = await (await deployment.fetch('/userinfo', { headers })).text()
    const introspected = JSON.stringify(await deployment.introspect(String(tokens['access_token'])))
    for (const text of [payload(String(tokens['id_token'])), userinfo, introspected])
      expect(wanted.filter((member) => !text.includes(member))).toEqual([])
  })

  const places: readonly (readonly [string, string, (value: string) => Promise<Response>])[] = [
    [
      'a consent session',
      'session.id_token.a.1.b',
      async (value) =>
        send('PUT', (await ready('consent')).path, `{"session":{"id_token":{"a":[1,{"b":${value}}]}}}`),
    ],
    [
      'a login context',
      'context.n',
      async (value) =>
        send('PUT', (await ready('login')).path, `{"subject":"alice","context":{"n":${value}}}`),
    ],
    [
      'a subject',
      'subject',
      async (value) => send('PUT', (await ready('login')).path, `{"subject":${value}}`),
    ],
    [
      'client metadata',
      'metadata.n',
      (value) => send('POST', '/admin/clients', `{"metadata":{"n":${value}}}`),
    ],
    [
      'a patch of a client',
      '0.value.n',
      (value) =>
        send(
          'PATCH',
          `/admin/clients/${client.id}`,
          `[{"op":"replace","path":"/metadata","value":{"n":${value}}}]`,
        ),
    ],
    [
      'a registration',
      'client_name',
      async (value) => {
        const open = new Deployment(testEnv({ OIDC_DYNAMIC_CLIENT_REGISTRATION_ENABLED: 'true' }))
        return open.fetch('/oauth2/register', { method: 'POST', body: `{"client_name":${value}}` })
      },
    ],
    ['a trusted subject', 'subject', (value) => send('POST', ISSUERS, `{"issuer":"x","subject":${value}}`)],
    ['a trusted key', 'jwk.n', (value) => send('POST', ISSUERS, `{"issuer":"x","jwk":{"n":${value}}}`)],
  ]

  it.each(places)('in %s', async (_place, field, ask) => {
    for (const value of INEXACT) {
      const response = await ask(value)
      expect([value, response.status]).toEqual([value, 400])
      const expected = value.startsWith('"') ? 'well-formed Unicode text' : 'a number that a double-precision'
      expect(String((await bodyOf(response))['error_description'])).toContain(
        `Field '${field}' must be ${expected}`,
      )
    }
  })

  it('in the name of a member', async () => {
    const response = await send('POST', '/admin/clients', '{"metadata":{"a\\ud800":1}}')
    expect(String((await bodyOf(response))['error_description'])).toContain("Field 'metadata.?' must be")
  })

  it('in a request object and the claims parameter', async () => {
    const encode = (text: string): string => toBase64url(new TextEncoder().encode(text))
    for (const value of INEXACT) {
      const claims = `{"id_token":{"user":{"value":${value}}}}`
      const request = `${encode('{"alg":"none"}')}.${encode(`{"claims":${claims}}`)}.`
      const inObject = await new Browser(deployment).next(authorizationPath(client, { request }))
      expect([value, parameter(inObject, 'error')]).toEqual([value, 'invalid_request_object'])
      expect(parameter(inObject, 'error_description')).toContain("'claims.id_token.user.value'")
      const plain = await new Browser(deployment).next(authorizationPath(client, { claims }))
      expect([value, parameter(plain, 'error')]).toEqual([value, 'invalid_request'])
      expect(parameter(plain, 'error_description')).toContain("'claims'")
    }
  })

  it('in the audience of an assertion, which its token gets', async () => {
    const own = await registerClient(deployment, { grant_types: [JWT_BEARER] })
    const [key, iss] = [await makeKey(), `https://${crypto.randomUUID()}.example`]
    await trust(deployment, key, iss)
    const assertion = await signAssertion(
      key,
      { iss, sub: 'alice' },
      { claims: { aud: [ISSUER, 'half \ud800'] } },
    )
    const response = await tokenRequest(deployment, own, { grant_type: JWT_BEARER, assertion })
    expect(String((await bodyOf(response))['error_description'])).toContain("'aud'")
  })

  it('every double and every text that JSON.stringify writes is taken', () => {
    fc.assert(
      fc.property(fc.json({ stringUnit: 'grapheme' }), (text) => {
        expect(parseExactJson(text)).toEqual(JSON.parse(text))
      }),
    )
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (value) => {
        const told = JSON.stringify([value + 0])
        expect(parseExactJson(told)).toEqual(JSON.parse(told))
      }),
    )
  })
})
