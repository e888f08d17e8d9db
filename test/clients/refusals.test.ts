import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { changeClient } from '../../src/clients/manage.ts'
import type { Reason } from '../../src/errors/reasons.ts'
import { Deployment, testEnv } from '../support/deployment.ts'
import { registerClient } from '../support/relying-party.ts'
import { requestContext } from '../support/request-context.ts'

const env = testEnv({
  OIDC_DYNAMIC_CLIENT_REGISTRATION_ENABLED: 'true',
  OIDC_SUBJECT_IDENTIFIERS_SUPPORTED_TYPES: 'public,pairwise',
  OIDC_SUBJECT_IDENTIFIERS_PAIRWISE_SALT: 'a-salt-of-the-operator',
})
const deployment = new Deployment(env)
let lines: string[]

beforeEach(() => {
  lines = []
  vi.spyOn(console, 'log').mockImplementation((line: unknown) => {
    lines.push(String(line))
  })
})

afterEach(() => {
  vi.restoreAllMocks()
})

/** What the log says of the last request: why it was refused, and the facts of it. */
function refusal(): unknown {
  const logged = lines.map((line): Record<string, unknown> => JSON.parse(line))
  const { reason, facts } = logged.findLast(({ kind }) => kind === 'request') ?? {}
  return [reason, ...[facts ?? []].flat()]
}

const WORDS = { token_endpoint_auth_method: 'private_key_jwt', jwks_uri: 'https://a.test/jwks' }
const COORDINATE = 'A'.repeat(43)
const jwks = (key: object) => ({ jwks: { keys: [key] } })

