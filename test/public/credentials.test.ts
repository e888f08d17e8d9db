import { createLocalJWKSet, decodeJwt, exportJWK, generateKeyPair, type JWK, jwtVerify, SignJWT } from 'jose'
import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { fromBase64url } from '../../src/util/base64url.ts'
import { makeKey, signAssertion } from '../support/assertions.ts'
import { countCalls } from '../support/bindings.ts'
import { bodyOf, Deployment, ISSUER, testEnv } from '../support/deployment.ts'
import {
  logIn,
  refresh,
  registerClient,
  revoke,
  type TestClient,
  tokenRequest,
} from '../support/relying-party.ts'
import { trust } from '../support/trust.ts'

const PATH = '/credentials'
const FORMAT = 'jwt_vc_json'
const SCOPE = 'userinfo_credential_draft_00'
const HOUR = 3600
const JWT_BEARER = 'urn:ietf:params:oauth:grant-type:jwt-bearer'

const deployment = new Deployment()
let client: TestClient
let accessToken: string
let holder: Holder

interface Holder {
  readonly alg: string
  readonly jwk: JWK
  readonly secret: JWK
  readonly key: CryptoKey
}

async function makeHolder(alg: string): Promise<Holder> {
  const { publicKey, privateKey } = await generateKeyPair(alg, { extractable: true })
  return { alg, key: privateKey, jwk: await exportJWK(publicKey), secret: await exportJWK(privateKey) }
}

const session = { id_token: { email: 'a@example.test', sid: 'stolen', sub: 'mallory', id: 'mallory' } }

beforeAll(async () => {
  ;[client, holder] = await Promise.all([registerClient(deployment), makeHolder('ES256')])
  accessToken = (await logIn(deployment, client, { consent: { session } })).access_token
})

afterEach(() => {
  vi.useRealTimers()
})

const now = (): number => Math.floor(Date.now() / 1000)

const post = (body: unknown, token: string | null = accessToken, at = deployment): Promise<Response> =>
  at.fetch(PATH, {
    method: 'POST',
    ...(token !== null && { headers: { authorization: `Bearer ${token}` } }),
    body: typeof body === 'string' ? body : JSON.stringify(body),
  })

const primeFor = async (token = accessToken, at = deployment): Promise<string> =>
  String((await bodyOf(await post({ format: FORMAT }, token, at)))['c_nonce'])

interface ProofChanges {
  readonly payload?: Readonly<Record<string, unknown>>
  readonly header?: Readonly<Record<string, unknown>>
  readonly signer?: Holder
}

const prove = (nonce: string, { payload, header, signer = holder }: ProofChanges = {}): Promise<string> =>
  new SignJWT({ nonce, aud: ISSUER, iat: now(), ...payload })
    .setProtectedHeader({ alg: signer.alg, typ: 'openid4vci-proof+jwt', jwk: signer.jwk, ...header })
    .sign(signer.key)

const ask = (jwt: unknown, token = accessToken, at = deployment): Promise<Response> =>
  post({ format: FORMAT, types: ['x'], proof: { proof_type: 'jwt', jwt } }, token, at)

/** The verified credential of an answer. */
async function credentialOf(response: Response) {
  const body = await bodyOf(response)
  expect([response.status, Object.keys(body)]).toEqual([200, ['format', 'credential_draft_00']])
  const jwks = await (await deployment.fetch('/.well-known/jwks.json')).json<{ keys: [] }>()
  return jwtVerify(String(body['credential_draft_00']), createLocalJWKSet(jwks), { issuer: ISSUER })
}

const outcome = async (response: Response): Promise<readonly unknown[]> => [
  response.status,
  (await bodyOf(response))['error'],
]
const INVALID = [400, 'invalid_request']

describe('without a proof', () => {
  it.each([{ format: FORMAT }, { format: FORMAT, proof: null, types: 5 }])(
    '%j: the nonce to prove with',
    async (body) => {
      const response = await post(body)
      expect([response.status, response.headers.get('cache-control')]).toEqual([400, 'no-store'])
      expect(response.headers.get('content-type')).toBe('application/json; charset=utf-8')
      expect(await bodyOf(response)).toEqual({
        format: 'jwt_vc',
        c_nonce: expect.stringMatching(/^[\w-]+\.[\w-]+$/),
        c_nonce_expires_in: HOUR,
        error: 'missing_proof',
        error_description: expect.stringMatching(/proof/),
      })
    },
  )

  it('lives as long as the setting says', async () => {
    const own = new Deployment(testEnv({ TTL_VC_NONCE: '5m' }))
    expect(await bodyOf(await post({ format: FORMAT }, accessToken, own))).toMatchObject({
      c_nonce_expires_in: 300,
    })
  })
})

