import { allowInsecureRequests, customFetch, discovery, None } from 'openid-client'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { loadConfig } from '../../src/config/load.ts'
import type { Config, SigningAlgorithm } from '../../src/config/types.ts'
import { discovered } from '../../src/http/endpoint.ts'
import { ACCESS_TOKEN_SET, ID_TOKEN_SET, type KeyRing } from '../../src/keys/ring.ts'
import { makeSigningKey } from '../../src/keys/signing-key.ts'
import { discoveryResponse } from '../../src/public/discovery.ts'
import { jwksResponse } from '../../src/public/jwks.ts'
import { emptyInstallation, type Installation, keyRows } from '../crypto/installation.ts'
import { endpoints } from '../support/endpoints.ts'

const env = {
  URLS_SELF_ISSUER: 'https://op.example/',
  SECRETS_SYSTEM: 'a-system-secret-of-at-least-32-chars',
}
let installation: Installation
let ring: KeyRing

beforeEach(async () => {
  installation = await emptyInstallation()
  ring = installation.ring()
})

afterEach(() => {
  vi.useRealTimers()
})

/** Stores a key of the given age in seconds. */
async function addKey(set: string, algorithm: SigningAlgorithm, age: number): Promise<void> {
  const now = Math.floor(Date.now() / 1000)
  const row = await makeSigningKey(installation.envelopes(), set, algorithm, now - age)
  await installation.keyStore().add(row)
}

const metadataOf = (config: Config): Promise<Response> =>
  discoveryResponse(config, ring, (known) => discovered(endpoints, known))

const documentOf = async (more: Readonly<Record<string, string>> = {}): Promise<unknown> =>
  (await metadataOf(loadConfig({ ...env, ...more }))).json()

