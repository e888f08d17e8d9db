import { decodeJwt } from 'jose'
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import {
  type AssertionChanges,
  assertionFields,
  makeKey,
  signAssertion,
  type TestKey,
} from '../support/assertions.ts'
import { countCalls, dropAnswers } from '../support/bindings.ts'
import { bodyOf, Deployment, ISSUER, testEnv } from '../support/deployment.ts'
import { registerClient, revoke, type TestClient, tokenRequest } from '../support/relying-party.ts'
import { TRUST_PATH, trust } from '../support/trust.ts'

const GRANT_TYPE = 'urn:ietf:params:oauth:grant-type:jwt-bearer'
const deployment = new Deployment()
let key: TestKey
let stranger: TestKey
let client: TestClient
let iss: string
let sub: string

const register = (metadata: Readonly<Record<string, unknown>> = {}): Promise<TestClient> =>
  registerClient(deployment, { grant_types: [GRANT_TYPE], scope: 'openid api.read api.write', ...metadata })

beforeAll(async () => {
  ;[key, stranger, client] = await Promise.all([makeKey(), makeKey(), register()])
})

beforeEach(async () => {
  iss = `https://issuer.example/${crypto.randomUUID()}`
  sub = `subject-${crypto.randomUUID()}`
  await trust(deployment, key, iss, { subject: sub, scope: ['api.read', 'offline', 'extra'] })
})

afterEach(() => {
  vi.useRealTimers()
})

const now = (): number => Math.floor(Date.now() / 1000)
const sign = (changes: AssertionChanges = {}, signer = key): Promise<string> =>
  signAssertion(signer, { iss, sub }, changes)

/** A token request with an assertion. */
const ask = (assertion: string, more: Readonly<Record<string, string>> = {}, at = deployment, by = client) =>
  tokenRequest(at, by, { grant_type: GRANT_TYPE, assertion, ...more })

const outcome = async (response: Response) => [response.status, (await bodyOf(response))['error']]
const INVALID = [400, 'invalid_grant']