describe('a proof', () => {
  it('gives a credential in the name of its key', async () => {
    const nonce = await primeFor()
    const response = await ask(await prove(nonce))
    expect(response.headers.get('cache-control')).toBe('no-store')
    const { payload, protectedHeader } = await credentialOf(response)
    expect(protectedHeader).toMatchObject({ kid: expect.any(String), alg: expect.any(String) })
    const { iat, nbf, exp, sub } = payload
    expect(payload).toEqual({
      iss: ISSUER,
      sub: expect.stringMatching(/^did:jwk:[\w-]+$/),
      jti: expect.any(String),
      iat: expect.any(Number),
      nbf: expect.any(Number),
      exp: Number(nbf) + HOUR,
      vc: {
        '@context': ['https://www.w3.org/2018/credentials/v1'],
        type: ['VerifiableCredential', 'UserInfoCredential'],
        credentialSubject: { id: sub, sub: 'alice', email: 'a@example.test' },
      },
    })
    expect(Number(nbf)).toBeLessThanOrEqual(Number(iat))
    expect(Number(exp)).toBeGreaterThan(now())
    const named = fromBase64url(String(sub).slice('did:jwk:'.length)) ?? new Uint8Array()
    expect(new TextDecoder().decode(named)).toBe(JSON.stringify(holder.jwk))
  })

  it('may use its nonce again, and only public members of its key are named', async () => {
    const nonce = await primeFor()
    const header = { jwk: { ...holder.jwk, kid: 'k1', ext: true, key_ops: ['verify'], note: 'x' } }
    for (const changes of [{}, { header }]) {
      const { payload } = await credentialOf(await ask(await prove(nonce, changes)))
      const named = fromBase64url(String(payload.sub).slice('did:jwk:'.length)) ?? new Uint8Array()
      const kid = changes.header === undefined ? {} : { kid: 'k1' }
      expect(JSON.parse(new TextDecoder().decode(named))).toEqual({ ...holder.jwk, ...kid })
    }
  })

  it.each<[string, ProofChanges]>([
    ['nothing but its nonce', { payload: { aud: undefined, iat: undefined }, header: { typ: undefined } }],
    ['the type JWT', { header: { typ: 'JWT' } }],
    ['a media type', { header: { typ: 'application/openid4vci-proof+jwt' } }],
    ['several audiences', { payload: { aud: ['https://a.example', `${ISSUER}/`] } }],
    ['a clock that runs ahead', { payload: { iat: now() + 50 } }],
  ])('may have %s', async (_what, changes) => {
    await credentialOf(await ask(await prove(await primeFor(), changes)))
  })

  it.each(['PS256', 'RS256', 'ES256', 'PS384', 'RS384', 'ES384', 'PS512', 'RS512', 'ES512', 'EdDSA'])(
    'may be signed by %s, as discovery says',
    async (alg) => {
      const discovery = await bodyOf(await deployment.fetch('/.well-known/openid-configuration'))
      expect(discovery['credentials_supported_draft_00']).toEqual([
        expect.objectContaining({ cryptographic_suites_supported: expect.arrayContaining([alg]) }),
      ])
      const signer = await makeHolder(alg)
      await credentialOf(await ask(await prove(await primeFor(), { signer })))
    },
  )

  it('after an hour of refreshing gives a credential that still counts', async () => {
    const first = await logIn(deployment, client)
    vi.useFakeTimers({ toFake: ['Date'] })
    vi.setSystemTime(Date.now() + 2 * HOUR * 1000)
    const next = await bodyOf(await refresh(deployment, client, first.refresh_token))
    const token = String(next['access_token'])
    const body = await bodyOf(await ask(await prove(await primeFor(token)), token))
    const { nbf, exp } = decodeJwt(String(body['credential_draft_00']))
    expect([Number(nbf) <= now(), Number(exp) - Number(nbf)]).toEqual([true, HOUR])
    expect(Number(exp)).toBeGreaterThan(now())
  })

  it('costs one question to the ledger and no write; a forged token costs nothing', async () => {
    const counted = countCalls(testEnv())
    const own = new Deployment(counted.env)
    const jwt = await prove(await primeFor(accessToken, own))
    await ask(jwt, accessToken, own)
    counted.reset()
    expect((await ask(jwt, accessToken, own)).status).toBe(200)
    expect(counted.counts).toEqual({ d1: 0, kv: 0, ledger: 1 })
    expect((await ask(jwt, `${accessToken.slice(0, -2)}AA`, own)).status).toBe(401)
    expect(counted.counts).toEqual({ d1: 0, kv: 0, ledger: 1 })
  })
})

