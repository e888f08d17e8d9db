import { base64url, type JWK } from 'jose'
import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import {
  type AssertionChanges,
  assertionFields,
  makeKey,
  signAssertion,
  type TestKey,
} from '../support/assertions.ts'
import { countCalls, dropAnswers } from '../support/bindings.ts'
import { bodyOf, Deployment, ISSUER, testEnv } from '../support/deployment.ts'
import { logIn, registerClient, type TestClient } from '../support/relying-party.ts'

const JWKS_URI = 'https://client.example/jwks.json'
const deployment = new Deployment()
let key: TestKey
let stranger: TestKey

beforeAll(async () => {
  ;[key, stranger] = await Promise.all([makeKey(), makeKey()])
})

afterEach(() => {
  vi.restoreAllMocks()
  vi.useRealTimers()
})

const register = (metadata: Readonly<Record<string, unknown>> = {}): Promise<TestClient> =>
  registerClient(deployment, {
    token_endpoint_auth_method: 'private_key_jwt',
    token_endpoint_auth_signing_alg: 'ES256',
    jwks: { keys: [key.publicJwk] },
    ...metadata,
  })

const own = (client: TestClient, changes: AssertionChanges = {}, signer = key): Promise<string> =>
  signAssertion(signer, { iss: client.id, sub: client.id }, changes)

/** A client_credentials request that the assertion alone authenticates. */
const ask = (assertion: string, at = deployment, more: Readonly<Record<string, string>> = {}) =>
  at.form('/oauth2/token', { grant_type: 'client_credentials', ...assertionFields(assertion), ...more })

const now = (): number => Math.floor(Date.now() / 1000)
const stopClock = (): void => {
  vi.useFakeTimers({ toFake: ['Date'], now: Math.ceil(Date.now() / 1000) * 1000 })
}
const advance = (seconds: number): void => {
  vi.setSystemTime(Date.now() + seconds * 1000)
}

