import { CompactEncrypt, exportJWK, generateKeyPair, SignJWT, UnsecuredJWT } from 'jose'
import { beforeAll, describe, expect, it, vi } from 'vitest'
import { REQUEST_OBJECT_ALGORITHMS } from '../../../src/keys/foreign-jwt.ts'
import { makeKey, type TestKey } from '../../support/assertions.ts'
import { Browser, bodyOf, Deployment } from '../../support/deployment.ts'
import { authorizationPath, parameter, registerClient } from '../../support/relying-party.ts'

const STATE = 'state-of-the-object'
const deployment = new Deployment()
const keys = new Map<string, TestKey>()

/** A key of each family and size: RSA keys take long to make, and one signs by every RSA algorithm. */
const keyFor = (alg: string): TestKey => {
  const key = keys.get(/^[RP]S/.test(alg) ? 'RS256' : alg)
  if (key === undefined) throw new Error(`no key for ${alg}`)
  return key
}

beforeAll(async () => {
  for (const alg of ['ES256', 'ES384', 'ES512', 'EdDSA', 'Ed25519']) keys.set(alg, await makeKey(alg))
  const { publicKey, privateKey } = await generateKeyPair('RS256', { extractable: true })
  const publicJwk = { ...(await exportJWK(publicKey)), kid: 'rsa', use: 'sig' }
  // Any RSA algorithm may use it: its import names the one that signs.
  keys.set('RS256', { alg: 'RS256', kid: 'rsa', publicJwk, privateKey })
})

async function objectBy(alg: string): Promise<string> {
  if (alg === 'none') return new UnsecuredJWT({ state: STATE }).encode()
  const { kid, privateKey } = keyFor(alg)
  const key = /^[RP]S/.test(alg) ? await exportJWK(privateKey) : privateKey
  return new SignJWT({ state: STATE }).setProtectedHeader({ alg, kid }).sign(key)
}

/** Where a request with this object leads, for a client with this registration. */
async function ask(request: string, metadata: Readonly<Record<string, unknown>> = {}): Promise<URL> {
  const jwks = { keys: [...keys.values()].map(({ publicJwk }) => publicJwk) }
  const client = await registerClient(deployment, { jwks, ...metadata })
  return new Browser(deployment).next(authorizationPath(client, { request, state: undefined }))
}

/** The state that a request passes on, which only the object has. */
async function stateAfter(at: URL): Promise<string> {
  const path = '/admin/oauth2/auth/requests/login?login_challenge='
  const body = await bodyOf(await deployment.admin('GET', path + parameter(at, 'login_challenge')))
  return parameter(new URL(String(body['request_url'])), 'state')
}

const OFFERED = [
  ...['none', 'RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA'],
  'Ed25519',
]

it('every algorithm that discovery names has its test here', async () => {
  const document = await bodyOf(await deployment.fetch('/.well-known/openid-configuration'))
  expect(document['request_object_signing_alg_values_supported']).toEqual(OFFERED)
  expect(REQUEST_OBJECT_ALGORITHMS).toEqual(OFFERED)
})

describe.each(OFFERED)('a request object by %s', (alg) => {
  it.each([
    ['of a client that did not say how it signs', {}],
    ['of a client that said so', { request_object_signing_alg: alg }],
  ])('%s counts', async (_, metadata) => {
    expect(await stateAfter(await ask(await objectBy(alg), metadata))).toBe(STATE)
  })

  it('of a client that said otherwise is refused', async () => {
    const other = alg === 'ES256' ? 'ES384' : 'ES256'
    const at = await ask(await objectBy(alg), { request_object_signing_alg: other })
    expect(at.pathname).toBe('/oauth2/fallbacks/error')
    expect(parameter(at, 'error')).toBe('invalid_request_object')
    expect(parameter(at, 'error_description')).toContain(`has another algorithm than '${other}'.`)
  })
})

describe('a request object by a key', () => {
  it.each<readonly [string, object, boolean]>([
    ['without use', { use: undefined }, true],
    ['for verification', { use: undefined, key_ops: ['verify'] }, true],
    ['for encryption', { use: 'enc' }, false],
    ['for other operations', { use: undefined, key_ops: ['encrypt'] }, false],
  ])('%s %j counts: %s', async (_name, members, counts) => {
    const jwks = {
      keys: [
        { kty: 'AKP', pub: 'AAAA' },
        { ...keyFor('ES256').publicJwk, ...members },
      ],
    }
    const at = await ask(await objectBy('ES256'), { jwks })
    if (counts) expect(await stateAfter(at)).toBe(STATE)
    else expect(parameter(at, 'error')).toBe('invalid_request_object')
  })

  it.each([
    [302, 'invalid_request_object', 'it redirects'],
    [404, 'invalid_request_object', 'answers with status 404'],
    [502, 'temporarily_unavailable', 'answers with status 502'],
  ])('at a jwks_uri that answers %i: %s', async (status, error, why) => {
    vi.spyOn(console, 'log').mockImplementation(() => undefined)
    vi.spyOn(globalThis, 'fetch').mockImplementation(async () => new Response('', { status }))
    const at = await ask(await objectBy('ES256'), {
      jwks: undefined,
      jwks_uri: `https://app.example/keys?${status}`,
    })
    expect(parameter(at, 'error')).toBe(error)
    expect(parameter(at, 'error_description')).toContain(why)
    vi.restoreAllMocks()
  })
})

describe('an encrypted request object', () => {
  it.each(['RSA-OAEP-256', 'ECDH-ES'])('to a key with %s is refused, and the error says why', async (alg) => {
    const { publicKey } = await generateKeyPair(alg)
    const inner = new TextEncoder().encode(await objectBy('ES256'))
    const header = { alg, enc: 'A256GCM', cty: 'JWT' }
    const request = await new CompactEncrypt(inner).setProtectedHeader(header).encrypt(publicKey)
    const at = await ask(request)
    expect(at.pathname).toBe('/oauth2/fallbacks/error')
    expect(parameter(at, 'error')).toBe('invalid_request_object')
    expect(parameter(at, 'error_description')).toContain('encrypted')
  })

  it.each(['request_object_encryption_alg', 'request_object_encryption_enc'])(
    'cannot be announced: %s is refused, and discovery names none',
    async (field) => {
      const response = await deployment.admin('POST', '/admin/clients', { [field]: 'ECDH-ES' })
      expect(response.status).toBe(400)
      expect(await bodyOf(response)).toMatchObject({
        error: 'invalid_client_metadata',
        error_description: expect.stringContaining(`Field '${field}'`),
      })
      const document = await bodyOf(await deployment.fetch('/.well-known/openid-configuration'))
      expect(document).not.toHaveProperty(`${field}_values_supported`)
    },
  )
})

describe('an algorithm for request objects', () => {
  it.each(['HS256', 'RSA1_5', 'ES256K'])('that is not offered cannot be registered: %s', async (alg) => {
    const response = await deployment.admin('POST', '/admin/clients', { request_object_signing_alg: alg })
    expect(response.status).toBe(400)
    expect(await bodyOf(response)).toMatchObject({ error: 'invalid_client_metadata' })
  })

  it('of symmetric keys is refused in a request', async () => {
    const jwt = await new SignJWT({ state: STATE })
      .setProtectedHeader({ alg: 'HS256' })
      .sign(new Uint8Array(32))
    expect(parameter(await ask(jwt), 'error')).toBe('invalid_request_object')
  })
})