describe('a bad proof is invalid_request', () => {
  const flaws: readonly [string, (nonce: string) => Promise<unknown> | unknown][] = [
    ['is no text', () => 5],
    ['is missing', () => undefined],
    ['is no JWT', () => 'a.b.c'],
    ['is not signed', async (nonce) => `${(await prove(nonce)).split('.').slice(0, 2).join('.')}.`],
    ['has a foreign signature', async (nonce) => prove(nonce, { header: { jwk: (await other()).jwk } })],
    ['has no key', (nonce) => prove(nonce, { header: { jwk: undefined } })],
    ['has a key that is text', (nonce) => prove(nonce, { header: { jwk: 'x' } })],
    ['has a private key', (nonce) => prove(nonce, { header: { jwk: holder.secret } })],
    ['has a symmetric key', symmetric],
    ['has no nonce', (nonce) => prove(nonce, { payload: { nonce: undefined } })],
    ['has a nonce that is no text', (nonce) => prove(nonce, { payload: { nonce: 5 } })],
    ['has a forged nonce', (nonce) => prove(nonce, { payload: { nonce: `${nonce.slice(0, -2)}AA` } })],
    ['has an access token for a nonce', (nonce) => prove(nonce, { payload: { nonce: accessToken } })],
    ['has the nonce of another token', async () => prove(await primeFor(await otherToken()))],
    ['has expired', (nonce) => prove(nonce, { payload: { exp: now() - 1 } })],
    ['is for another issuer', (nonce) => prove(nonce, { payload: { aud: 'https://other.example' } })],
    ['is for others', (nonce) => prove(nonce, { payload: { aud: ['https://a.example', `${ISSUER}/x`] } })],
    ['has an audience that is no text', (nonce) => prove(nonce, { payload: { aud: 5 } })],
    ['is of another type', (nonce) => prove(nonce, { header: { typ: 'dpop+jwt' } })],
    ['has a type that is no text', (nonce) => prove(nonce, { header: { typ: 5 as never } })],
    ['is from 1970', (nonce) => prove(nonce, { payload: { iat: 1 } })],
    ['is from before its nonce', (nonce) => prove(nonce, { payload: { iat: now() - HOUR - 61 } })],
    ['is from the future', (nonce) => prove(nonce, { payload: { iat: now() + 120 } })],
    ['has a time that is no number', (nonce) => prove(nonce, { payload: { iat: 'now' as never } })],
    ['is too long', (nonce) => prove(nonce, { payload: { note: 'x'.repeat(20_000) } })],
  ]

  const other = (): Promise<Holder> => makeHolder('ES256')
  const otherToken = async (): Promise<string> => (await logIn(deployment, client)).access_token

  function symmetric(nonce: string): Promise<string> {
    const k = new Uint8Array(32)
    const jwk = { kty: 'oct', k: 'AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA' }
    return new SignJWT({ nonce }).setProtectedHeader({ alg: 'HS256', jwk }).sign(k)
  }

  it.each(flaws)('%s', async (_name, jwt) => {
    expect(await outcome(await ask(await jwt(await primeFor())))).toEqual(INVALID)
  })

  it('has an expired nonce', async () => {
    const own = new Deployment(testEnv({ TTL_VC_NONCE: '5m' }))
    const jwt = await prove(await primeFor(accessToken, own))
    vi.useFakeTimers({ toFake: ['Date'] })
    vi.setSystemTime(Date.now() + 299_000)
    expect((await ask(jwt, accessToken, own)).status).toBe(200)
    vi.setSystemTime(Date.now() + 1000)
    expect(await outcome(await ask(jwt, accessToken, own))).toEqual(INVALID)
  })

  it.each([
    '',
    'x',
    '[]',
    '5',
    '{}',
    { format: 'jwt_vc' },
    { format: 'ldp_vc', proof: {} },
    { format: FORMAT, proof: 'x' },
    { format: FORMAT, proof: {} },
    { format: FORMAT, proof: { jwt: 'x' } },
    { format: FORMAT, proof: { proof_type: 'cwt', jwt: 'x' } },
  ])('the body %j', async (body) => {
    expect(await outcome(await post(body))).toEqual(INVALID)
  })
})

