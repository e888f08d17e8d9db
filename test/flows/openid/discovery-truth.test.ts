import { beforeAll, describe, expect, it } from 'vitest'
import { KEY_ALGORITHMS } from '../../../src/keys/material.ts'
import { assertionFields, makeKey, signAssertion } from '../../support/assertions.ts'
import { Browser, bodyOf, Deployment, testEnv } from '../../support/deployment.ts'
import {
  authorizationPath,
  authorizedForm,
  parameter,
  REDIRECT_URI,
  registerClient,
  type TestClient,
} from '../../support/relying-party.ts'

const deployment = new Deployment(
  testEnv({
    OIDC_DYNAMIC_CLIENT_REGISTRATION_ENABLED: 'true',
    OIDC_SESSION_MANAGEMENT: 'true',
    OIDC_SUBJECT_IDENTIFIERS_SUPPORTED_TYPES: 'public,pairwise',
    OIDC_SUBJECT_IDENTIFIERS_PAIRWISE_SALT: 'a-salt-of-the-operator',
  }),
)
let document: Record<string, unknown>

beforeAll(async () => {
  document = await bodyOf(await deployment.fetch('/.well-known/openid-configuration'))
})

const listed = (name: string): readonly string[] => {
  const values = document[name]
  return Array.isArray(values) ? values.map(String) : []
}

/** Whether metadata can be registered. */
async function registrable(metadata: Readonly<Record<string, unknown>>): Promise<boolean> {
  const jwks_uri = 'https://app.example/jwks.json'
  const body = { redirect_uris: [REDIRECT_URI], jwks_uri, ...metadata }
  return (await deployment.admin('POST', '/admin/clients', body)).status === 201
}

const everyFlow = (metadata: Readonly<Record<string, unknown>> = {}): Promise<TestClient> =>
  registerClient(deployment, {
    response_types: [...listed('response_types_supported'), 'none', 'code device'],
    grant_types: listed('grant_types_supported'),
    ...metadata,
  })

/** The error that a request ends with at the first hop; null where the user is asked to log in. */
async function errorOf(
  client: TestClient,
  changes: Record<string, string | undefined>,
): Promise<string | null> {
  const response = await new Browser(deployment).visit(authorizationPath(client, changes))
  const location = response.headers.get('location')
  if (location === null) return /name="error" value="(\w+)"/.exec(await response.text())?.[1] ?? 'page'
  const at = new URL(location)
  if (parameter(at, 'login_challenge') !== '') return null
  return at.searchParams.get('error') ?? new URLSearchParams(at.hash.slice(1)).get('error') ?? 'nothing'
}

type Registered = readonly [member: string, field: string, others: readonly string[], beside: object]

/** Members whose values are what a field of a client's registration may hold, and further values that may not. */
const REGISTERED: readonly Registered[] = [
  ['subject_types_supported', 'subject_type', ['anonymous'], {}],
  [
    'id_token_signing_alg_values_supported',
    'id_token_signed_response_alg',
    ['none', 'HS256', ...KEY_ALGORITHMS],
    {},
  ],
  ['userinfo_signing_alg_values_supported', 'userinfo_signed_response_alg', ['HS256', ...KEY_ALGORITHMS], {}],
  ['request_object_signing_alg_values_supported', 'request_object_signing_alg', ['HS256', 'ES256K'], {}],
  [
    'token_endpoint_auth_signing_alg_values_supported',
    'token_endpoint_auth_signing_alg',
    ['none', 'HS256', 'EdDSA'],
    { token_endpoint_auth_method: 'private_key_jwt' },
  ],
  ...['id_token', 'userinfo'].flatMap((place): Registered[] => [
    [
      `${place}_encryption_alg_values_supported`,
      `${place}_encrypted_response_alg`,
      ['RSA1_5', 'RSA-OAEP', 'RSA-OAEP-512', 'A256KW', 'dir', 'ECDH-ES+A128KW', 'ECDH-ES+A192KW'],
      {},
    ],
    [
      `${place}_encryption_enc_values_supported`,
      `${place}_encrypted_response_enc`,
      ['A128GCM', 'A192GCM', 'A192CBC-HS384', 'A256CBC-HS512'],
      { [`${place}_encrypted_response_alg`]: 'ECDH-ES' },
    ],
  ]),
]

describe('discovery and registration say the same of', () => {
  it.each(REGISTERED)('%s', async (member, field, others, beside) => {
    expect(listed(member)).not.toEqual([])
    for (const value of new Set([...listed(member), ...others]))
      expect([value, await registrable({ ...beside, [field]: value })]).toEqual([
        value,
        listed(member).includes(value),
      ])
  })
})

