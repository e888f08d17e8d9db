import { expect, it } from 'vitest'
import { checkedKeys } from '../../../support/certification/checks.ts'
import { cleanUp, metadata, OP, op } from '../../../support/certification/suite.ts'
import { variantsOf } from './plans.ts'

cleanUp()

/** Members of discovery, RFC 8414 and their extensions that this server may use. */
const KNOWN = [
  ...'issuer authorization_endpoint token_endpoint userinfo_endpoint jwks_uri registration_endpoint'.split(
    ' ',
  ),
  ...'end_session_endpoint check_session_iframe revocation_endpoint device_authorization_endpoint'.split(' '),
  ...'scopes_supported response_types_supported response_modes_supported grant_types_supported'.split(' '),
  ...'subject_types_supported acr_values_supported claims_supported claim_types_supported'.split(' '),
  ...'claims_parameter_supported request_parameter_supported request_uri_parameter_supported'.split(' '),
  ...'require_request_uri_registration display_values_supported prompt_values_supported'.split(' '),
  ...'code_challenge_methods_supported authorization_response_iss_parameter_supported'.split(' '),
  ...'token_endpoint_auth_methods_supported token_endpoint_auth_signing_alg_values_supported'.split(' '),
  ...'introspection_endpoint introspection_endpoint_auth_methods_supported'.split(' '),
  'introspection_endpoint_auth_signing_alg_values_supported',
  'revocation_endpoint_auth_methods_supported',
  'revocation_endpoint_auth_signing_alg_values_supported',
  ...['id_token', 'userinfo', 'request_object'].flatMap((what) => [
    `${what}_signing_alg_values_supported`,
    `${what}_encryption_alg_values_supported`,
    `${what}_encryption_enc_values_supported`,
  ]),
  ...['frontchannel', 'backchannel'].flatMap((channel) => [
    `${channel}_logout_supported`,
    `${channel}_logout_session_supported`,
  ]),
]

/** Members that Hydra has beyond those. The suite warns of them unless it is configured to allow them by name. */
const OF_HYDRA = [
  'credentials_endpoint_draft_00',
  'credentials_supported_draft_00',
  'id_token_signed_response_alg',
  'userinfo_signed_response_alg',
]

const URL_OF = expect.stringMatching(/^https:\/\/op\.example\/[\w./-]+$/)

const asSets = (types: readonly string[]): string[] => types.map((type) => type.split(' ').sort().join(' '))

it.each(variantsOf('oidcc-discovery-endpoint-verification'))(
  'oidcc-discovery-endpoint-verification: every member there must be, well formed, and none unknown ($plan)',
  async ({ plan }) => {
    const response = await op.fetch(`${OP}/.well-known/openid-configuration`)
    expect(response.status).toBe(200)
    expect(response.headers.get('content-type')).toMatch(/^application\/json/)
    const document = await response.json<Record<string, string[]>>()
    expect(Object.keys(document).filter((name) => ![...KNOWN, ...OF_HYDRA].includes(name))).toEqual([])
    expect(document['issuer']).toBe(OP)
    for (const [name, value] of Object.entries(document)) {
      if (name.endsWith('_supported') && Array.isArray(value)) expect([name, value.length]).not.toContain(0)
      if (/_(?:endpoint(?:_draft_00)?|uri|iframe)$/.test(name))
        expect({ [name]: value }).toEqual({ [name]: URL_OF })
    }
    const demanded = plan === 'Dynamic' ? ['code', 'id_token', 'id_token token'] : ['code']
    expect(asSets(document['response_types_supported'] ?? [])).toEqual(expect.arrayContaining(demanded))
    expect(document).toMatchObject({
      authorization_endpoint: URL_OF,
      token_endpoint: URL_OF,
      userinfo_endpoint: URL_OF,
      registration_endpoint: URL_OF,
      jwks_uri: URL_OF,
      subject_types_supported: ['public', 'pairwise'],
      grant_types_supported: expect.arrayContaining(['authorization_code', 'implicit']),
      id_token_signing_alg_values_supported: expect.arrayContaining(['RS256']),
      userinfo_signing_alg_values_supported: expect.arrayContaining(['RS256']),
      request_object_signing_alg_values_supported: expect.arrayContaining(['RS256']),
      claims_supported: expect.arrayContaining(['sub', 'name', 'email', 'address', 'phone_number']),
      scopes_supported: expect.arrayContaining(['openid']),
      code_challenge_methods_supported: ['S256'],
      request_parameter_supported: true,
      request_uri_parameter_supported: true,
      claims_parameter_supported: true,
    })
    for (const scope of document['scopes_supported'] ?? []) expect(scope).toMatch(/^[!#-[\]-~]+$/)
    expect(document).toEqual(await metadata())
  },
)

it.each(variantsOf('oidcc-discovery-endpoint-verification'))(
  'oidcc-discovery-endpoint-verification: the keys are public, RSA of 2048 bits among them ($plan)',
  async () => {
    const sizes = (await checkedKeys()).flatMap(({ kty, n }) =>
      kty === 'RSA' ? [Buffer.from(String(n), 'base64url').byteLength] : [],
    )
    expect(Math.min(...sizes)).toBeGreaterThanOrEqual(256)
  },
)
