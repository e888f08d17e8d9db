import { describe, expect, it } from 'vitest'
import { checkClientId, parseClient } from '../../src/clients/metadata/parse.ts'
import { loadConfig } from '../../src/config/load.ts'
import { LIFESPAN_FIELDS } from '../../src/store/client-metadata.ts'
import { testEnv } from '../support/bindings.ts'

const config = loadConfig(testEnv())
const parse = (body: unknown) => parseClient(body, config)
const metadata = (body: unknown) => parse(body).metadata

const bytes = (length: number): string => Buffer.alloc(length, 7).toString('base64url')
const rsa = { kty: 'RSA', n: bytes(256), e: 'AQAB', kid: 'k', use: 'sig', alg: 'RS256' }
const ec = { kty: 'EC', crv: 'P-256', x: bytes(32), y: bytes(32) }
const okp = { kty: 'OKP', crv: 'Ed25519', x: bytes(32) }

describe('defaults', () => {
  it('fills in an empty client', () => {
    expect(parse({})).toEqual({
      id: undefined,
      secret: undefined,
      metadata: {
        client_name: '',
        redirect_uris: null,
        grant_types: null,
        response_types: null,
        scope: 'offline_access offline openid',
        audience: [],
        owner: '',
        policy_uri: '',
        tos_uri: '',
        client_uri: '',
        logo_uri: '',
        allowed_cors_origins: [],
        contacts: null,
        subject_type: 'public',
        sector_identifier_uri: '',
        jwks_uri: '',
        jwks: null,
        token_endpoint_auth_method: 'client_secret_basic',
        token_endpoint_auth_signing_alg: '',
        request_uris: [],
        request_object_signing_alg: '',
        require_signed_request_object: false,
        userinfo_signed_response_alg: 'none',
        frontchannel_logout_uri: '',
        frontchannel_logout_session_required: false,
        backchannel_logout_uri: '',
        backchannel_logout_session_required: false,
        post_logout_redirect_uris: [],
        metadata: {},
        access_token_strategy: '',
        skip_consent: false,
        skip_logout_consent: null,
        localized: {},
      },
    })
  })

  it('takes null for "not given" in every field', () => {
    const fields = [...Object.keys(metadata({})), 'client_id', 'client_secret', ...LIFESPAN_FIELDS]
    expect(parse(Object.fromEntries(fields.map((field) => [field, null])))).toEqual(parse({}))
  })

  it('keeps arrays that were sent empty apart from those never sent', () => {
    const sent = metadata({ redirect_uris: [], grant_types: [], response_types: [], contacts: [] })
    expect(sent).toMatchObject({ redirect_uris: [], grant_types: [], response_types: [], contacts: [] })
  })

  it('ignores unknown fields and those the server sets', () => {
    const ignored = {
      whatever: { a: 1 },
      created_at: 5,
      updated_at: {},
      __proto__: { x: 1 },
    }
    expect(parse(ignored)).toEqual(parse({}))
  })

  it('does not hand the secret or the id into the metadata', () => {
    const sent = { client_id: 'me', client_secret: 'correct horse', client_secret_expires_at: 99 }
    const { metadata: stored, ...apart } = parse(sent)
    expect(apart).toEqual({ id: 'me', secret: 'correct horse', secretEnd: 99 })
    expect(JSON.stringify(stored)).not.toMatch(/correct horse|client_id|99/)
  })
})

const accepted: readonly (readonly [string, object, object])[] = [
  [
    'redirect URIs of many kinds',
    {
      redirect_uris: [
        'https://a.test/cb?x=1',
        'http://localhost:1/',
        'com.app:/cb',
        'app://x',
        'http://[::1]/',
      ],
    },
    {},
  ],
  ['free grant and response types', { grant_types: ['anything'], response_types: ['code id_token'] }, {}],
  [
    'CORS origins, trailing slash trimmed',
    { allowed_cors_origins: ['https://a.test/', 'http://b.test:81', 'https://*.c.test'] },
    { allowed_cors_origins: ['https://a.test', 'http://b.test:81', 'https://*.c.test'] },
  ],
  ['an empty key set as none', { jwks: {} }, { jwks: null }],
  [
    'keys that cannot be used as none',
    {
      jwks: {
        keys: [
          { kty: 'AKP', alg: 'ML-DSA-44', pub: 'AAAA' },
          rsa,
          { kty: 'oct', k: 'AAAA' },
          { ...ec, x: 'A' },
        ],
      },
    },
    { jwks: { keys: [rsa] } },
  ],
  ['no member for null or empty text in a list', { contacts: [null, 'me', ''] }, { contacts: ['me'] }],
  ['a list of nothing as empty', { audience: [null], grant_types: [''] }, { audience: [], grant_types: [] }],
  [
    'no address for null or empty text',
    { redirect_uris: [null, 'https://a.test/'], post_logout_redirect_uris: [''], request_uris: [null] },
    { redirect_uris: ['https://a.test/'], post_logout_redirect_uris: [], request_uris: [] },
  ],
  ['no level for null', { default_acr_values: [null, 'aal1'] }, { default_acr_values: ['aal1'] }],
  ['public keys', { jwks: { keys: [rsa, ec, okp] } }, {}],
  [
    'private_key_jwt with keys',
    {
      token_endpoint_auth_method: 'private_key_jwt',
      jwks: { keys: [rsa] },
      token_endpoint_auth_signing_alg: 'PS384',
    },
    {},
  ],
  [
    'private_key_jwt with a key URL',
    { token_endpoint_auth_method: 'private_key_jwt', jwks_uri: 'https://a.test/jwks' },
    {},
  ],
  ['unknown authentication methods', { token_endpoint_auth_method: 'tls_client_auth' }, {}],
  ['signed userinfo', { userinfo_signed_response_alg: 'RS256' }, {}],
  ['strategies in any case', { access_token_strategy: 'JWT' }, { access_token_strategy: 'jwt' }],
  [
    'post-logout URIs beside a redirect URI',
    { redirect_uris: ['https://a.test:444/cb'], post_logout_redirect_uris: ['https://a.test:444/bye'] },
    {},
  ],
  ['a scope of its own', { scope: 'a b' }, {}],
  ['free JSON as metadata', { metadata: { a: [1, { b: null }], 'line\n': 'x\ny' } }, {}],
  [
    'information URLs',
    {
      policy_uri: 'https://a.test/p',
      tos_uri: 'http://a.test',
      client_uri: 'https://a',
      logo_uri: 'https://a/l.png',
    },
    {},
  ],
  ['consent flags', { skip_consent: true, skip_logout_consent: false }, {}],
  ['text beyond ASCII', { client_name: 'Ünïcode 🐉', owner: '東京' }, {}],
]

