import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { makeKey } from '../../support/assertions.ts'
import { bodyOf, Deployment, testEnv } from '../../support/deployment.ts'

const SECTOR = 'https://app.example/sector.json'
const REDIRECT_URIS = ['https://app.example/cb', 'https://app.example/cb?x=1']

/** Every field of OIDC Registration section 2, RFC 7591 section 2 and the logout specifications, with a value of its own. */
const EVERY_FIELD = {
  redirect_uris: REDIRECT_URIS,
  response_types: ['code', 'code id_token', 'id_token token'],
  grant_types: ['authorization_code', 'implicit', 'refresh_token'],
  application_type: 'web',
  contacts: ['ops@app.example'],
  client_name: 'App',
  'client_name#de': 'Anwendung',
  'client_name#ja-Kana-JP': 'アプリ',
  logo_uri: 'https://app.example/logo.png',
  'logo_uri#de': 'https://app.example/de/logo.png',
  client_uri: 'https://app.example/',
  'client_uri#de': 'https://app.example/de',
  policy_uri: 'https://app.example/policy',
  'policy_uri#de': 'https://app.example/de/policy',
  tos_uri: 'https://app.example/terms',
  'tos_uri#de': 'https://app.example/de/terms',
  scope: 'openid email',
  software_id: '4NRB1-0XZABZI9E6-5SM3R',
  software_version: '2.1',
  sector_identifier_uri: SECTOR,
  subject_type: 'pairwise',
  id_token_signed_response_alg: 'RS256',
  id_token_encrypted_response_alg: 'ECDH-ES',
  id_token_encrypted_response_enc: 'A256GCM',
  userinfo_signed_response_alg: 'RS256',
  userinfo_encrypted_response_alg: 'ECDH-ES+A256KW',
  userinfo_encrypted_response_enc: 'A128CBC-HS256',
  request_object_signing_alg: 'PS256',
  token_endpoint_auth_method: 'private_key_jwt',
  token_endpoint_auth_signing_alg: 'ES256',
  default_max_age: 3600,
  require_auth_time: true,
  default_acr_values: ['gold', 'silver'],
  initiate_login_uri: 'https://app.example/start',
  request_uris: ['https://app.example/request.jwt#hash'],
  post_logout_redirect_uris: ['https://app.example/goodbye'],
  frontchannel_logout_uri: 'https://app.example/front?x=1',
  frontchannel_logout_session_required: true,
  backchannel_logout_uri: 'https://app.example/back?x=1',
  backchannel_logout_session_required: true,
}

let deployment: Deployment

beforeEach(() => {
  deployment = new Deployment(
    testEnv({
      OIDC_DYNAMIC_CLIENT_REGISTRATION_ENABLED: 'true',
      OIDC_SUBJECT_IDENTIFIERS_SUPPORTED_TYPES: 'public,pairwise',
      OIDC_SUBJECT_IDENTIFIERS_PAIRWISE_SALT: 'a-salt-of-the-operator',
    }),
  )
  vi.spyOn(globalThis, 'fetch').mockImplementation(async () => Response.json(REDIRECT_URIS))
})

afterEach(() => {
  vi.restoreAllMocks()
})

const register = (body: unknown): Promise<Response> =>
  deployment.fetch('/oauth2/register', { method: 'POST', body: JSON.stringify(body) })