describe('the access token', () => {
  const UNAUTHORIZED = [401, 'request_unauthorized', expect.stringMatching(/^Bearer (?:realm|error)="/)]
  const refusalOf = async (response: Response) => [
    ...(await outcome(response)),
    response.headers.get('www-authenticate'),
  ]

  it('must be there, ours, active and no refresh token', async () => {
    const tokens = await logIn(deployment, client)
    await revoke(deployment, client, tokens.access_token)
    const fresh = await logIn(deployment, client)
    for (const token of [null, 'x', tokens.access_token, fresh.refresh_token])
      expect(await refusalOf(await post({ format: FORMAT }, token))).toEqual(UNAUTHORIZED)
    vi.useFakeTimers({ toFake: ['Date'] })
    vi.setSystemTime(Date.now() + HOUR * 1000)
    expect(await refusalOf(await post({ format: FORMAT }, fresh.access_token))).toEqual(UNAUTHORIZED)
  })

  it('is not looked for in the body, whatever its type says', async () => {
    const response = await deployment.form(PATH, { access_token: accessToken, format: FORMAT })
    expect(await refusalOf(response)).toEqual(UNAUTHORIZED)
    const typed = await deployment.fetch(PATH, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${accessToken}`,
        'content-type': 'application/x-www-form-urlencoded',
      },
      body: JSON.stringify({ format: FORMAT }),
    })
    expect(await outcome(typed)).toEqual([400, 'missing_proof'])
  })

  it('may be a JWT, and may be without any scope', async () => {
    const jwt = await registerClient(deployment, { access_token_strategy: 'jwt' })
    const { access_token } = await logIn(deployment, jwt, { consent: { grant_scope: [] } })
    const { payload } = await credentialOf(await ask(await prove(await primeFor(access_token)), access_token))
    expect(payload).toMatchObject({ vc: { credentialSubject: { sub: 'alice' } } })
  })

  it("may be a client's own, or that of an assertion", async () => {
    const own = await registerClient(deployment, {
      grant_types: ['client_credentials', JWT_BEARER],
      scope: 'openid',
    })
    const [key, iss] = [await makeKey(), `https://issuer.example/${crypto.randomUUID()}`]
    await trust(deployment, key, iss)
    const assertion = await signAssertion(key, { iss, sub: 'alice' })
    for (const [form, sub] of [
      [{ grant_type: 'client_credentials' }, own.id],
      [{ grant_type: JWT_BEARER, assertion }, 'alice'],
    ] as const) {
      const token = String((await bodyOf(await tokenRequest(deployment, own, form)))['access_token'])
      const { payload } = await credentialOf(await ask(await prove(await primeFor(token)), token))
      expect(payload).toMatchObject({ vc: { credentialSubject: { sub } } })
    }
  })
})

describe('a token response', () => {
  const scoped = () => registerClient(deployment, { scope: `openid offline_access ${SCOPE}` })

  it('brings the first nonce where both scopes were granted, at each refresh too', async () => {
    const own = await scoped()
    const first = await logIn(deployment, own, {
      request: { scope: `openid offline_access ${SCOPE}` },
      consent: { grant_scope: ['openid', 'offline_access', SCOPE] },
    })
    expect(first).toMatchObject({
      c_nonce_draft_00: expect.any(String),
      c_nonce_expires_in_draft_00: HOUR,
    })
    const nonce = String(Reflect.get(first, 'c_nonce_draft_00'))
    await credentialOf(await ask(await prove(nonce), first.access_token))
    const next = await bodyOf(await refresh(deployment, own, first.refresh_token))
    const renewed = await prove(String(next['c_nonce_draft_00']))
    await credentialOf(await ask(renewed, String(next['access_token'])))
  })

  it('brings it to a client of its own too, and to nobody without both scopes', async () => {
    const own = await scoped()
    const answers = await Promise.all(
      [`openid ${SCOPE}`, SCOPE, 'openid'].map(async (scope) =>
        bodyOf(await tokenRequest(deployment, own, { grant_type: 'client_credentials', scope })),
      ),
    )
    expect(answers.map((body) => 'c_nonce_draft_00' in body)).toEqual([true, false, false])
    expect(answers.map((body) => 'c_nonce_expires_in_draft_00' in body)).toEqual([true, false, false])
  })
})
