import { beforeAll, describe, expect, it } from 'vitest'
import { countCalls } from '../support/bindings.ts'
import { Deployment, testEnv } from '../support/deployment.ts'
import { registerClient, type TestClient, tokenRequest } from '../support/relying-party.ts'

const LISTED = 'https://listed.example'
const OWN = 'https://own.example'
const FOREIGN = 'https://foreign.example'

const SETTINGS = {
  SERVE_PUBLIC_CORS_ENABLED: 'true',
  SERVE_PUBLIC_CORS_ALLOWED_ORIGINS: `${LISTED},https://*.wild.example`,
  SERVE_PUBLIC_CORS_MAX_AGE: '600',
}
const counted = countCalls(testEnv(SETTINGS))
const deployment = new Deployment(counted.env)
let client: TestClient

beforeAll(async () => {
  client = await registerClient(deployment, { allowed_cors_origins: [OWN, 'https://*.own.example'] })
})

const corsOf = (response: Response): Record<string, string> =>
  Object.fromEntries([...response.headers].filter(([name]) => name.startsWith('access-control-')))

const preflight = (path: string, origin: string, on = deployment): Promise<Response> =>
  on.fetch(path, {
    method: 'OPTIONS',
    headers: {
      origin,
      'access-control-request-method': 'POST',
      'access-control-request-headers': 'authorization',
    },
  })

const basic = (): Record<string, string> => ({
  authorization: `Basic ${btoa(`${client.id}:${client.secret}`)}`,
})

const getToken = (origin: string, on = deployment): Promise<Response> =>
  on.form('/oauth2/token', { grant_type: 'client_credentials' }, { ...basic(), origin })

const BY_CLIENT = [
  '/oauth2/token',
  '/oauth2/revoke',
  '/userinfo',
  '/credentials',
  '/.well-known/openid-configuration',
  '/.well-known/oauth-authorization-server',
  '/.well-known/jwks.json',
]

describe('a preflight', () => {
  it.each([...BY_CLIENT, '/oauth2/auth', '/oauth2/register', '/oauth2/register/x'])(
    '%s: allows a listed origin, by name',
    async (path) => {
      for (const origin of [LISTED, 'https://a.wild.example']) {
        const response = await preflight(path, origin)
        expect(response.status).toBe(204)
        expect(corsOf(response)).toEqual({
          'access-control-allow-origin': origin,
          'access-control-allow-credentials': 'true',
          'access-control-allow-methods': 'POST, GET, PUT, PATCH, DELETE, CONNECT, HEAD, OPTIONS, TRACE',
          'access-control-allow-headers':
            'Accept, Content-Type, Content-Length, Accept-Language, Content-Language, Authorization',
          'access-control-max-age': '600',
        })
        expect(response.headers.get('vary')).toContain('Origin')
      }
    },
  )

  it.each(BY_CLIENT)('%s: passes for an origin that only a client allows, and names none', async (path) => {
    const response = await preflight(path, OWN)
    expect(response.status).toBe(204)
    expect(corsOf(response)['access-control-allow-origin']).toBe('*')
    expect(corsOf(response)).not.toHaveProperty('access-control-allow-credentials')
  })

  it('is refused elsewhere, and by the admin API and the pages for everybody', async () => {
    expect(corsOf(await preflight('/oauth2/auth', FOREIGN))).toEqual({})
    for (const path of ['/admin/clients', '/clients', '/oauth2/introspect', '/', '/oauth2/fallbacks/login']) {
      const response = await preflight(path, LISTED)
      expect([path, response.ok, corsOf(response)]).toEqual([path, false, {}])
    }
  })

  it('names the headers asked for where all are allowed', async () => {
    const open = new Deployment(
      testEnv({ SERVE_PUBLIC_CORS_ENABLED: 'true', SERVE_PUBLIC_CORS_ALLOWED_HEADERS: '*' }),
    )
    const response = await preflight('/oauth2/token', FOREIGN, open)
    expect(corsOf(response)['access-control-allow-headers']).toBe('authorization')
  })
})