describe('an assertion that is accepted (RFC 7523 section 3)', () => {
  it.each([
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
  ])('signed with %s, the client having registered it', async (alg) => {
    const signer = await makeKey(alg)
    const jwks = { keys: [stranger.publicJwk, signer.publicJwk] }
    const client = await register({ token_endpoint_auth_signing_alg: alg, jwks })
    expect((await ask(await own(client, {}, signer))).status).toBe(200)
  })

  it.each(['RS256', 'PS256', 'ES256', 'ES512', 'Ed25519'])(
    'signed with %s, the client having registered no algorithm',
    async (alg) => {
      const signer = await makeKey(alg)
      const jwks = { keys: [signer.publicJwk] }
      const client = await register({ token_endpoint_auth_signing_alg: '', jwks })
      expect((await ask(await own(client, {}, signer))).status).toBe(200)
    },
  )

  it('under either name of its algorithm', async () => {
    const signer = await makeKey('EdDSA')
    const jwks = { keys: [{ ...signer.publicJwk, alg: 'EdDSA' }] }
    const client = await register({ token_endpoint_auth_signing_alg: 'EdDSA', jwks })
    const header = { alg: 'Ed25519' }
    expect((await ask(await own(client, { header }, signer))).status).toBe(200)
  })

  const ODD: readonly (readonly [string, (jwk: JWK) => readonly object[]])[] = [
    ['without use', ({ use: _, ...jwk }) => [jwk]],
    ['with key_ops in place of use', ({ use: _, ...jwk }) => [{ ...jwk, key_ops: ['verify'] }]],
    ['with certificates', (jwk) => [{ ...jwk, x5c: ['x'], x5t: 'x', x5u: 'http://127.0.0.1/' }]],
    ['without a name', ({ kid: _, ...jwk }) => [jwk]],
    ['beside ML-DSA', (jwk) => [{ kty: 'AKP', alg: 'ML-DSA-44', kid: 'pq', use: 'sig', pub: 'AAAA' }, jwk]],
    ['beside secp256k1', (jwk) => [{ kty: 'EC', crv: 'secp256k1', kid: 'k', x: 'AAAA', y: 'AAAA' }, jwk]],
    ['beside Ed448', (jwk) => [{ kty: 'OKP', crv: 'Ed448', kid: 'o', x: 'AAAA' }, jwk]],
    ['beside a symmetric one', (jwk) => [{ kty: 'oct', k: 'AAAA' }, jwk]],
    ['after 30 others without names', ({ kid: _, ...jwk }) => [...Array(30).fill(unnamed(stranger)), jwk]],
  ]
  const unnamed = ({ publicJwk: { kid: _, ...jwk } }: TestKey): JWK => jwk

  it.each(ODD)('by a key %s, in jwks and at a jwks_uri', async (what, keysOf) => {
    const keys = keysOf(key.publicJwk)
    vi.spyOn(globalThis, 'fetch').mockImplementation(async () => Response.json({ keys }))
    for (const metadata of [
      { jwks: { keys } },
      { jwks: undefined, jwks_uri: `${JWKS_URI}?${encodeURI(what)}` },
    ]) {
      const client = await register(metadata)
      expect((await ask(await own(client))).status).toBe(200)
      const header = { kid: undefined }
      expect((await ask(await own(client, { header }))).status).toBe(200)
    }
  })

  const good: readonly (readonly [string, () => AssertionChanges])[] = [
    ['for the issuer', () => ({ claims: { aud: ISSUER } })],
    ['for the issuer with a slash', () => ({ claims: { aud: `${ISSUER}/` } })],
    ['for several audiences', () => ({ claims: { aud: ['https://other.example', ISSUER] } })],
    ['without iat', () => ({ claims: { iat: undefined } })],
    ['with nbf in the past', () => ({ claims: { nbf: now() - 60 } })],
    ['with a clock a little ahead', () => ({ claims: { nbf: now() + 5, iat: now() + 5 } })],
    ['for almost a day', () => ({ claims: { exp: now() + 86_000 } })],
    ['without kid', () => ({ header: { kid: undefined } })],
    ['of its type', () => ({ header: { typ: 'client-authentication+jwt' } })],
    ['of a general type', () => ({ header: { typ: 'application/JWT' } })],
    ['with a very long jti', () => ({ claims: { jti: 'j'.repeat(10_000) } })],
  ]

  it.each(good)('%s', async (_name, changes) => {
    const client = await register({ jwks: { keys: [stranger.publicJwk, key.publicJwk] } })
    const response = await ask(await own(client, changes()), deployment, { client_id: client.id })
    expect(response.status).toBe(200)
  })

  it('for the public address of the token endpoint', async () => {
    const client = await register()
    const elsewhere = new Deployment(
      testEnv({ URLS_SELF_PUBLIC: 'https://login.example', SERVE_TLS_TERMINATION: 'proxy' }),
    )
    const claims = { aud: 'https://login.example/oauth2/token' }
    expect((await ask(await own(client, { claims }), elsewhere)).status).toBe(200)
  })

  it('at the revocation endpoint too', async () => {
    const both = await register({ grant_types: ['client_credentials'] })
    const { access_token } = await bodyOf(await ask(await own(both)))
    const fields = { token: String(access_token), ...assertionFields(await own(both)) }
    expect((await deployment.form('/oauth2/revoke', fields)).status).toBe(200)
    expect(await deployment.introspect(String(access_token))).toEqual({ active: false })
  })
})