it.each(accepted)('accepts %s', (_name, body, changed) => {
  expect(metadata(body)).toMatchObject({ ...body, ...changed })
})

it.each([
  ['31h', '31h0m0s'],
  ['90s', '1m30s'],
  ['1h30m', '1h30m0s'],
  ['0', '0s'],
  ['1500ms', '1.5s'],
])('writes the lifespan %s as %s', (given, canonical) => {
  const all = Object.fromEntries(LIFESPAN_FIELDS.map((field) => [field, given]))
  expect(metadata(all)).toMatchObject(Object.fromEntries(LIFESPAN_FIELDS.map((field) => [field, canonical])))
})

it('takes a negative lifespan of refresh tokens for "never ends"', () => {
  const field = 'refresh_token_grant_refresh_token_lifespan'
  expect(metadata({ [field]: '-1ns' })).toMatchObject({ [field]: expect.stringMatching(/^-/) })
})

const broken: readonly (readonly [string, object])[] = [
  ['an audience with a dot segment', { audience: ['https://a.test/x/../y'] }],
  ['an audience with an encoded slash', { audience: ['https://a.test/x%2Fy'] }],
  ['an audience with a query', { audience: ['https://b.test', 'https://a.test/?x=1'] }],
  ['an audience with a fragment', { audience: ['https://a.test/#x'] }],
  ['a short secret', { client_secret: '12345' }],
  ['an endless secret', { client_secret: 'x'.repeat(1025) }],
  ['keys twice', { jwks: { keys: [rsa] }, jwks_uri: 'https://a.test' }],
  ['private_key_jwt without keys', { token_endpoint_auth_method: 'private_key_jwt' }],
  [
    'private_key_jwt with HS256',
    {
      token_endpoint_auth_method: 'private_key_jwt',
      jwks_uri: 'https://a',
      token_endpoint_auth_signing_alg: 'HS256',
    },
  ],
  ['a key set without keys', { jwks: { keys: 'x' } }],
  ['a key that is none', { jwks: { keys: ['x'] } }],
  ['a key of unknown type', { jwks: { keys: [{ kty: 'XYZ' }] } }],
  ['a symmetric key', { jwks: { keys: [{ kty: 'oct', k: bytes(32) }] } }],
  ['a private key', { jwks: { keys: [{ ...ec, d: bytes(32) }] } }],
  ['a private key beside a public one', { jwks: { keys: [rsa, { ...ec, d: bytes(32) }] } }],
  ['a part of a private key', { jwks: { keys: [ec, { ...rsa, p: bytes(128) }] } }],
  ['a short RSA key', { jwks: { keys: [{ ...rsa, n: bytes(128) }] } }],
  ['an EC key off its size', { jwks: { keys: [{ ...ec, x: bytes(31) }] } }],
  ['a key on an unknown curve', { jwks: { keys: [{ ...ec, crv: 'P-192' }] } }],
  ['a key id that is no text', { jwks: { keys: [{ ...ec, kid: 5 }] } }],
  ['a key type that is no text', { jwks: { keys: [{ ...ec, kty: ['EC'] }] } }],
  ['a curve that is no text', { jwks: { keys: [{ ...ec, crv: ['P-256'] }] } }],
  ['a policy URL without http', { policy_uri: 'ftp://a.test' }],
  ['a terms URL that does not parse', { tos_uri: 'https://' }],
  ['a client URL that is relative', { client_uri: '/x' }],
  ['a script as logo', { logo_uri: 'javascript:alert(1)' }],
  ['a script as front-channel URL', { frontchannel_logout_uri: 'javascript:alert(1)' }],
  ['a back-channel URL without http', { backchannel_logout_uri: 'mailto:x@a.test' }],
  ['a key URL without http', { jwks_uri: 'file:///etc/passwd' }],
  ['a request URL without http', { request_uris: ['urn:x:y'] }],
  ['an origin with a path', { allowed_cors_origins: ['https://a.test/x'] }],
  ['an origin with a query', { allowed_cors_origins: ['https://a.test?x'] }],
  ['an origin with a fragment', { allowed_cors_origins: ['https://a.test#x'] }],
  ['an origin with a user', { allowed_cors_origins: ['https://u:p@a.test'] }],
  ['an origin without http', { allowed_cors_origins: ['app://a'] }],
  ['a bare star as origin', { allowed_cors_origins: ['*'] }],
  ['pairwise subjects', { subject_type: 'pairwise' }],
  ['an unknown userinfo algorithm', { userinfo_signed_response_alg: 'HS256' }],
  [
    'post-logout on another host',
    { redirect_uris: ['https://a.test/'], post_logout_redirect_uris: ['https://b.test/'] },
  ],
  [
    'post-logout on another port',
    { redirect_uris: ['https://a.test/'], post_logout_redirect_uris: ['https://a.test:8443/'] },
  ],
  [
    'post-logout with another scheme',
    { redirect_uris: ['https://a.test/'], post_logout_redirect_uris: ['http://a.test/'] },
  ],
  ['post-logout without redirect URIs', { post_logout_redirect_uris: ['https://a.test/'] }],
  ['a relative post-logout URI', { redirect_uris: ['https://a.test/'], post_logout_redirect_uris: ['/bye'] }],
  ['an unknown strategy', { access_token_strategy: 'paseto' }],
  ['a negative lifespan of access tokens', { client_credentials_grant_access_token_lifespan: '-1s' }],
  ['control characters in a name', { client_name: 'a\u0000b' }],
  ['control characters in an array', { audience: ['a\nb'] }],
  ['half a surrogate pair', { owner: '\ud83d' }],
  ['control characters in a secret', { client_secret: 'abc\u0007def' }],
  ['more than the database should hold', { metadata: { big: 'x'.repeat(100_001) } }],
]