describe('a good assertion (contract 1.3.3, section 6 oauth2/grant_jwtbearer)', () => {
  it('gives an access token for its subject, which introspects and can be revoked', async () => {
    const response = await ask(await sign(), { scope: 'api.read' })
    const body = await bodyOf(response)
    expect([response.status, response.headers.get('cache-control')]).toEqual([200, 'no-store'])
    expect(body).toEqual({
      access_token: expect.stringMatching(/^ory_at_/),
      expires_in: 3600,
      scope: 'api.read',
      token_type: 'bearer',
    })
    const token = String(body['access_token'])
    expect(await deployment.introspect(token)).toEqual({
      active: true,
      scope: 'api.read',
      client_id: client.id,
      sub,
      aud: [],
      iss: ISSUER,
      exp: expect.any(Number),
      iat: expect.any(Number),
      nbf: expect.any(Number),
      token_type: 'Bearer',
      token_use: 'access_token',
    })
    const userinfo = await deployment.fetch('/userinfo', { headers: { authorization: `Bearer ${token}` } })
    expect(await userinfo.json()).toMatchObject({ sub, aud: [client.id] })
    await revoke(deployment, client, token)
    expect(await deployment.introspect(token)).toEqual({ active: false })
  })

  it('gives a JWT to a client with that strategy, with a lifespan of its own', async () => {
    const jwt = await register({
      access_token_strategy: 'jwt',
      jwt_bearer_grant_access_token_lifespan: '5m',
    })
    const body = await bodyOf(await ask(await sign(), {}, deployment, jwt))
    const token = String(body['access_token'])
    const claims = decodeJwt(token)
    expect(body['expires_in']).toBe(300)
    expect(claims).toMatchObject({ sub, client_id: jwt.id, iss: ISSUER, aud: [] })
    expect((claims.exp ?? 0) - (claims.iat ?? 0)).toBe(300)
    expect(await deployment.introspect(token)).toMatchObject({ active: true, sub })
    await revoke(deployment, jwt, token)
    expect(await deployment.introspect(token)).toEqual({ active: false })
  })

  const good: readonly (readonly [string, () => AssertionChanges])[] = [
    ['for the issuer', () => ({ claims: { aud: ISSUER } })],
    [
      'for several audiences',
      () => ({ claims: { aud: ['https://other.example', `${ISSUER}/oauth2/token`] } }),
    ],
    ['with nbf in the past', () => ({ claims: { nbf: now() - 60 } })],
    ['with a clock a little ahead', () => ({ claims: { nbf: now() + 5, iat: now() + 5 } })],
    ['that lives as long as it may', () => ({ claims: { exp: now() + 2_592_000 } })],
    ['without kid', () => ({ header: { kid: undefined } })],
    ['of its type', () => ({ header: { typ: 'authorization-grant+jwt' } })],
    ['that is an access token of its issuer', () => ({ header: { typ: 'at+jwt' } })],
    ['with fractions of seconds', () => ({ claims: { iat: now() - 0.5, exp: now() + 60.5 } })],
  ]

  it.each(good)('%s', async (_name, changes) => {
    expect((await ask(await sign(changes()))).status).toBe(200)
  })

  it.each(['RS256', 'RS512', 'PS256', 'ES384', 'ES512', 'EdDSA', 'Ed25519'])(
    'signed with %s',
    async (alg) => {
      const signer = await makeKey(alg)
      await trust(deployment, signer, iss, { subject: sub })
      expect((await ask(await sign({}, signer))).status).toBe(200)
    },
  )

  it.each<readonly [object, number]>([
    [{ use: undefined }, 201],
    [{ use: undefined, key_ops: ['verify'], x5c: ['x'] }, 201],
    [{ use: 'enc' }, 400],
    [{ use: undefined, key_ops: ['encrypt'] }, 400],
  ])('signed with a trusted key that says %j: %i', async (members, status) => {
    const signer = await makeKey()
    const jwk = { ...signer.publicJwk, ...members }
    expect((await trust(deployment, signer, iss, { subject: sub, jwk })).status).toBe(status)
    expect((await ask(await sign({}, signer))).status).toBe(status === 201 ? 200 : 400)
  })

  it('of any subject, from an issuer trusted so', async () => {
    await trust(deployment, stranger, iss, { subject: undefined, allow_any_subject: true })
    for (const changes of [{}, { header: { kid: undefined } }]) {
      const claims = { sub: `anybody-${crypto.randomUUID()}` }
      const body = await bodyOf(await ask(await sign({ claims, ...changes }, stranger)))
      expect(await deployment.introspect(String(body['access_token']))).toMatchObject(claims)
    }
  })

  it('from a public client that names itself', async () => {
    const open = await register({ token_endpoint_auth_method: 'none' })
    expect((await ask(await sign(), {}, deployment, { id: open.id, secret: '' })).status).toBe(200)
  })

  it('beside a client assertion: both count once', async () => {
    const jwks = { keys: [stranger.publicJwk] }
    const metadata = {
      token_endpoint_auth_method: 'private_key_jwt',
      token_endpoint_auth_signing_alg: 'ES256',
    }
    const { id } = await register({ jwks, ...metadata })
    const own = () => signAssertion(stranger, { iss: id, sub: id })
    const request = async (assertion: string) =>
      deployment.form('/oauth2/token', { grant_type: GRANT_TYPE, assertion, ...assertionFields(await own()) })
    const assertion = await sign()
    expect((await request(assertion)).status).toBe(200)
    expect(await outcome(await request(assertion))).toEqual([400, 'jti_known'])
  })
})