describe('discovery and the authorization endpoint say the same of', () => {
  it('response_types_supported and response_modes_supported', async () => {
    const client = await everyFlow()
    const modes = [...listed('response_modes_supported'), 'web_message', 'jwt', 'query.jwt']
    for (const type of [...listed('response_types_supported'), 'none', 'code device'])
      for (const mode of modes) {
        const error = await errorOf(client, { response_type: type, response_mode: mode })
        const both =
          listed('response_types_supported').includes(type) &&
          listed('response_modes_supported').includes(mode)
        // Tokens go into no query (Multiple Response Type Encoding Practices section 5).
        const fit = type === 'code' || mode !== 'query'
        expect([type, mode, error === null]).toEqual([type, mode, both && fit])
        if (!(both && fit)) expect(error).toMatch(/^unsupported_response_(?:type|mode)$/)
      }
  })

  it('prompt_values_supported', async () => {
    const client = await everyFlow()
    for (const prompt of [...listed('prompt_values_supported'), 'signup', 'LOGIN']) {
      const known = listed('prompt_values_supported').includes(prompt) ? null : 'invalid_request'
      const expected = prompt === 'none' ? 'login_required' : known
      expect([prompt, await errorOf(client, { prompt })]).toEqual([prompt, expected])
    }
    // Hydra's own name for `create` goes on working, but is no value of any standard.
    expect(await errorOf(client, { prompt: 'registration' })).toBeNull()
    expect(listed('prompt_values_supported')).not.toContain('registration')
  })

  it('code_challenge_methods_supported', async () => {
    const client = await everyFlow()
    for (const [code_challenge_method, error] of [
      ['S256', null],
      ['plain', 'invalid_request'],
    ] as const)
      expect(await errorOf(client, { code_challenge_method })).toBe(error)
    expect(listed('code_challenge_methods_supported')).toEqual(['S256'])
  })

  it('scopes_supported', async () => {
    const client = await registerClient(deployment, { scope: undefined })
    expect(await errorOf(client, { scope: listed('scopes_supported').join(' ') })).toBeNull()
  })

  it.each([
    ['request_parameter_supported', { request: 'e30.e30.' }, 'invalid_request_object'],
    ['request_uri_parameter_supported', { request_uri: 'https://app.example/r' }, 'invalid_request_uri'],
    ['require_request_uri_registration', { request_uri: 'https://app.example/r' }, 'invalid_request_uri'],
    ['claims_parameter_supported', { claims: '{' }, 'invalid_request'],
    ['authorization_response_iss_parameter_supported', { prompt: 'x' }, 'invalid_request'],
  ])('%s, which is not passed over', async (member, request, error) => {
    expect(document[member]).toBe(true)
    expect(await errorOf(await everyFlow(), request)).toBe(error)
  })
})

