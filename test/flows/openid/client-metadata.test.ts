import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { makeKey } from '../../support/assertions.ts'
import { ADMIN_KEY, bodyOf, Deployment, testEnv } from '../../support/deployment.ts'
import { LogLines } from '../../support/log-lines.ts'
import { registerClient } from '../../support/relying-party.ts'

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

/** Broken Unicode is refused before any field is read. */
const MALFORMED = 'The request was malformed or contained invalid parameters'

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
    ['client_name#de', 'broken \ud800 name', MALFORMED],
    ['client_name', 'broken \ud800 name', MALFORMED],
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
    ['token_endpoint_auth_method', 'foo'],
    ['token_endpoint_auth_method', 'client_secret_jwt'],
    ['token_endpoint_auth_method', 'tls_client_auth'],
    ['grant_types', ['password', 'foo']],
    ['response_types', ['foo', 'none']],
    ['response_types', ['id_token', 'token id_token']],
    ['allowed_cors_origins', ['https://*foo.example']],
    ['allowed_cors_origins', ['https://*.*.example']],
    ['jwks_uri', 'http://app.example/jwks.json'],
    ['jwks_uri', 'https://localhost/jwks.json'],
    ['request_uris', ['https://app.example/one.jwt', 'https://app.example:8443/two.jwt']],
    ['backchannel_logout_uri', 'https://10.0.0.1/back'],
    ['frontchannel_logout_uri', 'https://elsewhere.example/front'],
    ['frontchannel_logout_uri', 'http://app.example/front'],
    ['frontchannel_logout_uri', 'https://app.example:8443/front'],
    ['client_name', 'Bank\u202eknaB'],
    ['client_name', '\u2066Bank'],
    ['client_name', 'Ba\u200bnk'],
    ['client_name', 'Pay\u200dPal'],
    ['client_name', 'Bank\ufeff'],
    ['client_name', 'Bank\u{e0061}'],
    ['client_name#he', 'Bank\u200f'],
    ['contacts', ['ops\u202a@app.example']],
    ['client_uri', 'https://app.example/\u202eb'],
    ['tos_uri', 'https://app.example/\u2067t'],
    ['policy_uri#de', 'https://app.example/\u200bp'],
    ['logo_uri', 'https://app.example/\u00adl'],
    ['owner', 'me\u2069'],
  ])('for %s: %j', async (field, value, error = 'invalid_client_metadata') => {
    const response = await register({ redirect_uris: ['https://app.example/cb'], [field]: value })
    expect(response.status).toBe(400)
    expect(await bodyOf(response)).toMatchObject({ error })
  })
})