describe('a bad assertion', () => {
  const bad: readonly (readonly [string, () => AssertionChanges])[] = [
    ['without jti', () => ({ claims: { jti: undefined } })],
    ['without iat', () => ({ claims: { iat: undefined } })],
    ['without exp', () => ({ claims: { exp: undefined } })],
    ['without issuer', () => ({ claims: { iss: undefined } })],
    ['without subject', () => ({ claims: { sub: undefined } })],
    ['without audience', () => ({ claims: { aud: undefined } })],
    ['of another audience', () => ({ claims: { aud: 'https://other.example/oauth2/token' } })],
    ['that has expired', () => ({ claims: { iat: now() - 120, exp: now() - 60 } })],
    ['that expires now', () => ({ claims: { exp: now() } })],
    ['with nbf in the future', () => ({ claims: { nbf: now() + 60 } })],
    ['with iat in the future', () => ({ claims: { iat: now() + 60 } })],
    ['that lives too long', () => ({ claims: { exp: now() + 2_592_010 } })],
    ['with a subject too long to own anything', () => ({ claims: { sub: 'x'.repeat(256) } })],
    ['with a subject of control characters', () => ({ claims: { sub: 'a\u0000b' } })],
    ...['client-authentication+jwt', 'oauth-id-jag+jwt', 'application/logout+jwt'].map(
      (typ): [string, () => AssertionChanges] => [`of type ${typ}`, () => ({ header: { typ } })],
    ),
    [
      'with the event of a logout',
      () => ({ claims: { events: { 'http://schemas.openid.net/event/backchannel-logout': {} } } }),
    ],
    ['with times as text', () => ({ claims: { exp: String(now() + 60) } })],
  ]

  it.each(bad)('%s, refused before the issuer is looked up', async (_name, changes) => {
    const counted = countCalls(testEnv())
    const isolate = new Deployment(counted.env)
    await ask(await sign(), {}, isolate)
    const assertion = await sign(changes())
    counted.reset()
    expect(await outcome(await ask(assertion, {}, isolate))).toEqual(INVALID)
    expect(counted.counts).toEqual({ d1: 0, kv: 0, ledger: 0 })
  })

  const untrusted: readonly (readonly [string, () => AssertionChanges, () => TestKey])[] = [
    ['of another subject', () => ({ claims: { sub: 'somebody-else' } }), () => key],
    ['of another issuer', () => ({ claims: { iss: 'https://other.example' } }), () => key],
    ['of an unknown key', () => ({}), () => stranger],
    ['with a wrong signature', () => ({}), () => ({ ...stranger, kid: key.kid })],
    ['with a wrong signature and no kid', () => ({ header: { kid: undefined } }), () => stranger],
  ]

  it.each(untrusted)('%s', async (_name, changes, signer) => {
    expect(await outcome(await ask(await sign(changes(), signer())))).toEqual(INVALID)
  })

  it.each(['x', 'a.b.c', 'e30.e30.c2ln', 'eyJhbGciOiJub25lIn0.e30.'])('that is none: %s', async (text) => {
    expect(await outcome(await ask(text))).toEqual(INVALID)
  })

  it('of a symmetric algorithm, keyed with what is public', async () => {
    const secret = new TextEncoder().encode(JSON.stringify(key.publicJwk))
    const raw = await crypto.subtle.importKey('raw', secret, { name: 'HMAC', hash: 'SHA-256' }, false, [
      'sign',
    ])
    expect(await outcome(await ask(await sign({}, { ...key, alg: 'HS256', privateKey: raw })))).toEqual(
      INVALID,
    )
  })

  it('of an issuer whose trust has expired, by kid or without', async () => {
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 3_601_000 })
    for (const header of [{}, { kid: undefined }])
      expect(await outcome(await ask(await sign({ header })))).toEqual(INVALID)
  })

  it('that is missing, or empty', async () => {
    for (const assertion of ['', undefined]) {
      const fields = { grant_type: GRANT_TYPE, ...(assertion === undefined ? {} : { assertion }) }
      expect(await outcome(await tokenRequest(deployment, client, fields))).toEqual([400, 'invalid_request'])
    }
  })

  it('spends nothing when it is refused', async () => {
    const claims = { jti: crypto.randomUUID() }
    expect(await outcome(await ask(await sign({ claims }), { scope: 'api.write' }))).toEqual([
      400,
      'invalid_scope',
    ])
    expect(await outcome(await ask(await sign({ claims }, { ...stranger, kid: key.kid })))).toEqual(INVALID)
    expect((await ask(await sign({ claims }))).status).toBe(200)
  })
})

describe('who asks', () => {
  it('without client credentials: 400', async () => {
    const fields = { grant_type: GRANT_TYPE, assertion: await sign() }
    expect(await outcome(await deployment.form('/oauth2/token', fields))).toEqual([400, 'invalid_request'])
  })

  it('with a wrong secret: 401', async () => {
    const response = await ask(await sign(), {}, deployment, { id: client.id, secret: 'wrong secret' })
    expect(await outcome(response)).toEqual([401, 'invalid_client'])
  })

  it('without the grant type: unauthorized_client', async () => {
    const other = await register({ grant_types: ['client_credentials'] })
    expect(await outcome(await ask(await sign(), {}, deployment, other))).toEqual([
      400,
      'unauthorized_client',
    ])
  })
})

