import { describe, expect, it } from 'vitest'
import { accessTokenLifespan, idTokenLifespan, refreshTokenLifespan } from '../../src/clients/lifespans.ts'
import { isSecureRedirectUri, redirectUriMatches } from '../../src/clients/redirect-uri.ts'
import { renderClient } from '../../src/clients/render.ts'
import { hashSecret, makeSecret, verifySecret } from '../../src/clients/secret.ts'
import { loadConfig } from '../../src/config/load.ts'
import { RootKeys } from '../../src/crypto/root-keys.ts'
import { RootKeyStore } from '../../src/store/root-keys.ts'
import { testEnv } from '../support/bindings.ts'
import { clientRecord } from '../support/client-record.ts'
import { patient } from '../support/patient.ts'

const env = testEnv()

describe('redirectUriMatches', () => {
  const registered = [
    'https://a.test/cb',
    'http://127.0.0.1/cb?x=1',
    'http://[::1]:8080/',
    'http://localhost:1/',
    'app:/cb',
  ]
  it.each([
    ['https://a.test/cb', true],
    ['https://a.test/cb/', false],
    ['https://a.test/cb?x', false],
    ['https://A.test/cb', false],
    ['https://a.test:443/cb', false],
    ['http://a.test/cb', false],
    ['https://a.test/./cb', false],
    ['http://127.0.0.1:5555/cb?x=1', true],
    ['http://127.0.0.1/cb?x=1', true],
    ['http://127.0.0.1:5555/cb', false],
    ['http://127.0.0.1:5555/cb?x=2', false],
    ['http://127.0.0.1:99999/cb?x=1', false],
    ['http://127.0.0.1:5555/cb?x=1#f', false],
    ['http://127.0.0.2:5555/cb?x=1', false],
    ['https://127.0.0.1:5555/cb?x=1', false],
    ['http://u@127.0.0.1:5555/cb?x=1', false],
    ['http://127.0.0.1:5555@evil.test/cb?x=1', false],
    ['http://127.0.0.1.evil.test/cb?x=1', false],
    ['http://[::1]:1/', true],
    ['http://[::1]/', true],
    ['http://[::1]', false],
    ['http://localhost:2/', false],
    ['app:/cb', true],
    ['', false],
  ])('%s: %s', (uri, expected) => {
    expect(redirectUriMatches(registered, uri)).toBe(expected)
  })

  it('matches nothing where nothing is registered', () => {
    expect(redirectUriMatches(null, 'https://a.test/cb')).toBe(false)
    expect(redirectUriMatches([], '')).toBe(false)
  })
})

it.each([
  ['https://a.test/', true],
  ['http://a.test/', false],
  ['HTTP://a.test/', false],
  ['http://localhost/', true],
  ['http://x.localhost:1/', true],
  ['http://127.0.0.9/', true],
  ['http://[::1]/', true],
  ['app:/cb', true],
  ['nonsense', false],
])('isSecureRedirectUri(%s) is %s', (uri, expected) => {
  expect(isSecureRedirectUri(uri)).toBe(expected)
})

describe('lifespans', () => {
  const { ttl } = loadConfig(env)
  const own = (body: object) => clientRecord('x', body).metadata
  it('falls back to the configuration', () => {
    expect(accessTokenLifespan(ttl, own({}), 'implicit')).toBe(ttl.accessToken)
    expect(idTokenLifespan(ttl, own({}), 'refresh_token')).toBe(ttl.idToken)
    expect(refreshTokenLifespan(ttl, own({}), 'authorization_code')).toBe(ttl.refreshToken)
  })

  it.each(['authorization_code', 'refresh_token', 'device_authorization'] as const)(
    'takes the settings of %s',
    (grant) => {
      const client = own({
        [`${grant}_grant_access_token_lifespan`]: '1m',
        [`${grant}_grant_id_token_lifespan`]: '2m',
        [`${grant}_grant_refresh_token_lifespan`]: '3m',
      })
      expect(accessTokenLifespan(ttl, client, grant)).toBe(60)
      expect(idTokenLifespan(ttl, client, grant)).toBe(120)
      expect(refreshTokenLifespan(ttl, client, grant)).toBe(180)
    },
  )

  it.each(['client_credentials', 'implicit', 'jwt_bearer'] as const)(
    'takes the access-token setting of %s',
    (grant) => {
      expect(accessTokenLifespan(ttl, own({ [`${grant}_grant_access_token_lifespan`]: '90s' }), grant)).toBe(
        90,
      )
    },
  )

  it('lets a negative refresh-token lifespan never end', () => {
    const client = own({ refresh_token_grant_refresh_token_lifespan: '-1s' })
    expect(refreshTokenLifespan(ttl, client, 'refresh_token')).toBeNull()
  })
})