describe('discovery', () => {
  it('tells what this server does, and nothing else', async () => {
    expect(await documentOf({ URLS_SELF_PUBLIC: 'https://login.example' })).toEqual({
      issuer: 'https://op.example/',
      authorization_endpoint: 'https://login.example/oauth2/auth',
      token_endpoint: 'https://login.example/oauth2/token',
      userinfo_endpoint: 'https://login.example/userinfo',
      jwks_uri: 'https://op.example/.well-known/jwks.json',
      device_authorization_endpoint: 'https://login.example/oauth2/device/auth',
      revocation_endpoint: 'https://op.example/oauth2/revoke',
      end_session_endpoint: 'https://op.example/oauth2/sessions/logout',
      check_session_iframe: 'https://login.example/oauth2/sessions/check',
      credentials_endpoint_draft_00: 'https://login.example/credentials',
      credentials_supported_draft_00: [
        {
          format: 'jwt_vc_json',
          types: ['VerifiableCredential', 'UserInfoCredential'],
          cryptographic_binding_methods_supported: ['jwk'],
          cryptographic_suites_supported: [
            ...[
              'RS256',
              'RS384',
              'RS512',
              'PS256',
              'PS384',
              'PS512',
              'ES256',
              'ES384',
              'ES512',
              'EdDSA',
              'Ed25519',
            ],
          ],
        },
      ],
      subject_types_supported: ['public'],
      response_types_supported: [
        'code',
        'id_token',
        'token',
        'id_token token',
        'code id_token',
        'code token',
        'code id_token token',
      ],
      response_modes_supported: ['query', 'fragment', 'form_post'],
      grant_types_supported: [
        'authorization_code',
        'refresh_token',
        'client_credentials',
        'urn:ietf:params:oauth:grant-type:device_code',
        'urn:ietf:params:oauth:grant-type:jwt-bearer',
        'implicit',
      ],
      prompt_values_supported: ['none', 'login', 'consent', 'select_account', 'create'],
      scopes_supported: ['offline_access', 'offline', 'openid'],
      claims_supported: ['sub'],
      token_endpoint_auth_methods_supported: [
        'client_secret_basic',
        'client_secret_post',
        'private_key_jwt',
        'none',
      ],
      token_endpoint_auth_signing_alg_values_supported: [
        ...[
          'RS256',
          'RS384',
          'RS512',
          'PS256',
          'PS384',
          'PS512',
          'ES256',
          'ES384',
          'ES512',
          'EdDSA',
          'Ed25519',
        ],
      ],
      revocation_endpoint_auth_methods_supported: [
        'client_secret_basic',
        'client_secret_post',
        'private_key_jwt',
        'none',
      ],
      revocation_endpoint_auth_signing_alg_values_supported: [
        ...[
          'RS256',
          'RS384',
          'RS512',
          'PS256',
          'PS384',
          'PS512',
          'ES256',
          'ES384',
          'ES512',
          'EdDSA',
          'Ed25519',
        ],
      ],
      introspection_endpoint: 'https://op.example/oauth2/introspect',
      introspection_endpoint_auth_methods_supported: [
        'client_secret_basic',
        'client_secret_post',
        'private_key_jwt',
      ],
      introspection_endpoint_auth_signing_alg_values_supported: [
        ...[
          'RS256',
          'RS384',
          'RS512',
          'PS256',
          'PS384',
          'PS512',
          'ES256',
          'ES384',
          'ES512',
          'EdDSA',
          'Ed25519',
        ],
      ],
      code_challenge_methods_supported: ['S256'],
      id_token_signing_alg_values_supported: ['ES256'],
      id_token_signed_response_alg: ['ES256'],
      userinfo_signing_alg_values_supported: ['none', 'ES256'],
      userinfo_signed_response_alg: ['ES256'],
      id_token_encryption_alg_values_supported: ['RSA-OAEP-256', 'ECDH-ES', 'ECDH-ES+A256KW'],
      id_token_encryption_enc_values_supported: ['A128CBC-HS256', 'A256GCM'],
      userinfo_encryption_alg_values_supported: ['RSA-OAEP-256', 'ECDH-ES', 'ECDH-ES+A256KW'],
      userinfo_encryption_enc_values_supported: ['A128CBC-HS256', 'A256GCM'],
      authorization_response_iss_parameter_supported: true,
      request_parameter_supported: true,
      request_uri_parameter_supported: true,
      require_request_uri_registration: true,
      request_object_signing_alg_values_supported: [
        ...[
          'none',
          'RS256',
          'RS384',
          'RS512',
          'PS256',
          'PS384',
          'PS512',
          'ES256',
          'ES384',
          'ES512',
          'EdDSA',
          'Ed25519',
        ],
      ],
      claims_parameter_supported: true,
      claim_types_supported: ['normal', 'aggregated', 'distributed'],
      frontchannel_logout_supported: true,
      frontchannel_logout_session_supported: true,
      backchannel_logout_supported: true,
      backchannel_logout_session_supported: true,
    })
  })

  it('names the addresses that are configured', async () => {
    const names = ['AUTH', 'TOKEN', 'DEVICE_AUTHORIZATION', 'JWKS', 'USERINFO']
    const settings = names.map((name) => [
      `WEBFINGER_OIDC_DISCOVERY_${name}_URL`,
      `https://edge.example/${name}`,
    ])
    expect(await documentOf(Object.fromEntries(settings))).toMatchObject({
      authorization_endpoint: 'https://edge.example/AUTH',
      token_endpoint: 'https://edge.example/TOKEN',
      device_authorization_endpoint: 'https://edge.example/DEVICE_AUTHORIZATION',
      jwks_uri: 'https://edge.example/JWKS',
      userinfo_endpoint: 'https://edge.example/USERINFO',
    })
  })

  it('adds configured claims and scopes once', async () => {
    const more = {
      WEBFINGER_OIDC_DISCOVERY_SUPPORTED_CLAIMS: 'sub,email',
      WEBFINGER_OIDC_DISCOVERY_SUPPORTED_SCOPE: '["openid","email"]',
    }
    expect(await documentOf(more)).toMatchObject({
      claims_supported: ['sub', 'email'],
      scopes_supported: ['offline_access', 'offline', 'openid', 'email'],
    })
  })

  it('names the algorithm that signs first, then those of other published keys', async () => {
    await ring.signer(ID_TOKEN_SET)
    await addKey(ID_TOKEN_SET, 'EdDSA', 0)
    ring = installation.ring()
    expect(await documentOf()).toMatchObject({
      id_token_signing_alg_values_supported: ['ES256', 'EdDSA'],
      id_token_signed_response_alg: ['ES256'],
    })
  })

  it('is accepted by openid-client', async () => {
    const config = loadConfig({ ...env, URLS_SELF_ISSUER: 'http://localhost:4444' })
    const client = await discovery(new URL(config.urls.issuer), 'client', undefined, None(), {
      execute: [allowInsecureRequests],
      [customFetch]: () => metadataOf(config),
    })
    expect(client.serverMetadata().supportsPKCE()).toBe(true)
  })
})

describe('JWKS', () => {
  it('holds the public keys of both sets, newest first', async () => {
    for (const [age, set] of [
      [200, ID_TOKEN_SET],
      [100, ID_TOKEN_SET],
      [300, ACCESS_TOKEN_SET],
    ] as const) {
      await addKey(set, 'ES256', age)
    }
    const rows = await keyRows()
    const kidsOf = (set: string): readonly string[] =>
      rows.filter((row) => row.set === set).map((row) => row.kid)
    const body = await (await jwksResponse(ring)).json<{ keys: readonly Record<string, unknown>[] }>()
    expect(body.keys.map((key) => key['kid'])).toEqual([...kidsOf(ID_TOKEN_SET), ...kidsOf(ACCESS_TOKEN_SET)])
    for (const key of body.keys)
      expect(Object.keys(key).sort()).toEqual(['alg', 'crv', 'kid', 'kty', 'use', 'x', 'y'])
  })
})

describe('both', () => {
  it('may be kept for a minute and are JSON', async () => {
    for (const response of [await metadataOf(loadConfig(env)), await jwksResponse(ring)]) {
      expect(response.status).toBe(200)
      expect(response.headers.get('cache-control')).toBe(
        'public, max-age=30, stale-while-revalidate=30, stale-if-error=30',
      )
      expect(response.headers.get('content-type')).toBe('application/json; charset=utf-8')
    }
  })

  it('give the same bytes again', async () => {
    const config = loadConfig(env)
    const first = [await (await metadataOf(config)).text(), await (await jwksResponse(ring)).text()]
    expect([await (await metadataOf(config)).text(), await (await jwksResponse(ring)).text()]).toEqual(first)
  })
})