it.each(broken)('refuses %s', (_name, body) => {
  expect(() => parse(body)).toThrow(expect.objectContaining({ code: 'invalid_client_metadata', status: 400 }))
})

it.each([
  'https://a.test/#x',
  'https://a.test/cb#',
  '/relative',
  'a.test/cb',
  'https://',
  'https:///cb',
  'https:a.test',
  'http://a b/',
  ' https://a.test',
  'https://a.test\\@b.test:x',
  'javascript:alert(1)',
  'data:text/html,x',
])('refuses the redirect URI %j', (uri) => {
  expect(() => parse({ redirect_uris: ['https://fine.test/', uri] })).toThrow(
    expect.objectContaining({ code: 'invalid_redirect_uri', status: 400 }),
  )
})

const malformed: readonly (readonly [string, unknown])[] = [
  ['an array', []],
  ['a text', 'x'],
  ['null', null],
  ['a number as name', { client_name: 5 }],
  ['a text as array', { redirect_uris: 'https://a.test' }],
  ['numbers in an array', { grant_types: [1] }],
  ['a text as flag', { skip_consent: 'true' }],
  ['a number as tri-state flag', { skip_logout_consent: 0 }],
  ['an array as metadata', { metadata: [] }],
  ['a text as key set', { jwks: 'x' }],
  ['a number as lifespan', { implicit_grant_id_token_lifespan: 3600 }],
  ['a lifespan without unit', { implicit_grant_id_token_lifespan: '3600' }],
  ['an empty lifespan', { implicit_grant_id_token_lifespan: '' }],
  ['a lifespan beyond 292 years', { implicit_grant_id_token_lifespan: '9999999h' }],
  ['metadata nested too deep', { metadata: JSON.parse(`${'{"a":'.repeat(5000)}1${'}'.repeat(5000)}`) }],
]

it.each(malformed)('calls %s malformed', (_name, body) => {
  expect(() => parse(body)).toThrow(expect.objectContaining({ code: 'malformed_body', status: 400 }))
})

it('never repeats a secret in an error', () => {
  expect(() => parse({ client_secret: 'abc12' })).toThrow(
    expect.objectContaining({ hint: expect.not.stringContaining('abc12') }),
  )
})

it.each(['a', 'x'.repeat(255), 'ü', 'a b/c?d'])('accepts the client id %j', (id) => {
  expect(checkClientId(id)).toBeUndefined()
})

it.each(['', 'x'.repeat(256), 'a\tb', '\ud800', '.', '..'])('refuses the client id %j', (id) => {
  expect(() => checkClientId(id)).toThrow(expect.objectContaining({ code: 'invalid_client_metadata' }))
})