describe('secrets', () => {
  const store = new RootKeyStore(patient(env))
  const roots = new RootKeys(store, ['first-system-secret-of-32-characters!'])

  it('makes 26 characters of the whole alphabet, evenly', () => {
    const counts = new Map<string, number>()
    const secrets = Array.from({ length: 2000 }, makeSecret)
    for (const secret of secrets) {
      expect(secret).toMatch(/^[a-zA-Z0-9._~-]{26}$/)
      for (const letter of secret) counts.set(letter, (counts.get(letter) ?? 0) + 1)
    }
    expect(new Set(secrets).size).toBe(2000)
    expect(counts.size).toBe(66)
    const expected = (2000 * 26) / 66
    const chiSquared = [...counts.values()].reduce(
      (sum, count) => sum + (count - expected) ** 2 / expected,
      0,
    )
    // 65 degrees of freedom: beyond 150 once in a hundred million runs; taking bytes modulo 66 would give thousands.
    expect(chiSquared).toBeLessThan(150)
  })

  it('verifies the right secret of the right client only', async () => {
    const hash = await hashSecret(roots, 'app', 'correct horse')
    expect(hash).toMatch(/^hmac1\$[\w-]+\$[\w-]{43}$/)
    expect(await verifySecret(roots, 'app', 'correct horse', hash)).toBe(true)
    expect(await verifySecret(roots, 'app', 'correct horsf', hash)).toBe(false)
    expect(await verifySecret(roots, 'app', '', hash)).toBe(false)
    expect(await verifySecret(roots, 'other', 'correct horse', hash)).toBe(false)
    expect(await hashSecret(roots, 'other', 'correct horse')).not.toBe(hash)
  })

  it('outlives a rotation of the system secret', async () => {
    const hash = await hashSecret(roots, 'app', 'correct horse')
    const rotated = ['second-system-secret-of-32-characters', 'first-system-secret-of-32-characters!']
    expect(await verifySecret(new RootKeys(store, rotated), 'app', 'correct horse', hash)).toBe(true)
  })

  it.each(['', 'hmac9$x$y', 'hmac1$AAAAAAAA$y', '$2a$10$abc'])(
    'calls the hash %j damaged, not wrong',
    async (hash) => {
      await expect(verifySecret(roots, 'app', 'x', hash)).rejects.toMatchObject({
        code: 'misconfiguration',
        reason: 'stored_unreadable',
      })
    },
  )
})

describe('rendering', () => {
  const minimal = {
    client_id: 'c',
    client_name: '',
    redirect_uris: [],
    grant_types: [],
    response_types: [],
    scope: 'offline_access offline openid',
    audience: [],
    owner: '',
    policy_uri: '',
    allowed_cors_origins: [],
    tos_uri: '',
    client_uri: '',
    logo_uri: '',
    contacts: [],
    client_secret_expires_at: 0,
    subject_type: 'public',
    jwks: {},
    token_endpoint_auth_method: 'client_secret_basic',
    userinfo_signed_response_alg: 'none',
    created_at: '1970-01-01T00:00:01Z',
    updated_at: '1970-01-01T00:00:01Z',
    metadata: {},
    skip_consent: false,
  }

  it('shows an empty client with every fixed field and no other', () => {
    const record = { ...clientRecord('c'), version: 1, secretHash: 'hmac1$secret' }
    expect(renderClient(record)).toStrictEqual(minimal)
  })

  it('shows every field that is set', () => {
    const body = {
      client_name: 'App',
      redirect_uris: ['https://a.test/cb'],
      grant_types: ['authorization_code'],
      response_types: ['code'],
      scope: 'openid',
      audience: ['api'],
      owner: 'me',
      policy_uri: 'https://a.test/p',
      allowed_cors_origins: ['https://a.test'],
      tos_uri: 'https://a.test/t',
      client_uri: 'https://a.test/c',
      logo_uri: 'https://a.test/l',
      contacts: ['x@a.test'],
      jwks_uri: 'https://a.test/jwks',
      token_endpoint_auth_method: 'private_key_jwt',
      token_endpoint_auth_signing_alg: 'ES256',
      request_uris: ['https://a.test/r'],
      request_object_signing_alg: 'RS256',
      userinfo_signed_response_alg: 'RS256',
      frontchannel_logout_uri: 'https://a.test/f',
      frontchannel_logout_session_required: true,
      backchannel_logout_uri: 'https://a.test/b',
      backchannel_logout_session_required: true,
      post_logout_redirect_uris: ['https://a.test/bye'],
      metadata: { a: { b: [1] } },
      access_token_strategy: 'opaque',
      skip_consent: true,
      skip_logout_consent: true,
      implicit_grant_id_token_lifespan: '1h0m0s',
    }
    expect(renderClient({ ...clientRecord('c', body), version: 1 })).toStrictEqual({ ...minimal, ...body })
  })
})
