import { createExecutionContext } from 'cloudflare:test'
import { exports } from 'cloudflare:workers'
import { createLocalJWKSet, decodeJwt, decodeProtectedHeader, jwtVerify } from 'jose'
import { describe, expect, it } from 'vitest'
import { bindingApp } from '../../src/app.ts'
import { Deployment, ISSUER, testEnv } from '../support/deployment.ts'
import { logIn, registerClient } from '../support/relying-party.ts'

const custom = { session: { access_token: { tenant: 't1', sub: 'evil', plan: 'pro' } } }

describe('JWT access tokens (contract 3.9)', () => {
  const cases: readonly [string, Record<string, string>, Record<string, unknown>, readonly string[]][] = [
    ['by default', {}, { scp: ['openid', 'offline_access'], ext: custom.session.access_token }, ['scope']],
    [
      'scope as string',
      { STRATEGIES_JWT_SCOPE_CLAIM: 'string' },
      { scope: 'openid offline_access' },
      ['scp'],
    ],
    [
      'scope both',
      { STRATEGIES_JWT_SCOPE_CLAIM: 'both' },
      { scp: ['openid', 'offline_access'], scope: 'openid offline_access' },
      [],
    ],
    [
      'promoted claims',
      { OAUTH2_ALLOWED_TOP_LEVEL_CLAIMS: 'tenant,sub', OAUTH2_MIRROR_TOP_LEVEL_CLAIMS: 'false' },
      { tenant: 't1', sub: 'alice' },
      ['ext'],
    ],
    [
      'the rest kept in ext',
      {
        OAUTH2_ALLOWED_TOP_LEVEL_CLAIMS: 'tenant',
        OAUTH2_MIRROR_TOP_LEVEL_CLAIMS: 'false',
        OAUTH2_PRESERVE_EXT_CLAIMS: 'true',
      },
      { tenant: 't1', ext: { sub: 'evil', plan: 'pro' } },
      [],
    ],
    ['without nbf', { OAUTH2_EXCLUDE_NOT_BEFORE_CLAIM: 'true' }, { client_id: expect.any(String) }, ['nbf']],
  ]

  it.each(cases)('%s', async (_name, settings, expected, absent) => {
    const deployment = new Deployment(testEnv({ STRATEGIES_ACCESS_TOKEN: 'jwt', ...settings }))
    const client = await registerClient(deployment)
    const { access_token } = await logIn(deployment, client, { consent: custom })
    const jwks = await (await deployment.fetch('/.well-known/jwks.json')).json<{ keys: [] }>()
    const { payload } = await jwtVerify(access_token, createLocalJWKSet(jwks), { issuer: ISSUER })
    expect(payload).toMatchObject({ sub: 'alice', client_id: client.id, aud: [], ...expected })
    for (const name of absent) expect(payload).not.toHaveProperty(name)
  })

  it('a client chooses for itself, and the header type follows the setting', async () => {
    const deployment = new Deployment(
      testEnv({ STRATEGIES_ACCESS_TOKEN: 'jwt', STRATEGIES_JWT_TYP: 'at+jwt' }),
    )
    const opaque = await registerClient(deployment, { access_token_strategy: 'opaque' })
    expect((await logIn(deployment, opaque)).access_token).toMatch(/^ory_at_[\w-]+\.[\w-]+$/)
    const jwt = await registerClient(deployment)
    const { access_token } = await logIn(deployment, jwt)
    expect(decodeProtectedHeader(access_token)).toMatchObject({ alg: 'RS256', typ: 'at+jwt' })
    expect(decodeJwt(access_token).jti?.length).toBeGreaterThan(100)
  })

  it('a JWT whose signature or claims were touched is inactive', async () => {
    const deployment = new Deployment(testEnv({ STRATEGIES_ACCESS_TOKEN: 'jwt' }))
    const client = await registerClient(deployment)
    const { access_token } = await logIn(deployment, client)
    const [header = '', payload = '', signature = ''] = access_token.split('.')
    const claims = { ...decodeJwt(access_token), sub: 'root' }
    const forged = btoa(JSON.stringify(claims)).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '')
    expect(await deployment.introspect(access_token)).toMatchObject({ active: true })
    expect(await deployment.introspect(`${header}.${forged}.${signature}`)).toEqual({ active: false })
    const cut = `${header}.${payload}.${signature.slice(0, -8)}`
    expect(await deployment.introspect(cut)).toEqual({ active: false })
  })

  it('opaque tokens stay under 255 characters', async () => {
    const deployment = new Deployment()
    const tokens = await logIn(deployment, await registerClient(deployment))
    expect(tokens.access_token.length).toBeLessThan(255)
    expect(tokens.refresh_token.length).toBeLessThan(255)
  })
})

describe('the Admin entrypoint', () => {
  it('answers over a service binding without a key, admin routes only', async () => {
    const listed = await exports.Admin.fetch('https://ladon/admin/clients')
    expect([listed.status, await listed.json()]).toEqual([200, expect.any(Array)])
    const unprefixed = await exports.Admin.fetch('https://ladon/clients')
    expect(unprefixed.status).toBe(200)
    const other = await exports.Admin.fetch('https://ladon/oauth2/token', { method: 'POST' })
    expect(other.status).toBe(404)
  })

  it('is closed unless ADMIN_ENTRYPOINT is on', async () => {
    const env = testEnv({ ADMIN_ENTRYPOINT: 'off' })
    const request = new Request('https://ladon/admin/clients')
    expect((await bindingApp('Admin').fetch(request, env, createExecutionContext())).status).toBe(401)
  })
})
