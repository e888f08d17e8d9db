import { beforeAll, describe, expect, it } from 'vitest'
import { Browser } from '../support/browser.ts'
import { bodyOf, Deployment, ISSUER, testEnv } from '../support/deployment.ts'
import {
  authorizationPath,
  LoginApp,
  parameter,
  registerClient,
  type TestClient,
} from '../support/relying-party.ts'

const deployment = new Deployment()
let client: TestClient

beforeAll(async () => {
  client = await registerClient(deployment)
})

const SPELLINGS = [
  '/admin/clients',
  '//admin/clients',
  '/admin//clients',
  '///admin///clients//',
  '/clients',
  '/clients/',
  '/Admin/clients',
  '/ADMIN/CLIENTS',
  '/%61dmin/clients',
  '/admin%2fclients',
  '/admin%2Fclients',
  '/%2e/admin/clients',
  '/%2e%2e/admin/clients',
  '/x/../admin/clients',
  '/x/%2e%2e/admin/clients',
  '/./admin/./clients',
  '/oauth2/../admin/clients',
  '/oauth2/%2e%2e/admin/clients',
  '/.well-known/../admin/clients',
  '/admin/clients;x=y',
  '/admin;/clients',
  '/admin/clients%00',
  '/admin/clients%20',
  '/admin/clients.json',
  '/admin\\clients',
  '\\admin\\clients',
  '/health/alive/../../admin/clients',
  '/oauth2/token/admin/clients',
  '/admin/keys/hydra.openid.id-token',
  '/keys/hydra.openid.id-token',
  '/admin/oauth2/introspect',
  '/oauth2/auth/sessions/login?subject=alice',
  '/trust/grants/jwt-bearer/issuers',
  '/admin/audit',
  '/admin/status',
  '/admin/metrics/prometheus',
]

describe('the guard of the admin API', () => {
  it.each(SPELLINGS)('is closed without a key: %s', async (path) => {
    for (const method of ['GET', 'HEAD', 'POST', 'DELETE']) {
      const headers = {
        'x-original-url': '/health/alive',
        'x-rewrite-url': '/health/alive',
        'x-forwarded-prefix': '/health',
        'x-forwarded-for': '127.0.0.1',
        'x-http-method-override': 'GET',
        forwarded: 'for=127.0.0.1;host=localhost',
      }
      // A path that begins with two slashes would be a host.
      const answer = await deployment.fetch(ISSUER + (path.startsWith('/') ? path : `/${path}`), {
        method,
        headers,
      })
      expect([400, 401, 404, 405]).toContain(answer.status)
      const text = await answer.text()
      expect(text).not.toContain(client.id)
      expect(text).not.toMatch(/"keys":|"issuer":/)
    }
  })

  it.each(['/health/alive', '/oauth2/token', '/'])(
    'a header that claims another path opens none: %s',
    async (path) => {
      for (const name of ['x-original-url', 'x-rewrite-url', 'x-forwarded-uri', 'x-forwarded-path']) {
        const answer = await deployment.fetch(path, { headers: { [name]: '/admin/clients' } })
        expect(await answer.text()).not.toContain(client.id)
      }
    },
  )

  it.each([
    'Bearer',
    'Bearer ',
    'Bearer  ladon-test-admin-key-x',
    'Bearer LADON-TEST-ADMIN-KEY',
    'Bearer ladon-test-admin-ke',
    'Bearer ladon-test-admin-key,x',
    'Basic bGFkb24tdGVzdC1hZG1pbi1rZXk6',
    'ladon-test-admin-key',
    'Token ladon-test-admin-key',
    'Bearer "ladon-test-admin-key"',
  ])('no other form of a key opens it: %s', async (authorization) => {
    expect((await deployment.fetch('/admin/clients', { headers: { authorization } })).status).toBe(401)
  })

  it.each([
    'https://evil.example',
    'https://op.example.evil.example',
    'https://op.example.127.0.0.1.nip.io',
    'https://localhost',
    'https://127.0.0.1',
    'https://op.example:8443',
    'https://op.example.',
  ])('answers no foreign host: %s', async (origin) => {
    const secure = new Deployment(testEnv({ URLS_SELF_ISSUER: 'https://op.example' }))
    for (const path of ['/health/alive', '/admin/clients', '/.well-known/openid-configuration'])
      expect((await secure.fetch(`${origin}${path}`)).status).toBe(421)
  })
})

const deep = (levels: number, open: string, close: string): string =>
  open.repeat(levels) + close.repeat(levels)

const BODIES: Readonly<Record<string, string>> = {
  'arrays, 30,000 deep': deep(30_000, '[', ']'),
  'objects, 10,000 deep': `${'{"a":'.repeat(10_000)}1${'}'.repeat(10_000)}`,
  __proto__: '{"subject":"bodies","context":{"__proto__":{"admin":true}}}',
  constructor: '{"subject":"bodies","context":{"constructor":{"prototype":{"admin":true}}}}',
  'a name twice': '{"subject":"bodies","subject":"other"}',
  'a number without end': '{"subject":"bodies","remember_for":1e400}',
  'a lone surrogate': '{"subject":"\\ud800"}',
  'a byte that is no UTF-8': 'bodies\u0000',
}

describe('bodies', () => {
  it.each(Object.keys(BODIES))(
    'a body that would hurt a careless parser is taken or refused, and changes nothing else: %s',
    async (name) => {
      const atLogin = parameter(
        await new Browser(deployment).next(authorizationPath(client)),
        'login_challenge',
      )
      const path = `/admin/oauth2/auth/requests/login/accept?login_challenge=${atLogin}`
      const headers = { authorization: 'Bearer ladon-test-admin-key', 'content-type': 'application/json' }
      const answer = await deployment.fetch(path, { method: 'PUT', headers, body: BODIES[name] ?? '' })
      expect([200, 400, 413, 422]).toContain(answer.status)
      await answer.text()
      expect(Reflect.get({}, 'admin')).toBeUndefined()
      const next = await new LoginApp(deployment).decide('login', 'accept', atLogin, { subject: 'bodies' })
      expect(next).toContain('login_verifier')
      const record = await bodyOf(await deployment.admin('GET', `/admin/clients/${client.id}`))
      expect(record['admin']).toBeUndefined()
    },
  )
})