describe('what is granted', () => {
  it.each([
    ['', 'api.read offline extra', ''],
    ['api.read', 'openid api.read', 'api.read'],
    ['api.read api.read', 'openid api.read', 'api.read'],
    ['api.read extra', 'openid api.read', 'api.read'],
    ['offline', 'offline', 'offline'],
  ])('requested %j, the client having %j: %j, and no refresh token', async (scope, registered, granted) => {
    const narrow = await register({ scope: registered, grant_types: [GRANT_TYPE, 'refresh_token'] })
    const body = await bodyOf(await ask(await sign(), { scope }, deployment, narrow))
    expect(body['scope']).toBe(granted)
    expect(Object.keys(body).sort()).toEqual(['access_token', 'expires_in', 'scope', 'token_type'])
  })

  it.each(['api.write', 'api.read api.write', 'openid'])(
    'not %s, which the issuer may not give',
    async (scope) => {
      expect(await outcome(await ask(await sign(), { scope }))).toEqual([400, 'invalid_scope'])
    },
  )

  it('by the wildcards of the trust', async () => {
    await trust(deployment, stranger, iss, { subject: sub, scope: ['api.*'] })
    const body = await bodyOf(await ask(await sign({}, stranger), { scope: 'api.write' }))
    expect(body['scope']).toBe('api.write')
  })

  it('a scope that the client got a moment ago elsewhere', async () => {
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() })
    const late = await register({ scope: 'openid' })
    const isolate = new Deployment()
    expect((await bodyOf(await ask(await sign(), { scope: 'api.read' }, isolate, late)))['scope']).toBe('')
    const patch = [{ op: 'replace', path: '/scope', value: 'openid api.read' }]
    await deployment.admin('PATCH', `/admin/clients/${late.id}`, patch)
    vi.setSystemTime(Date.now() + 1000)
    const body = await bodyOf(await ask(await sign(), { scope: 'api.read' }, isolate, late))
    expect(body['scope']).toBe('api.read')
  })

  it.each<readonly [string, Record<string, string>, readonly string[]]>([
    ['true', {}, []],
    ['true', { audience: 'https://api.example' }, ['https://api.example']],
    ['false', {}, [`${ISSUER}/oauth2/token`]],
    ['false', { audience: 'https://api.example' }, ['https://api.example', `${ISSUER}/oauth2/token`]],
  ])('OMIT_ASSERTION_AUDIENCE=%s and %j: aud is %j', async (omit, fields, aud) => {
    const isolate = new Deployment(testEnv({ OAUTH2_GRANT_JWT_OMIT_ASSERTION_AUDIENCE: omit }))
    const body = await bodyOf(await ask(await sign(), fields, isolate))
    expect((await deployment.introspect(String(body['access_token'])))['aud']).toEqual(aud)
  })

  it.each([
    ['true', 200],
    ['false', 400],
  ])(
    'OMIT_ASSERTION_AUDIENCE=%s: an audience that could be taken for another is %s',
    async (omit, status) => {
      const isolate = new Deployment(testEnv({ OAUTH2_GRANT_JWT_OMIT_ASSERTION_AUDIENCE: omit }))
      const aud = [`${ISSUER}/oauth2/token`, 'https://api.example/v1/../v2']
      expect((await ask(await sign({ claims: { aud } }), {}, isolate)).status).toBe(status)
    },
  )

  it('not an audience that the client may not have', async () => {
    const response = await ask(await sign(), { audience: 'https://other.example' })
    expect(await outcome(response)).toEqual([400, 'invalid_request'])
  })
})

describe('the settings of the grant', () => {
  it.each<readonly [string, Record<string, string>, AssertionChanges, number]>([
    ['jti optional', { OAUTH2_GRANT_JWT_JTI_OPTIONAL: 'true' }, { claims: { jti: undefined } }, 200],
    ['iat optional', { OAUTH2_GRANT_JWT_IAT_OPTIONAL: 'true' }, { claims: { iat: undefined } }, 200],
    ['a shorter life', { OAUTH2_GRANT_JWT_MAX_TTL: '299s' }, {}, 400],
    ['just long enough a life', { OAUTH2_GRANT_JWT_MAX_TTL: '5m' }, {}, 200],
    [
      'a shorter life without iat',
      { OAUTH2_GRANT_JWT_MAX_TTL: '200s', OAUTH2_GRANT_JWT_IAT_OPTIONAL: 'true' },
      { claims: { iat: undefined } },
      400,
    ],
  ])('%s', async (_name, settings, changes, status) => {
    const isolate = new Deployment(testEnv(settings))
    const assertion = await sign(changes)
    expect((await ask(assertion, {}, isolate)).status).toBe(status)
  })

  it('an assertion without jti may come again, where that is allowed', async () => {
    const isolate = new Deployment(testEnv({ OAUTH2_GRANT_JWT_JTI_OPTIONAL: 'true' }))
    const assertion = await sign({ claims: { jti: undefined } })
    for (let time = 0; time < 2; time += 1) expect((await ask(assertion, {}, isolate)).status).toBe(200)
  })
})