describe('an assertion that is refused', () => {
  const bad: readonly (readonly [string, string, () => AssertionChanges])[] = [
    ['for another audience', "'aud'", () => ({ claims: { aud: 'https://other.example' } })],
    ['without audience', "'aud'", () => ({ claims: { aud: undefined } })],
    ['without exp', "'exp'", () => ({ claims: { exp: undefined } })],
    ['that has expired', 'expired', () => ({ claims: { exp: now() } })],
    ['that lives too long', '24 hours', () => ({ claims: { exp: now() + 86_500 } })],
    ['with nbf ahead', "'nbf'", () => ({ claims: { nbf: now() + 60 } })],
    ['with iat ahead', "'iat'", () => ({ claims: { iat: now() + 60 } })],
    ['without jti', "'jti'", () => ({ claims: { jti: undefined } })],
    ['with an empty jti', "'jti'", () => ({ claims: { jti: '' } })],
    ['with another issuer', "'iss'", () => ({ claims: { iss: 'somebody' } })],
    ['without issuer', "'iss'", () => ({ claims: { iss: undefined } })],
    ['without subject', "'sub'", () => ({ claims: { sub: undefined } })],
    ...['at+jwt', 'oauth-authz-req+jwt', 'logout+jwt', 'dpop+jwt'].map(
      (typ): [string, string, () => AssertionChanges] => [
        `of type ${typ}`,
        'another purpose',
        () => ({ header: { typ } }),
      ],
    ),
    ['with exp as text', 'JWT', () => ({ claims: { exp: String(now() + 60) } })],
    ['with jti as number', 'JWT', () => ({ claims: { jti: 5 } })],
  ]

  it.each(bad)('%s, without a storage call', async (_name, hint, changes) => {
    const counted = countCalls(testEnv())
    const response = await ask(
      await own({ id: 'nobody', secret: '' }, changes()),
      new Deployment(counted.env),
    )
    const { error, error_description } = await bodyOf(response)
    expect([response.status, error]).toEqual([401, 'invalid_client'])
    expect(error_description).toContain(hint)
    expect(counted.counts).toEqual({ d1: 0, kv: 0, ledger: 0 })
  })

  it.each(['x', 'a.b.c', 'e30.e30.c2ln', `${base64url.encode('{"alg":"none"}')}.e30.`])(
    'that is none: %s',
    async (text) => {
      expect(await bodyOf(await ask(text))).toMatchObject({ error: 'invalid_client' })
    },
  )

  const unproven: readonly (readonly [string, Record<string, unknown>, AssertionChanges, () => TestKey])[] = [
    ['of an unknown kid', {}, { header: { kid: 'other' } }, () => key],
    ['of another key under a known kid', {}, {}, () => ({ ...stranger, kid: key.kid })],
    ['of another key without kid', {}, { header: { kid: undefined } }, () => stranger],
    ['of another algorithm than registered', { token_endpoint_auth_signing_alg: 'ES384' }, {}, () => key],
    ['from a client of another method', { token_endpoint_auth_method: 'client_secret_post' }, {}, () => key],
    ['from a public client', { token_endpoint_auth_method: 'none' }, {}, () => key],
    ['from a client_secret_jwt client', { token_endpoint_auth_method: 'client_secret_jwt' }, {}, () => key],
  ]

  it.each(unproven)('%s', async (_name, metadata, changes, signer) => {
    const client = await register(metadata)
    const response = await ask(await own(client, changes, signer()))
    expect([response.status, await bodyOf(response)]).toEqual([
      401,
      expect.objectContaining({ error: 'invalid_client' }),
    ])
  })

  it.each([{ use: 'enc' }, { key_ops: ['encrypt'] }, { alg: 'ES384' }, { kty: 'RSA' }])(
    'of a key that says %j',
    async (members) => {
      const real = { ...key.publicJwk, ...members }
      vi.spyOn(globalThis, 'fetch').mockImplementation(async () => Response.json({ keys: [real] }))
      const client = await register({ jwks: undefined, jwks_uri: `${JWKS_URI}?${JSON.stringify(members)}` })
      expect((await ask(await own(client))).status).toBe(401)
    },
  )

  it('of a symmetric algorithm, keyed with what is public', async () => {
    const client = await register({ token_endpoint_auth_signing_alg: '' })
    const secret = new TextEncoder().encode(JSON.stringify(key.publicJwk))
    const privateKey = await crypto.subtle.importKey(
      'raw',
      secret,
      { name: 'HMAC', hash: 'SHA-256' },
      false,
      ['sign'],
    )
    expect((await ask(await own(client, {}, { ...key, alg: 'HS256', privateKey }))).status).toBe(401)
  })

  it('of a client that does not exist', async () => {
    expect((await ask(await own({ id: 'nobody', secret: '' }))).status).toBe(401)
  })

  it('beside the id of another client', async () => {
    const [one, other] = [await register(), await register()]
    expect((await ask(await own(one), deployment, { client_id: other.id })).status).toBe(401)
  })

  it('whose payload was changed', async () => {
    const [one, other] = [await register(), await register()]
    const [header, , signature] = (await own(one)).split('.')
    const [, payload] = (await own(other)).split('.')
    expect((await ask(`${header}.${payload}.${signature}`)).status).toBe(401)
  })

  it.each<readonly [string, Record<string, string>]>([
    ['an unknown type', { client_assertion_type: 'x' }],
    ['no type', { client_assertion_type: '' }],
    ['an empty assertion', { client_assertion: '' }],
    ['a secret beside it', { client_secret: 'secret' }],
  ])('as malformed with %s', async (_name, fields) => {
    const response = await ask(await own(await register()), deployment, fields)
    expect([response.status, await bodyOf(response)]).toEqual([
      400,
      expect.objectContaining({ error: 'invalid_request' }),
    ])
  })
})