describe('the log names the reason and the field of a client refused', () => {
  it.each<[Reason, readonly string[], unknown]>([
    ['body_malformed', ['expected=a JSON object'], []],
    [
      'too_many_fields',
      ['limit=200'],
      Object.fromEntries(Array.from({ length: 201 }, (_, i) => [`f${i}`, 1])),
    ],
    ['field_malformed', ['field=client_name', 'expected=a string, not a number'], { client_name: 5 }],
    ['field_malformed', ['field=contacts', 'expected=an array of strings, not a string'], { contacts: 'x' }],
    [
      'field_malformed',
      ['field=audience', 'expected=an array of strings, and holds a number'],
      { audience: [5] },
    ],
    [
      'field_malformed',
      ['field=metadata', 'expected=an object of moderate depth, not an array'],
      { metadata: [] },
    ],
    [
      'field_malformed',
      ['field=implicit_grant_id_token_lifespan', 'expected=a Go duration such as 1h30m'],
      { implicit_grant_id_token_lifespan: 'soon' },
    ],
    [
      'field_malformed',
      [
        'field=userinfo_signed_response_alg',
        'expected=none or RS256 or RS384 or RS512 or PS256 or PS384 or PS512 or ES256 or ES384 or ES512 or EdDSA',
      ],
      { userinfo_signed_response_alg: 'HS256' },
    ],
    ['field_malformed', ['field=subject_type', 'expected=public or pairwise'], { subject_type: 'x' }],
    [
      'field_malformed',
      [
        'field=token_endpoint_auth_signing_alg',
        'expected=RS256 or RS384 or RS512 or PS256 or PS384 or PS512 or ES256 or ES384 or ES512 or EdDSA or Ed25519',
      ],
      { ...WORDS, token_endpoint_auth_signing_alg: 'HS256' },
    ],
    [
      'metadata_unusable',
      ['field=owner', 'problem=has a value longer than 2048 characters'],
      { owner: 'x'.repeat(2049) },
    ],
    [
      'metadata_unusable',
      ['field=audience', 'problem=has more than 1000 values'],
      { audience: Array(1001).fill('x') },
    ],
    [
      'metadata_unusable',
      ['field=scope', 'problem=holds what is no scope token: printable ASCII without quotes and backslashes'],
      { scope: 'a"b' },
    ],
    [
      'metadata_unusable',
      ['field=scope', "problem=has more than 10 scopes with '*' before their last segment"],
      { scope: Array.from({ length: 51 }, (_, i) => `*.${i}`).join(' ') },
    ],
    [
      'metadata_unusable',
      ['field=scope', 'problem=has more than 1000 scopes, or more than 32768 characters'],
      { scope: 'x'.repeat(32_769) },
    ],
    [
      'metadata_unusable',
      ['field=owner', 'problem=must not hold control characters or broken Unicode'],
      { owner: 'a\nb' },
    ],
    [
      'metadata_unusable',
      ['field=tos_uri', 'problem=must be an http or https URL'],
      { tos_uri: 'ftp://a.test' },
    ],
    [
      'metadata_unusable',
      ['field=backchannel_logout_uri', 'problem=has a fragment'],
      { backchannel_logout_uri: 'https://a.test/#x' },
    ],
    [
      'metadata_unusable',
      ['field=client_secret', 'problem=must have 6 to 1024 characters'],
      { client_secret: 'short' },
    ],
    [
      'metadata_unusable',
      [
        'field=client_id',
        "problem=must have 1 to 255 characters, no control characters, and not be '.' or '..'",
      ],
      { client_id: 'x'.repeat(256) },
    ],
    [
      'metadata_unusable',
      ['field=token_endpoint_auth_method', "problem='private_key_jwt' needs 'jwks' or 'jwks_uri'"],
      { token_endpoint_auth_method: 'private_key_jwt' },
    ],
    [
      'metadata_unusable',
      ['field=implicit_grant_id_token_lifespan', 'problem=must not be negative'],
      { implicit_grant_id_token_lifespan: '-1s' },
    ],
    [
      'metadata_unusable',
      ['field=software_id', 'problem=must be a string without control characters, not a number'],
      { software_id: 5 },
    ],
    [
      'metadata_unusable',
      ['field=client_name#de', 'problem=must be a string without control characters'],
      { 'client_name#de': 5 },
    ],
    ['metadata_unusable', ['field=jwks', "problem=must hold an array 'keys'"], { jwks: { keys: 'x' } }],
    [
      'metadata_unusable',
      ['field=id_token_signed_response_alg', 'problem=must be one that there is a key for: RS256'],
      { id_token_signed_response_alg: 'ES512' },
    ],
    [
      'entry_unusable',
      ['field=jwks', 'index=0', "problem=is not public: it has 'k'"],
      jwks({ kty: 'oct', k: COORDINATE }),
    ],
    [
      'entry_unusable',
      [
        'field=jwks',
        'index=0',
        "problem=has the unknown type 'AKP': known are RSA, EC P-256, EC P-384, EC P-521, OKP Ed25519, OKP X25519",
      ],
      jwks({ kty: 'AKP', pub: COORDINATE }),
    ],
    [
      'entry_unusable',
      ['field=jwks', 'index=1', 'problem=holds a private key'],
      { jwks: { keys: [{}, { kty: 'EC', d: COORDINATE }] } },
    ],
    [
      'entry_unusable',
      ['field=redirect_uris', 'index=1', 'problem=must be an absolute URI without a fragment'],
      { redirect_uris: ['https://a.test/', 'x'] },
    ],
    [
      'entry_unusable',
      [
        'field=post_logout_redirect_uris',
        'index=0',
        'problem=must have the scheme, host and port of a redirect URI',
      ],
      { post_logout_redirect_uris: ['https://a.test/'] },
    ],
    [
      'entry_unusable',
      [
        'field=allowed_cors_origins',
        'index=0',
        'problem=must be an http or https origin without path, query or user',
      ],
      { allowed_cors_origins: ['https://a.test/x'] },
    ],
    [
      'fields_conflict',
      ['field=jwks', 'other=jwks_uri'],
      { jwks_uri: 'https://a.test/jwks', ...jwks({ kty: 'EC', crv: 'P-256', x: COORDINATE, y: COORDINATE }) },
    ],
    ['sector_missing', [], { subject_type: 'pairwise' }],
    ['metadata_too_large', ['limit=100000'], { metadata: { big: 'x'.repeat(100_001) } }],
  ])('%s %j', async (reason, facts, body) => {
    const response = await deployment.admin('POST', '/admin/clients', body)
    expect([response.status, refusal()]).toEqual([400, [reason, ...facts]])
  })

  it('that is there already: entry_exists', async () => {
    const { id } = await registerClient(deployment)
    const response = await deployment.admin('POST', '/admin/clients', { client_id: id })
    expect([response.status, refusal()]).toEqual([409, ['entry_exists', 'kind=client', `id=${id}`]])
  })

  it('that is not there: entry_unknown', async () => {
    const id = crypto.randomUUID()
    const response = await deployment.admin('DELETE', `/admin/clients/${id}`)
    expect([response.status, refusal()]).toEqual([404, ['entry_unknown', 'kind=client', `id=${id}`]])
  })

  it.each<[Reason, string, unknown]>([
    ['field_reserved', 'client_secret', 'of my own choice'],
    ['field_reserved', 'metadata', { plan: 'gold' }],
    ['field_reserved', 'access_token_strategy', 'jwt'],
    ['field_reserved', 'skip_consent', true],
    ['field_reserved', 'skip_logout_consent', true],
    ['field_reserved', 'ledger_shards', 64],
    ['field_reserved', 'scope_descriptions', { openid: 'Nothing at all' }],
    ['field_reserved', 'session_idle_lifespan', '9000h'],
    ['field_reserved', 'session_absolute_lifespan', '9000h'],
  ])('that registers itself with more than it may: %s %s', async (reason, field, value) => {
    const body = JSON.stringify({ redirect_uris: ['https://a.test/'], [field]: value })
    const response = await deployment.fetch('/oauth2/register', { method: 'POST', body })
    expect([response.status, refusal()]).toEqual([400, [reason, `field=${field}`]])
  })

  it('that goes beyond what an admin set: metadata_beyond_bounds', async () => {
    const created = await deployment.admin('POST', '/admin/clients', { scope: 'a' })
    const { client_id, registration_access_token } = await created.json<Record<string, string>>()
    const response = await deployment.fetch(`/oauth2/register/${client_id}`, {
      method: 'PUT',
      headers: { authorization: `Bearer ${registration_access_token}` },
      body: JSON.stringify({ scope: 'a b' }),
    })
    expect([response.status, refusal()]).toEqual([400, ['metadata_beyond_bounds', 'field=scope']])
  })

  it('that others keep changing: client_contended', async () => {
    const { id } = await registerClient(deployment)
    const ctx = requestContext(env)
    vi.spyOn(scheduler, 'wait').mockResolvedValue(undefined)
    const others = async (): Promise<object> => {
      await changeClient(ctx, id, 'client.changed', () => ({}))
      return {}
    }
    await expect(changeClient(ctx, id, 'client.changed', others)).rejects.toMatchObject({
      code: 'temporarily_unavailable',
      reason: 'client_contended',
    })
  })
})
