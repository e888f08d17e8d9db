import { describe, expect, it } from 'vitest'
import { bodyOf, Deployment, testEnv } from '../support/deployment.ts'

const SIGNATURES = [
  ...'HS256 HS384 HS512 RS256 RS384 RS512 ES256 ES384 ES512 PS256 PS384 PS512'.split(' '),
  ...'none EdDSA ES256K Ed25519 Ed448 ML-DSA-44 ML-DSA-65 ML-DSA-87'.split(' '),
]
const KEY_ENCRYPTIONS = [
  ...'RSA1_5 RSA-OAEP RSA-OAEP-256 RSA-OAEP-384 RSA-OAEP-512 A128KW A192KW A256KW dir ECDH-ES'.split(' '),
  ...'ECDH-ES+A128KW ECDH-ES+A192KW ECDH-ES+A256KW A128GCMKW A192GCMKW A256GCMKW'.split(' '),
  ...'PBES2-HS256+A128KW PBES2-HS384+A192KW PBES2-HS512+A256KW'.split(' '),
]
const CONTENT_ENCRYPTIONS = 'A128CBC-HS256 A192CBC-HS384 A256CBC-HS512 A128GCM A192GCM A256GCM'.split(' ')
const AUTH_METHODS = [
  ...'none client_secret_post client_secret_basic client_secret_jwt private_key_jwt'.split(' '),
  ...'tls_client_auth self_signed_tls_client_auth'.split(' '),
]
const OF_URN = 'jwt-bearer saml2-bearer token-exchange device_code uma-ticket'.split(' ')

/** Every list of the documents, and the values that IANA's registries (OAuth Parameters, JOSE) or OpenID's have for it. */
const REGISTERED: Readonly<Record<string, readonly string[]>> = {
  response_types_supported: [
    ...['code', 'token', 'id_token', 'none', 'code token', 'code id_token', 'id_token token'],
    'code id_token token',
  ],
  response_modes_supported: 'query fragment form_post jwt query.jwt fragment.jwt form_post.jwt'.split(' '),
  grant_types_supported: [
    ...'authorization_code implicit password client_credentials refresh_token'.split(' '),
    ...OF_URN.map((name) => `urn:ietf:params:oauth:grant-type:${name}`),
    'urn:openid:params:grant-type:ciba',
  ],
  prompt_values_supported: 'none login consent select_account create'.split(' '),
  subject_types_supported: ['public', 'pairwise'],
  claim_types_supported: ['normal', 'aggregated', 'distributed'],
  code_challenge_methods_supported: ['plain', 'S256'],
  token_endpoint_auth_methods_supported: AUTH_METHODS,
  revocation_endpoint_auth_methods_supported: AUTH_METHODS,
  introspection_endpoint_auth_methods_supported: AUTH_METHODS,
  token_endpoint_auth_signing_alg_values_supported: SIGNATURES,
  revocation_endpoint_auth_signing_alg_values_supported: SIGNATURES,
  introspection_endpoint_auth_signing_alg_values_supported: SIGNATURES,
  id_token_signing_alg_values_supported: SIGNATURES,
  id_token_signed_response_alg: SIGNATURES,
  userinfo_signing_alg_values_supported: SIGNATURES,
  userinfo_signed_response_alg: SIGNATURES,
  request_object_signing_alg_values_supported: SIGNATURES,
  id_token_encryption_alg_values_supported: KEY_ENCRYPTIONS,
  userinfo_encryption_alg_values_supported: KEY_ENCRYPTIONS,
  id_token_encryption_enc_values_supported: CONTENT_ENCRYPTIONS,
  userinfo_encryption_enc_values_supported: CONTENT_ENCRYPTIONS,
  'credentials_supported_draft_00.cryptographic_suites_supported': SIGNATURES,
  'credentials_supported_draft_00.cryptographic_binding_methods_supported': ['jwk', 'did', 'cose_key', 'mso'],
  'credentials_supported_draft_00.types': ['VerifiableCredential', 'UserInfoCredential'],
}

/** What a deployment or its application names itself. */
const OPEN = ['scopes_supported', 'claims_supported']

/** Everything turned on. */
const deployment = new Deployment(
  testEnv({
    OIDC_DYNAMIC_CLIENT_REGISTRATION_ENABLED: 'true',
    OIDC_SESSION_MANAGEMENT: 'true',
    OIDC_SUBJECT_IDENTIFIERS_SUPPORTED_TYPES: 'public,pairwise',
    OIDC_SUBJECT_IDENTIFIERS_PAIRWISE_SALT: 'a-salt-of-the-operator',
  }),
)

/** Every list, at any depth, by the names that lead to it. */
function listsIn(
  value: unknown,
  path = '',
): readonly (readonly [path: string, values: readonly unknown[]])[] {
  if (Array.isArray(value)) {
    const nested = value.filter((item) => typeof item === 'object')
    return nested.length > 0 ? nested.flatMap((item) => listsIn(item, path)) : [[path, value]]
  }
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([name, member]) =>
    listsIn(member, path === '' ? name : `${path}.${name}`),
  )
}

describe.each(['openid-configuration', 'oauth-authorization-server'])('%s', (name) => {
  it('has registered values only, in every list but those of scopes and claims', async () => {
    const lists = listsIn(await bodyOf(await deployment.fetch(`/.well-known/${name}`)))
    expect(lists.length).toBeGreaterThan(20)
    for (const [path, values] of lists) {
      if (OPEN.includes(path)) continue
      expect(values, path).not.toEqual([])
      expect([path, values.filter((value) => !REGISTERED[path]?.includes(String(value)))]).toEqual([path, []])
    }
  })

  it('has no member that is null or empty', async () => {
    const document = await bodyOf(await deployment.fetch(`/.well-known/${name}`))
    const empty = Object.entries(document).filter(([, value]) => value === null || value === '')
    expect(empty).toEqual([])
  })
})