describe('what could never work', () => {
  const METHODS = 'one of client_secret_basic, client_secret_post, private_key_jwt, none'
  const https = 'https://app.example/cb'

  it.each<[string, object, string]>([
    ['a method', { token_endpoint_auth_method: 'client_secret_jwt' }, METHODS],
    ['a grant type', { grant_types: ['password'] }, 'none of authorization_code, refresh_token'],
    ['a response type', { response_types: ['foo'] }, "none of 'code', 'id_token'"],
    ['tokens in front', { response_types: ['id_token'] }, 'needs grant_types implicit'],
  ])('is refused by what would work: %s', async (_, fields, told) => {
    const body = await bodyOf(await register({ redirect_uris: [https], ...fields }))
    expect(body).toMatchObject({
      error: 'invalid_client_metadata',
      error_description: expect.stringContaining(told),
    })
  })

  it('is left out of lists, and the answer shows the rest, at first and after each change', async () => {
    const asked = {
      redirect_uris: [https],
      grant_types: ['password', 'authorization_code', 'foo', 'refresh_token'],
      response_types: ['code', 'token', 'foo', 'none'],
      unknown_field: 'x',
    }
    const left = { grant_types: ['authorization_code', 'refresh_token'], response_types: ['code'] }
    const response = await register(asked)
    const created = await bodyOf(response)
    expect([response.status, created, response.headers.has('ladon-warning')]).toMatchObject([
      201,
      left,
      false,
    ])
    const path = `/connect/register/${created['client_id']}`
    const headers = { authorization: `Bearer ${created['registration_access_token']}` }
    const put = (body: object): Promise<Response> =>
      deployment.fetch(path, { method: 'PUT', headers, body: JSON.stringify({ ...asked, ...body }) })
    expect(await bodyOf(await put({}))).toMatchObject(left)
    const implicit = { grant_types: ['implicit', 'authorization_code'], response_types: ['token code', 'x'] }
    expect(await bodyOf(await put(implicit))).toMatchObject({ response_types: ['token code'] })
    for (const broken of [
      { token_endpoint_auth_method: 'foo' },
      { grant_types: ['password'] },
      { frontchannel_logout_uri: 'https://elsewhere.example/' },
      { backchannel_logout_uri: 'http://app.example/' },
      { client_name: 'a\u202eb' },
    ])
      expect([broken, (await put(broken)).status]).toEqual([broken, 400])
  })

  it('stays as an admin set it, when the client changes something else', async () => {
    const set = {
      redirect_uris: [https],
      grant_types: ['password'],
      token_endpoint_auth_method: 'tls_client_auth',
      frontchannel_logout_uri: 'https://elsewhere.example/',
    }
    const made = await bodyOf(await deployment.admin('POST', '/admin/clients', set))
    const headers = { authorization: `Bearer ${made['registration_access_token']}` }
    const body = JSON.stringify({ ...set, client_name: 'New' })
    const path = `/oauth2/register/${made['client_id']}`
    const changed = await deployment.fetch(path, { method: 'PUT', headers, body })
    expect([changed.status, await bodyOf(changed)]).toMatchObject([200, { ...set, client_name: 'New' }])
    const worse = JSON.stringify({ ...set, frontchannel_logout_uri: 'https://other.example/' })
    expect((await deployment.fetch(path, { method: 'PUT', headers, body: worse })).status).toBe(400)
  })

  it('writes CORS origins as browsers send them', async () => {
    const allowed_cors_origins = ['https://App.example:443', 'http://a.example:80/', 'https://Bücher.example']
    const created = await bodyOf(await register({ redirect_uris: [https], allowed_cors_origins }))
    expect(created['allowed_cors_origins']).toEqual([
      'https://app.example',
      'http://a.example',
      'https://xn--bcher-kva.example',
    ])
  })

  it.each<[string, readonly string[], boolean, (readonly string[])?]>([
    ['web', ['https://app.example/cb'], true, ['implicit']],
    ['web', ['http://localhost/cb', 'com.app:/cb'], true],
    ['web', ['http://app.example/cb'], false, ['implicit']],
    ['web', ['https://localhost/cb'], false, ['implicit']],
    ['web', ['com.app:/cb'], false, ['authorization_code', 'implicit']],
    ['native', ['com.app:/cb', 'http://127.0.0.1/cb', 'http://[::1]/', 'http://localhost:1/'], true],
    ['native', ['https://claimed.example/cb'], true],
    ['native', ['com.app:/cb', 'http://app.example/cb'], false],
  ])('redirect URIs of a %s application: %j, %s', async (application_type, redirect_uris, fits, grants) => {
    const settings = {
      OIDC_DYNAMIC_CLIENT_REGISTRATION_ENABLED: 'true',
      URLS_SELF_ISSUER: 'https://op.example',
    }
    const edge = new Deployment(testEnv(settings))
    const sent = { redirect_uris, ...(grants && { grant_types: grants }) }
    const send = (path: string, body: object, headers: HeadersInit = {}): Promise<Response> =>
      edge.fetch(`https://op.example${path}`, { method: 'POST', headers, body: JSON.stringify(body) })
    const response = await send('/oauth2/register', { ...sent, application_type })
    expect([response.status, (await bodyOf(response))['error']]).toEqual(
      fits ? [201, undefined] : [400, 'invalid_redirect_uri'],
    )
    // Who does not say what it is, is not judged; an admin is warned.
    expect((await send('/oauth2/register', sent)).status).toBe(201)
    const key = { authorization: `Bearer ${ADMIN_KEY}` }
    const byAdmin = await send('/admin/clients', { ...sent, application_type }, key)
    expect([byAdmin.status, byAdmin.headers.has('ladon-warning')]).toEqual([201, !fits])
  })

  it.each(['می\u200cخواهم', '👩\u200d💻 ❤\ufe0f', 'क\u094d\u200dष', 'Ünïcode 東京'])(
    'is not a name with the joiners that its script needs: %s',
    async (client_name) => {
      expect((await register({ client_name, redirect_uris: [https] })).status).toBe(201)
    },
  )
})