describe('discovery and the token endpoint say the same of', () => {
  it('grant_types_supported', async () => {
    const client = await registerClient(deployment, { grant_types: ['none of these'] })
    const KNOWN = listed('grant_types_supported').filter((type) => type !== 'implicit')
    for (const grant_type of [
      ...KNOWN,
      'password',
      'urn:ietf:params:oauth:grant-type:token-exchange',
      'implicit',
    ]) {
      const response = await authorizedForm(deployment, '/oauth2/token', client, { grant_type })
      const { error_description: description } = await bodyOf(response)
      const unknown = /no grant type of this server|left out of/.test(String(description))
      expect([grant_type, unknown, description]).toEqual([
        grant_type,
        !KNOWN.includes(grant_type),
        description,
      ])
    }
  })

  it('introspection_endpoint_auth_methods_supported', async () => {
    const methods = listed('introspection_endpoint_auth_methods_supported')
    expect(methods).toEqual(
      listed('token_endpoint_auth_methods_supported').filter((method) => method !== 'none'),
    )
    const { id } = await registerClient(deployment, { token_endpoint_auth_method: 'none' })
    const basic = { authorization: `Basic ${btoa(`${id}:`)}` }
    for (const [fields, headers] of [[{ client_id: id }], [{}, basic]] as const) {
      const answer = await deployment.form('/oauth2/introspect', { token: 'x', ...fields }, headers)
      expect(answer.status).toBe(401)
    }
  })

  it.each([
    ['token', '/oauth2/token'],
    ['revocation', '/oauth2/revoke'],
    ['introspection', '/oauth2/introspect'],
  ])('%s_endpoint_auth_methods_supported, and by which algorithms', async (endpoint, path) => {
    const methods = listed(`${endpoint}_endpoint_auth_methods_supported`)
    const algorithms = listed(`${endpoint}_endpoint_auth_signing_alg_values_supported`)
    const fields = { grant_type: 'client_credentials', token: 'x' }
    const proves = async (
      metadata: Readonly<Record<string, unknown>>,
      request: (client: TestClient) => Promise<Response>,
    ): Promise<boolean> => {
      const grant_types = ['client_credentials']
      const { status } = await request(await registerClient(deployment, { grant_types, ...metadata }))
      return status !== 401
    }
    const send = (form: Readonly<Record<string, string>>): Promise<Response> =>
      deployment.form(path, { ...fields, ...form })
    const bySecret = (client: TestClient): Promise<Response> =>
      authorizedForm(deployment, path, client, fields)
    const BY: Readonly<Record<string, (client: TestClient) => Promise<Response>>> = {
      client_secret_basic: bySecret,
      client_secret_post: ({ id, secret }) => send({ client_id: id, client_secret: secret }),
      none: ({ id }) => send({ client_id: id }),
    }
    for (const [token_endpoint_auth_method, request] of Object.entries(BY))
      expect(await proves({ token_endpoint_auth_method }, request)).toBe(
        methods.includes(token_endpoint_auth_method),
      )
    for (const alg of KEY_ALGORITHMS) {
      const key = await makeKey(alg)
      const metadata = {
        token_endpoint_auth_method: 'private_key_jwt',
        ...(algorithms.includes(alg) && { token_endpoint_auth_signing_alg: alg }),
        jwks: { keys: [key.publicJwk] },
      }
      const by = async ({ id }: TestClient): Promise<Response> =>
        send(assertionFields(await signAssertion(key, { iss: id, sub: id })))
      expect([alg, await proves(metadata, by)]).toEqual([alg, algorithms.includes(alg)])
    }
    const all = [...Object.keys(BY), 'private_key_jwt']
    expect([...methods].sort()).toEqual(
      all.filter((method) => method !== 'none' || endpoint !== 'introspection').sort(),
    )
    for (const method of ['client_secret_jwt', 'tls_client_auth', 'self_signed_tls_client_auth'])
      expect([method, await proves({ token_endpoint_auth_method: method }, bySecret)]).toEqual([
        method,
        false,
      ])
  })
})

const ADDRESSES: readonly (readonly [string, string, number])[] = [
  ['authorization_endpoint', 'GET', 302],
  ['token_endpoint', 'POST', 400],
  ['userinfo_endpoint', 'GET', 401],
  ['jwks_uri', 'GET', 200],
  ['registration_endpoint', 'POST', 400],
  ['device_authorization_endpoint', 'POST', 400],
  ['revocation_endpoint', 'POST', 400],
  ['introspection_endpoint', 'POST', 401],
  ['end_session_endpoint', 'GET', 302],
  ['check_session_iframe', 'GET', 200],
  ['credentials_endpoint_draft_00', 'POST', 401],
]

describe('every address that discovery names', () => {
  it.each(ADDRESSES)('%s is there', async (member, method, status) => {
    expect((await deployment.fetch(String(document[member]), { method })).status).toBe(status)
  })
})

it('no member of discovery is without its test', () => {
  const here = [...REGISTERED.map(([member]) => member), ...ADDRESSES.map(([member]) => member)]
  const above = [
    ...'response_types response_modes prompt_values code_challenge_methods scopes grant_types'.split(' '),
    ...'request_parameter request_uri_parameter claims_parameter'.split(' '),
    ...'authorization_response_iss_parameter token_endpoint_auth_methods'.split(' '),
    ...'introspection_endpoint_auth_methods introspection_endpoint_auth_signing_alg_values'.split(' '),
    ...'revocation_endpoint_auth_methods revocation_endpoint_auth_signing_alg_values'.split(' '),
  ].map((name) => `${name}_supported`)
  // These have theirs in the tests of logout, of userinfo, of credentials and of claims.
  const elsewhere = [
    ...['frontchannel', 'backchannel'].flatMap((channel) => [
      `${channel}_logout_supported`,
      `${channel}_logout_session_supported`,
    ]),
    ...['issuer', 'id_token_signed_response_alg', 'userinfo_signed_response_alg'],
    ...['claims_supported', 'claim_types_supported', 'credentials_supported_draft_00'],
  ]
  const all = [...here, ...above, 'require_request_uri_registration', ...elsewhere]
  expect(Object.keys(document).sort()).toEqual(all.sort())
})
