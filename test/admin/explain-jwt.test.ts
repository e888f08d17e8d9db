import { exportJWK, generateKeyPair, type JWTPayload, SignJWT } from 'jose'
import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { bodyOf, Deployment, ISSUER, testEnv } from '../support/deployment.ts'
import { logIn, registerClient, revoke, type TestClient } from '../support/relying-party.ts'

const deployment = new Deployment()
let client: TestClient

beforeAll(async () => {
  client = await registerClient(deployment, { client_name: 'Shop' })
})
afterEach(() => {
  vi.useRealTimers()
})

async function explain(text: string, by = deployment): Promise<Readonly<Record<string, unknown>>> {
  const response = await by.admin('POST', '/admin/explain', { text })
  expect(response.status).toBe(200)
  return bodyOf(response)
}

describe('a JWT', () => {
  it('of this server: an access token as an opaque one, with its key', async () => {
    const jwts = new Deployment(testEnv({ STRATEGIES_ACCESS_TOKEN: 'jwt' }))
    const { access_token } = await logIn(jwts, client, { login: { subject: 'alice' } })
    const key = { set: 'hydra.jwt.access-token', is_published: true, kid: expect.any(String) }
    const known = { kind: 'access_token', issuer: ISSUER, subject: 'alice', key }
    const good = await explain(access_token, jwts)
    expect(good).toMatchObject({ ...known, state: 'active', jwt: { alg: 'RS256' } })
    await revoke(jwts, client, access_token)
    expect(await explain(access_token, jwts)).toMatchObject({ ...known, ended_by: 'token_revoked' })
    const { jti } = JSON.parse(
      atob(String(access_token.split('.')[1]).replaceAll('-', '+').replaceAll('_', '/')),
    )
    expect(await explain(jti, jwts)).toMatchObject({
      ...{ kind: 'access_jti', subject: 'alice', ended_by: 'token_revoked' },
    })
    const altered = `${access_token.slice(0, -8)}AAAAAAAA`
    expect(await explain(altered)).toMatchObject({ kind: 'access_token', state: 'damaged' })
  })

  it('of this server: an ID token without the claims of its user', async () => {
    const session = { id_token: { email: 'alice@private.example' } }
    const { id_token } = await logIn(deployment, client, {
      login: { subject: 'alice' },
      consent: { session },
    })
    const told = await explain(id_token)
    expect(told).toMatchObject({ kind: 'id_token', state: 'active', subject: 'alice', audience: [client.id] })
    expect(told['jwt']).toMatchObject({ claims: expect.arrayContaining(['email']) })
    expect(JSON.stringify(told)).not.toContain('private.example')
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 3_601_000 })
    expect(await explain(id_token)).toMatchObject({ kind: 'id_token', state: 'expired' })
  })

  const jwt = (header: object, claims: object): string =>
    `${[header, claims].map((part) => btoa(JSON.stringify(part)).replaceAll('=', '')).join('.')}.c2ln`

  it('is said to have a published key, in whatever set that is, and to be forged or of something else', async () => {
    const own = new Deployment(
      testEnv({ STRATEGIES_ACCESS_TOKEN: 'jwt', WEBFINGER_JWKS_BROADCAST_KEYS: 'mine' }),
    )
    const { access_token } = await logIn(own, client, { login: { subject: 'alice' } })
    const { kid } = JSON.parse(atob(String(access_token.split('.')[0])))
    const { privateKey } = await generateKeyPair('ES256', { extractable: true })
    const mine = { ...(await exportJWK(privateKey)), kid: 'my-key', alg: 'ES256', use: 'sig' }
    expect((await own.admin('PUT', '/admin/keys/mine', { keys: [mine] })).status).toBe(200)

    const forged = { state: 'damaged', cause: expect.stringContaining('signature does not fit') }
    expect(await explain(jwt({ alg: 'RS256', kid }, { iss: ISSUER, sub: 'bob' }), own)).toMatchObject({
      ...forged,
      key: { kid, set: 'hydra.jwt.access-token', is_published: true },
    })
    const signed = (claims: JWTPayload) =>
      new SignJWT({ iss: ISSUER, ...claims })
        .setProtectedHeader({ alg: 'ES256', kid: 'my-key', typ: 'JWT' })
        .sign(privateKey)
    const key = { kid: 'my-key', set: 'mine', is_published: true }
    expect(await explain(await signed({ sub: 'bob' }), own)).toMatchObject({
      ...{ kind: 'userinfo', state: 'foreign', cause: expect.stringContaining("'mine'"), key },
    })
    const other = await signed({ exp: 4_000_000_000 })
    expect(await explain(other, own)).toMatchObject({ kind: 'jwt', state: 'active', key })
    expect(await explain(`${other.slice(0, -8)}AAAAAAAA`, own)).toMatchObject({ ...forged, key })
  })

  it.each([
    [
      'foreign',
      'of another server',
      jwt({ alg: 'RS256', kid: 'x' }, { iss: 'https://other.example', sub: 'bob' }),
    ],
    ['foreign', 'whose key is gone', jwt({ alg: 'RS256', kid: 'gone' }, { iss: ISSUER, sub: 'bob' })],
    ['damaged', 'without a key', jwt({ alg: 'RS256' }, { iss: ISSUER, sub: 'bob' })],
    ['foreign', 'without an issuer', jwt({ alg: 'none', kid: { a: 1 } }, { sub: 'bob' })],
    ['damaged', 'cut off', 'eyJhbGciOiJSUzI1NiJ9.eyJpc3'.concat('.')],
    ['unknown', 'encrypted', 'a.b.c.d.e'],
  ])('is %s: %s', async (state, _what, text) => {
    const told = await explain(text)
    expect(told).toMatchObject({ state })
    expect(JSON.stringify(told)).not.toContain('bob')
  })
})