describe('an assertion counts once', () => {
  const REPLAYED = [400, 'jti_known']

  it('for whichever client, isolate and signature', async () => {
    const claims = { jti: crypto.randomUUID() }
    const assertion = await sign({ claims })
    expect((await ask(assertion)).status).toBe(200)
    expect(await outcome(await ask(assertion))).toEqual(REPLAYED)
    expect(await outcome(await ask(await sign({ claims }), {}, new Deployment(), await register()))).toEqual(
      REPLAYED,
    )
  })

  it('for each issuer by itself', async () => {
    const claims = { jti: crypto.randomUUID() }
    const second = `${iss}/second`
    await trust(deployment, key, second, { subject: sub })
    expect((await ask(await sign({ claims }))).status).toBe(200)
    expect((await ask(await sign({ claims: { ...claims, iss: second } }))).status).toBe(200)
  })

  it('with one winner among parallel requests', async () => {
    const assertion = await sign()
    const isolates = Array.from({ length: 8 }, (_, at) => (at % 2 === 0 ? deployment : new Deployment()))
    const statuses = (await Promise.all(isolates.map((at) => ask(assertion, {}, at)))).map(
      ({ status }) => status,
    )
    expect(statuses.sort()).toEqual([200, ...Array.from({ length: 7 }, () => 400)])
  })

  it('until its very end', async () => {
    vi.useFakeTimers({ toFake: ['Date'], now: Math.ceil(Date.now() / 1000) * 1000 })
    const assertion = await sign({ claims: { exp: now() + 100 } })
    expect((await ask(assertion)).status).toBe(200)
    vi.setSystemTime(Date.now() + 99_000)
    expect(await outcome(await ask(assertion))).toEqual(REPLAYED)
    vi.setSystemTime(Date.now() + 1000)
    expect(await outcome(await ask(assertion))).toEqual(INVALID)
  })

  it.each([true, false])('and a lost reply of the ledger, retryable %s, is no replay', async (retryable) => {
    const losing = new Deployment(dropAnswers(testEnv(), { method: 'consumeId', times: 1, retryable }))
    const assertion = await sign()
    const first = await ask(assertion, {}, losing)
    expect(first.status).toBe(retryable ? 200 : 503)
    if (!retryable) expect((await ask(assertion, {}, losing)).status).toBe(200)
    expect(await outcome(await ask(assertion, {}, losing))).toEqual(REPLAYED)
  })
})

describe('over several isolates', () => {
  it('new trust counts at once, withdrawn trust within a minute', async () => {
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() })
    const there = new Deployment()
    expect(await outcome(await ask(await sign({}, stranger), {}, there))).toEqual(INVALID)
    const { id } = await bodyOf(await trust(deployment, stranger, iss, { subject: sub }))
    vi.setSystemTime(Date.now() + 1000)
    expect((await ask(await sign({}, stranger), {}, there)).status).toBe(200)
    await deployment.admin('DELETE', `${TRUST_PATH}/${id}`)
    expect(await outcome(await ask(await sign({}, stranger)))).toEqual(INVALID)
    vi.setSystemTime(Date.now() + 60_000)
    expect(await outcome(await ask(await sign({}, stranger), {}, there))).toEqual(INVALID)
    expect((await ask(await sign(), {}, there)).status).toBe(200)
  })

  it('an issuer longer than any that can be trusted is not looked for', async () => {
    const counted = countCalls(testEnv())
    const isolate = new Deployment(counted.env)
    await ask(await sign(), {}, isolate)
    const assertion = await sign({ claims: { iss: 'i'.repeat(2049) } })
    counted.reset()
    expect(await outcome(await ask(assertion, {}, isolate))).toEqual(INVALID)
    expect(counted.counts).toEqual({ d1: 0, kv: 0, ledger: 0 })
  })

  it('costs one ledger hop and nothing else once the isolate is warm', async () => {
    const counted = countCalls(testEnv())
    const isolate = new Deployment(counted.env)
    await ask(await sign(), {}, isolate)
    const assertion = await sign()
    counted.reset()
    expect((await ask(assertion, { scope: 'api.read' }, isolate)).status).toBe(200)
    expect(counted.counts).toEqual({ d1: 0, kv: 0, ledger: 1 })
  })
})