describe('an answer', () => {
  it.each([LISTED, OWN, 'https://a.own.example'])('may be read by %s', async (origin) => {
    const response = await getToken(origin)
    expect(response.status).toBe(200)
    expect(corsOf(response)).toEqual({
      'access-control-allow-origin': origin,
      'access-control-allow-credentials': 'true',
      'access-control-expose-headers':
        'Cache-Control, Expires, Last-Modified, Pragma, Content-Length, Content-Language, Content-Type, WWW-Authenticate, Link, X-Request-Id',
    })
    expect(response.headers.get('vary')).toBe('Origin')
  })

  it.each([FOREIGN, 'null', 'https://own.example.foreign.example', 'http://own.example'])(
    'is closed to %s',
    async (origin) => {
      const response = await getToken(origin)
      expect([response.status, corsOf(response)]).toEqual([200, {}])
      expect(response.headers.get('vary')).toBe('Origin')
    },
  )

  it('allows errors and the other endpoints of the same client too', async () => {
    const wrong = await deployment.form(
      '/oauth2/token',
      { grant_type: 'client_credentials', client_id: client.id, client_secret: 'wrong' },
      { origin: OWN },
    )
    expect([wrong.status, corsOf(wrong)['access-control-allow-origin']]).toEqual([401, OWN])
    const { access_token } = await (await getToken(OWN)).json<{ access_token: string }>()
    const headers = { authorization: `Bearer ${access_token}`, origin: OWN }
    const userinfo = await deployment.fetch('/userinfo', { headers })
    expect([userinfo.status, corsOf(userinfo)['access-control-allow-origin']]).toEqual([200, OWN])
    const revoked = await deployment.form(
      '/oauth2/revoke',
      { token: access_token },
      { ...basic(), origin: OWN },
    )
    expect([revoked.status, corsOf(revoked)['access-control-allow-origin']]).toEqual([200, OWN])
  })

  it.each([
    ['an unknown grant type', 'grant_type=magic'],
    ['no grant type', 'scope=openid'],
    ['a repeated parameter', 'grant_type=a&grant_type=b'],
    ['credentials that do not go together', 'grant_type=refresh_token&client_assertion=x&client_secret=y'],
  ])(
    'may be read by the own origin of the client it names, whatever is refused: %s',
    async (_name, fields) => {
      const headers = { origin: OWN, 'content-type': 'application/x-www-form-urlencoded' }
      const named = `${fields}&client_id=${client.id}`
      const inBody = await deployment.fetch('/oauth2/token', { method: 'POST', headers, body: named })
      expect([inBody.status, corsOf(inBody)['access-control-allow-origin']]).toEqual([400, OWN])
      const byBasic = { method: 'POST', headers: { ...headers, ...basic() }, body: fields }
      const inHeader = await deployment.fetch('/oauth2/token', byBasic)
      expect([inHeader.status, corsOf(inHeader)['access-control-allow-origin']]).toEqual([400, OWN])
      const unnamed = await deployment.fetch('/oauth2/token', { method: 'POST', headers, body: fields })
      expect([unnamed.status, corsOf(unnamed)]).toEqual([400, {}])
    },
  )

  it('of a public document is by the client that the query names', async () => {
    const path = '/.well-known/openid-configuration'
    const headers = { origin: OWN }
    expect(corsOf(await deployment.fetch(path, { headers }))).toEqual({})
    const named = await deployment.fetch(`${path}?client_id=${client.id}`, { headers })
    expect(corsOf(named)['access-control-allow-origin']).toBe(OWN)
    const listed = await deployment.fetch(path, { headers: { origin: LISTED } })
    expect(corsOf(listed)['access-control-allow-origin']).toBe(LISTED)
  })

  it('costs no storage for a client that only the query names, where there are too many requests', async () => {
    const full = { ...SETTINGS, LIMIT_CLIENT: { limit: async () => ({ success: false }) } }
    const counted = countCalls(testEnv(full))
    const limited = new Deployment(counted.env)
    await limited.fetch('/.well-known/jwks.json')
    counted.reset()
    const headers = { origin: OWN, 'cf-connecting-ip': '192.0.2.1' }
    const read = await limited.fetch('/.well-known/openid-configuration?client_id=made-up', { headers })
    expect([read.status, corsOf(read)]).toEqual([200, {}])
    const asked = await limited.fetch('/oauth2/token?client_id=made-up', { method: 'POST', headers })
    expect(asked.status).toBe(429)
    expect(counted.counts).toMatchObject({ d1: 0, kv: 0, ledger: 0 })
  })

  it("of another client does not follow this client's list", async () => {
    const other = await registerClient(deployment)
    const response = await deployment.form(
      '/oauth2/token',
      { grant_type: 'client_credentials' },
      { authorization: `Basic ${btoa(`${other.id}:${other.secret}`)}`, origin: OWN },
    )
    expect([response.status, corsOf(response)]).toEqual([200, {}])
  })

  it('knows an origin that was added elsewhere a moment ago', async () => {
    const elsewhere = new Deployment(testEnv())
    const added = await registerClient(deployment, {})
    await tokenRequest(deployment, added, { grant_type: 'client_credentials' })
    const patch = [{ op: 'add', path: '/allowed_cors_origins/-', value: OWN }]
    expect((await elsewhere.admin('PATCH', `/admin/clients/${added.id}`, patch)).status).toBe(200)
    const headers = { authorization: `Basic ${btoa(`${added.id}:${added.secret}`)}`, origin: OWN }
    const response = await deployment.form('/oauth2/token', { grant_type: 'client_credentials' }, headers)
    expect(corsOf(response)['access-control-allow-origin']).toBe(OWN)
  })

  it('costs no storage', async () => {
    await getToken(OWN)
    await deployment.fetch('/.well-known/jwks.json')
    counted.reset()
    await getToken(OWN)
    await deployment.fetch('/.well-known/jwks.json', { headers: { origin: FOREIGN } })
    await preflight('/oauth2/token', FOREIGN)
    expect(counted.counts).toEqual({ d1: 0, kv: 0, ledger: 0 })
  })
})

describe('the settings', () => {
  it('allow everybody without credentials when the list is empty', async () => {
    const open = new Deployment(testEnv({ SERVE_PUBLIC_CORS_ENABLED: 'true' }))
    const response = await getToken(FOREIGN, open)
    expect(corsOf(response)).toMatchObject({ 'access-control-allow-origin': '*' })
    expect(corsOf(response)).not.toHaveProperty('access-control-allow-credentials')
  })

  it('can keep credentials out', async () => {
    const settings = {
      SERVE_PUBLIC_CORS_ENABLED: 'true',
      SERVE_PUBLIC_CORS_ALLOWED_ORIGINS: LISTED,
      SERVE_PUBLIC_CORS_ALLOW_CREDENTIALS: 'false',
    }
    const response = await getToken(LISTED, new Deployment(testEnv(settings)))
    expect(corsOf(response)).toMatchObject({ 'access-control-allow-origin': LISTED })
    expect(corsOf(response)).not.toHaveProperty('access-control-allow-credentials')
  })

  it('are off at first: nobody is allowed, OPTIONS says nothing', async () => {
    const closed = new Deployment(testEnv())
    for (const response of [await getToken(OWN, closed), await preflight('/oauth2/token', OWN, closed)]) {
      expect([response.ok, corsOf(response), response.headers.get('vary')]).toEqual([true, {}, null])
    }
  })
})