describe('an assertion counts once', () => {
  const replayed = [400, expect.objectContaining({ error: 'jti_known' })]
  const outcome = async (response: Response) => [response.status, await bodyOf(response)]

  it('at whichever endpoint and isolate, also with a new signature', async () => {
    const client = await register()
    const claims = { jti: crypto.randomUUID() }
    const assertion = await own(client, { claims })
    expect((await ask(assertion)).status).toBe(200)
    expect(await outcome(await ask(assertion, new Deployment()))).toEqual(replayed)
    expect(await outcome(await ask(await own(client, { claims })))).toEqual(replayed)
    const fields = { token: 'x', ...assertionFields(assertion) }
    expect(await outcome(await deployment.form('/oauth2/revoke', fields))).toEqual(replayed)
  })

  it('for each client by itself', async () => {
    const claims = { jti: crypto.randomUUID() }
    for (const client of [await register(), await register()])
      expect((await ask(await own(client, { claims }))).status).toBe(200)
  })

  it('with one winner among parallel requests', async () => {
    const assertion = await own(await register())
    const racing = Array.from({ length: 8 }, (_, at) =>
      ask(assertion, at % 2 === 0 ? deployment : new Deployment()),
    )
    const statuses = (await Promise.all(racing)).map(({ status }) => status)
    expect(statuses.sort()).toEqual([200, ...Array.from({ length: 7 }, () => 400)])
  })

  it('until its very end, and a refused one is not spent', async () => {
    stopClock()
    const client = await register()
    const claims = { jti: crypto.randomUUID(), exp: now() + 100 }
    expect((await ask(await own(client, { claims }, { ...stranger, kid: key.kid }))).status).toBe(401)
    const assertion = await own(client, { claims })
    expect((await ask(assertion)).status).toBe(200)
    advance(99)
    expect((await bodyOf(await ask(assertion)))['error']).toBe('jti_known')
    advance(1)
    expect((await bodyOf(await ask(assertion)))['error']).toBe('invalid_client')
  })

  it.each([true, false])('and a lost reply of its ledger, retryable %s, is no replay', async (retryable) => {
    const assertion = await own(await register())
    const losing = new Deployment(dropAnswers(testEnv(), { method: 'consumeId', times: 1, retryable }))
    const first = await ask(assertion, losing)
    expect(first.status).toBe(retryable ? 200 : 503)
    if (!retryable) expect((await ask(assertion, losing)).status).toBe(200)
    expect((await ask(assertion, losing)).status).toBe(400)
  })

  it('and what was lost after it was spent is made good under the same assertion', async () => {
    const client = await register({ grant_types: ['authorization_code', 'refresh_token'] })
    const patched = await deployment.admin('PATCH', `/admin/clients/${client.id}`, [
      { op: 'replace', path: '/token_endpoint_auth_method', value: 'none' },
    ])
    expect(patched.status).toBe(200)
    const { refresh_token } = await logIn(deployment, { id: client.id, secret: '' })
    await deployment.admin('PATCH', `/admin/clients/${client.id}`, [
      { op: 'replace', path: '/token_endpoint_auth_method', value: 'private_key_jwt' },
    ])
    const losing = new Deployment(dropAnswers(testEnv(), { method: 'refresh', times: 1, retryable: false }))
    const request = { grant_type: 'refresh_token', refresh_token }
    const assertion = await own(client)
    expect((await ask(assertion, losing, request)).status).toBe(503)
    expect((await ask(assertion, losing, request)).status).toBe(200)
    expect((await ask(assertion, losing, request)).status).toBe(400)
  })
})