/** A client as Hydra 26.2 shows it in its list. */
const OF_HYDRA = {
  client_id: 'of-hydra',
  client_name: 'App',
  redirect_uris: ['https://app.example/cb'],
  grant_types: ['authorization_code', 'refresh_token', 'implicit', 'client_credentials'],
  response_types: ['code', 'id_token', 'token', 'code id_token', 'id_token token'],
  scope: 'openid offline_access',
  audience: [],
  owner: '',
  policy_uri: '',
  allowed_cors_origins: ['https://app.example', 'http://localhost:3000'],
  tos_uri: '',
  client_uri: '',
  logo_uri: '',
  contacts: null,
  client_secret_expires_at: 0,
  subject_type: 'public',
  jwks: {},
  token_endpoint_auth_method: 'client_secret_post',
  userinfo_signed_response_alg: 'none',
  created_at: '2025-01-01T00:00:00Z',
  updated_at: '2025-01-01T00:00:00Z',
  frontchannel_logout_uri: 'https://app.example/front',
  metadata: {},
  skip_consent: false,
  skip_logout_consent: null,
  password_grant_access_token_lifespan: null,
  authorization_code_grant_access_token_lifespan: null,
}

describe('the admin API takes and warns', () => {
  const log = new LogLines()
  const warned = (response: Response): readonly unknown[] => [
    response.status,
    response.headers.get('ladon-warning'),
  ]

  it("of nothing in a client of Hydra's list, strictly too", async () => {
    const created = await deployment.admin('POST', '/admin/clients?strict=true', OF_HYDRA)
    expect(warned(created)).toEqual([201, null])
    const replaced = await deployment.admin('PUT', '/admin/clients/of-hydra?strict=true', OF_HYDRA)
    expect(warned(replaced)).toEqual([200, null])
    expect(log.last('request')).not.toHaveProperty('warnings')
  })

  it.each<[string, object, string]>([
    [
      'unknown fields',
      { redirect_uri: 'x', ünknown: 1 },
      "Field 'redirect_uri' is no field and is ignored; 'redirect_uris' is one. Field '?nknown' is no field and is ignored.",
    ],
    [
      'a method',
      { token_endpoint_auth_method: 'foo' },
      "Field 'token_endpoint_auth_method' must be one of client_secret_basic, client_secret_post, private_key_jwt, none.",
    ],
    [
      'a grant type',
      { grant_types: ['password', 'x', 'authorization_code'] },
      "Field 'grant_types' holds what is none of authorization_code, refresh_token, client_credentials, urn:ietf:params:oauth:grant-type:device_code, urn:ietf:params:oauth:grant-type:jwt-bearer, implicit.",
    ],
    [
      'response types',
      { response_types: ['token', 'code id_token'] },
      "Field 'response_types' holds a type that needs grant_types implicit. Field 'response_types' holds a type that needs grant_types authorization_code and implicit.",
    ],
    ['a weak secret', { client_secret: 'hush-hush' }, "Field 'client_secret' has fewer than 16 characters."],
    [
      'an origin',
      { allowed_cors_origins: ['https://*foo.com'] },
      "Field 'allowed_cors_origins' holds an origin that no page can have: a '*' stands for leading labels or the port.",
    ],
    [
      'addresses that are never asked',
      { jwks_uri: 'http://app.example/jwks.json' },
      "Field 'jwks_uri' is never asked: that takes https on port 443 of a public host other than this server.",
    ],
    [
      'signed requests without keys',
      { require_signed_request_object: true },
      "Field 'require_signed_request_object' needs 'jwks' or 'jwks_uri', and another 'request_object_signing_alg' than 'none'.",
    ],
    [
      'a front-channel logout URI',
      { frontchannel_logout_uri: 'https://elsewhere.example/' },
      "Field 'frontchannel_logout_uri' must have the scheme, host and port of a redirect URI.",
    ],
  ])('of %s; strictly it refuses', async (_, fields, warning) => {
    const sent = { redirect_uris: ['https://app.example/cb'], ...fields }
    const created = await deployment.admin('POST', '/admin/clients', sent)
    expect(warned(created)).toEqual([201, warning])
    expect(log.last('request')?.['warnings']).toEqual(warning.split(/(?<=\.) (?=Field)/))
    const path = `/admin/clients/${(await bodyOf(created))['client_id']}`
    // The spelling of v1 is the same resource.
    expect(warned(await deployment.admin('PUT', path.replace('/admin', ''), sent))).toEqual([200, warning])
    const patch = Object.entries(fields).map(([name, value]) => ({ op: 'add', path: `/${name}`, value }))
    expect(warned(await deployment.admin('PATCH', path, patch))).toEqual([200, warning])
    for (const [method, target, body] of [
      ['POST', '/clients', { ...sent, client_id: 'strict' }],
      ['PUT', path, sent],
      ['PATCH', path, patch],
    ] as const) {
      const refused = await deployment.admin(method, `${target}?strict=true`, body)
      expect([refused.status, (await bodyOf(refused))['error_description']]).toEqual([
        400,
        expect.stringContaining(warning.replaceAll('"', "'").slice(0, 150)),
      ])
      expect(log.last('request')?.['reason']).toBe('metadata_in_doubt')
    }
    expect((await deployment.admin('GET', '/admin/clients/strict')).status).toBe(404)
  })

  it('briefly, whatever is sent, and of misspelt lifespans', async () => {
    const names = Array.from({ length: 150 }, (_, at) => `\r\nSet-Cookie: ${at}${'x'.repeat(100)}`)
    const many = Object.fromEntries(names.map((name) => [name, 'secret-value']))
    const response = await deployment.admin('POST', '/admin/clients', many)
    const warning = response.headers.get('ladon-warning') ?? ''
    expect([response.status, warning.endsWith(' And 140 more.')]).toEqual([201, true])
    expect(warning).toMatch(/^[ -~]{1,2200}$/)
    expect(warning).not.toContain('secret-value')
    const { id } = await registerClient(deployment)
    const misspelt = { implicit_grant_acess_token_lifespan: '1h' }
    expect(warned(await deployment.admin('PUT', `/admin/clients/${id}/lifespans`, misspelt))).toEqual([
      200,
      "Field 'implicit_grant_acess_token_lifespan' is no field and is ignored; 'implicit_grant_access_token_lifespan' is one.",
    ])
  })

  it('of userinfo signed by RS256 where there is no RSA key, which the client itself cannot have', async () => {
    await deployment.admin('DELETE', '/admin/keys/hydra.openid.id-token')
    const settings = { OIDC_DYNAMIC_CLIENT_REGISTRATION_ENABLED: 'true', SIGNING_ALGORITHM: 'ES256' }
    deployment = new Deployment(testEnv(settings))
    const sent = { redirect_uris: REDIRECT_URIS, userinfo_signed_response_alg: 'RS256' }
    const warning = "Field 'userinfo_signed_response_alg' must be one that there is a key for: none, ES256."
    expect(warned(await deployment.admin('POST', '/admin/clients', sent))).toEqual([201, warning])
    const refused = await register(sent)
    expect([refused.status, (await bodyOf(refused))['error_description']]).toEqual([
      400,
      expect.stringContaining(warning),
    ])
    await deployment.admin('DELETE', '/admin/keys/hydra.openid.id-token')
  })
})

describe('a field that says nothing', () => {
  it('is taken for one that was not sent', async () => {
    const nothing = { default_max_age: null, initiate_login_uri: '', 'client_name#de': '', software_id: null }
    const created = await bodyOf(await register({ redirect_uris: REDIRECT_URIS, ...nothing }))
    for (const name of Object.keys(nothing)) expect(created).not.toHaveProperty(name)
  })
})