describe('every field of a registration', () => {
  it.each(['jwks', 'jwks_uri'])(
    'is returned as it was sent, then, and when it is read, beside %s',
    async (by) => {
      const { publicJwk } = await makeKey('ES256')
      const { use: _, ...both } = publicJwk
      const keys = by === 'jwks' ? { jwks: { keys: [both] } } : { jwks_uri: 'https://app.example/jwks.json' }
      const sent = { ...EVERY_FIELD, ...keys }
      const response = await register(sent)
      const created = await bodyOf(response)
      expect([response.status, created['error_description']]).toEqual([201, undefined])
      expect(created).toMatchObject(sent)
      const path = `/oauth2/register/${created['client_id']}`
      const headers = { authorization: `Bearer ${created['registration_access_token']}` }
      expect(await bodyOf(await deployment.fetch(path, { headers }))).toMatchObject(sent)
      const replaced = await deployment.fetch(path, { method: 'PUT', headers, body: JSON.stringify(sent) })
      expect(await bodyOf(replaced)).toMatchObject(sent)
      const admin = `/admin/clients/${created['client_id']}`
      expect(await bodyOf(await deployment.admin('GET', admin))).toMatchObject(sent)
      const left = await bodyOf(await deployment.admin('PUT', admin, { redirect_uris: REDIRECT_URIS }))
      for (const name of ['initiate_login_uri', 'client_name#de', 'default_max_age', 'software_id'])
        expect(left).not.toHaveProperty(name)
    },
  )
})

describe('a registration is refused', () => {
  it.each<[string, unknown, string?]>([
    ['redirect_uris', ['https://app.example/cb#fragment'], 'invalid_redirect_uri'],
    ['redirect_uris', ['javascript:alert(1)'], 'invalid_redirect_uri'],
    ['application_type', 'desktop'],
    ['logo_uri', 'javascript:alert(1)'],
    ['client_uri', 'app.example'],
    ['policy_uri', 'data:text/html,x'],
    ['tos_uri', '/terms'],
    ['logo_uri#de', 'javascript:alert(1)'],
    ['client_uri#de', 'app.example'],
    ['policy_uri#de', 'data:text/html,x'],
    ['tos_uri#de', '/terms'],
    ['client_name#de', 'broken \ud800 name'],
    ['client_name', 'broken \ud800 name'],
    ['software_id', 'line\nbreak'],
    ['default_acr_values', ['line\nbreak']],
    ['jwks_uri', 'ftp://app.example/jwks.json'],
    ['jwks', { keys: [{ kty: 'oct', k: 'c2VjcmV0' }] }],
    ['subject_type', 'anonymous'],
    ['sector_identifier_uri', 'http://app.example/sector.json'],
    ['id_token_signed_response_alg', 'none'],
    ['id_token_signed_response_alg', 'HS256'],
    ['id_token_encrypted_response_alg', 'RSA1_5'],
    ['id_token_encrypted_response_enc', 'A128GCM'],
    ['userinfo_signed_response_alg', 'HS256'],
    ['userinfo_encrypted_response_alg', 'dir'],
    ['userinfo_encrypted_response_enc', 'A128GCM'],
    ['request_object_signing_alg', 'HS256'],
    ['request_object_encryption_alg', 'RSA-OAEP-256'],
    ['default_max_age', -1],
    ['default_max_age', 1.5],
    ['default_max_age', '60'],
    ['require_auth_time', 'true'],
    ['default_acr_values', 'gold'],
    ['default_acr_values', [1]],
    ['initiate_login_uri', 'http://app.example/start'],
    ['initiate_login_uri', 'https:/start here'],
    ['request_uris', ['request.jwt']],
    ['post_logout_redirect_uris', ['https://elsewhere.example/goodbye']],
    ['frontchannel_logout_uri', 'javascript:alert(1)'],
    ['backchannel_logout_uri', 'back'],
    ['backchannel_logout_uri', 'https://app.example/back#fragment'],
  ])('for %s: %j', async (field, value, error = 'invalid_client_metadata') => {
    const response = await register({ redirect_uris: ['https://app.example/cb'], [field]: value })
    expect(response.status).toBe(400)
    expect(await bodyOf(response)).toMatchObject({ error })
  })
})

describe('a field that says nothing', () => {
  it('is taken for one that was not sent', async () => {
    const nothing = { default_max_age: null, initiate_login_uri: '', 'client_name#de': '', software_id: null }
    const created = await bodyOf(await register({ redirect_uris: REDIRECT_URIS, ...nothing }))
    for (const name of Object.keys(nothing)) expect(created).not.toHaveProperty(name)
  })
})