describe('keys at a jwks_uri', () => {
  /** A client whose set is wherever `serve` says, in an isolate of its own. */
  async function remote(serve: () => Response | Promise<Response>) {
    const fetched = vi.spyOn(globalThis, 'fetch').mockImplementation(async () => serve())
    const uri = `${JWKS_URI}?${crypto.randomUUID()}`
    const client = await register({ jwks: undefined, jwks_uri: uri })
    const isolate = new Deployment()
    const attempt = async (signer = key, changes: AssertionChanges = {}) =>
      (await ask(await own(client, changes, signer), isolate)).status
    return { fetched, uri, client, isolate, attempt }
  }
  const setOf = (...keys: readonly TestKey[]) =>
    Response.json({ keys: keys.map(({ publicJwk }) => publicJwk) })

  it('are fetched once and kept for a minute', async () => {
    stopClock()
    const { fetched, uri, attempt } = await remote(() => setOf(key))
    expect(await attempt()).toBe(200)
    advance(59)
    expect(await attempt()).toBe(200)
    expect(fetched.mock.calls.map(([url]) => url)).toEqual([uri])
    advance(2)
    expect(await attempt()).toBe(200)
    expect(fetched).toHaveBeenCalledTimes(2)
  })

  it('are fetched again if the clock was set back, since their age is not known', async () => {
    stopClock()
    const { fetched, attempt } = await remote(() => setOf(key))
    expect(await attempt()).toBe(200)
    advance(-30)
    expect(await attempt()).toBe(200)
    expect(fetched).toHaveBeenCalledTimes(2)
  })

  it('do not bring a replay past the end of its assertion while they are fetched', async () => {
    stopClock()
    let slowness = 0
    const { client, isolate } = await remote(() => {
      advance(slowness)
      return setOf(key)
    })
    const assertion = await own(client, { claims: { exp: now() + 100 } })
    expect((await ask(assertion, isolate)).status).toBe(200)
    advance(99)
    slowness = 3
    expect((await bodyOf(await ask(assertion, isolate)))['error']).toBe('jti_known')
  })

  it('are fetched once for many at a time', async () => {
    const { fetched, attempt } = await remote(() => setOf(key))
    expect(await Promise.all(Array.from({ length: 5 }, () => attempt()))).toEqual([200, 200, 200, 200, 200])
    expect(fetched).toHaveBeenCalledTimes(1)
  })

  it('are read again for an unknown kid, at most once in 5 seconds', async () => {
    stopClock()
    const sets = { keys: [key] }
    const { fetched, attempt } = await remote(() => setOf(...sets.keys))
    expect(await attempt()).toBe(200)
    sets.keys = [key, stranger]
    advance(5)
    expect(await attempt(stranger)).toBe(200)
    expect(fetched).toHaveBeenCalledTimes(2)
    for (let tried = 0; tried < 5; tried += 1)
      expect(await attempt(key, { header: { kid: 'none' } })).toBe(401)
    expect(fetched).toHaveBeenCalledTimes(2)
    advance(5)
    expect(await attempt(key, { header: { kid: 'none' } })).toBe(401)
    expect(fetched).toHaveBeenCalledTimes(3)
  })

  it('are read again when a key was replaced under its kid', async () => {
    stopClock()
    const sets = { keys: [key] }
    const { attempt } = await remote(() => setOf(...sets.keys))
    expect(await attempt()).toBe(200)
    const successor = await makeKey('ES256', key.kid)
    sets.keys = [successor]
    advance(5)
    expect(await attempt(successor)).toBe(200)
    expect(await attempt(key)).toBe(401)
  })

  it('serve on for an hour while their source is away, for yes only', async () => {
    stopClock()
    vi.spyOn(console, 'log').mockImplementation(() => undefined)
    const source = { up: true }
    const { attempt } = await remote(() => (source.up ? setOf(key) : new Response('', { status: 502 })))
    expect(await attempt()).toBe(200)
    source.up = false
    advance(3000)
    expect(await attempt()).toBe(200)
    expect(await attempt(stranger)).toBe(503)
    advance(601)
    expect(await attempt()).toBe(503)
  })

  it.each<readonly [string, number, () => Response | Promise<Response>]>([
    ['is away', 503, () => Promise.reject(new TypeError('connection refused'))],
    ['fails', 503, () => new Response('', { status: 500 })],
    ['asks to wait', 503, () => new Response('', { status: 429 })],
    ['redirects', 401, () => new Response(null, { status: 302, headers: { location: 'https://b.example' } })],
    ['is too large', 401, () => new Response('x'.repeat(200_000))],
    ['is not there', 401, () => new Response('', { status: 404 })],
    ['is no JSON', 401, () => new Response('<html>')],
    ['is no key set', 401, () => Response.json({ keys: 'none' })],
    ['is empty', 401, () => Response.json({ keys: [] })],
    ['holds no key we know', 401, () => Response.json({ keys: [{ kty: 'new', use: 'sig', kid: 'a' }] })],
  ])('where the source %s: %i', async (_name, status, serve) => {
    vi.spyOn(console, 'log').mockImplementation(() => undefined)
    const { attempt } = await remote(serve)
    expect(await attempt()).toBe(status)
  })

  it('pass over keys of unknown kinds', async () => {
    const { attempt } = await remote(() => Response.json({ keys: [{ kty: 'new' }, null, key.publicJwk] }))
    expect(await attempt()).toBe(200)
  })

  it.each(['http://client.example/jwks', 'https://127.0.0.1/jwks', 'https://metadata.internal/jwks'])(
    'are never asked for at %s',
    async (jwks_uri) => {
      const fetched = vi.spyOn(globalThis, 'fetch')
      const client = await register({ jwks: undefined, jwks_uri })
      const { error, error_description } = await bodyOf(await ask(await own(client)))
      expect([error, error_description]).toEqual(['invalid_client', expect.stringContaining('jwks_uri')])
      expect(fetched).not.toHaveBeenCalled()
    },
  )
})

it('costs one ledger hop, no storage call and no fetch once the isolate is warm', async () => {
  const counted = countCalls(testEnv())
  const isolate = new Deployment(counted.env)
  const client = await register()
  await ask(await own(client), isolate)
  const assertion = await own(client)
  counted.reset()
  expect((await ask(assertion, isolate)).status).toBe(200)
  expect(counted.counts).toEqual({ d1: 0, kv: 0, ledger: 1 })
})
