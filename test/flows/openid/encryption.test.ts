import { compactDecrypt, createLocalJWKSet, exportJWK, generateKeyPair, type JWK, jwtVerify } from 'jose'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { Browser, bodyOf, Deployment, ISSUER, testEnv } from '../../support/deployment.ts'
import {
  authorizeAt,
  LoginApp,
  parameter,
  redeem,
  registerClient,
  type TestClient,
  tokenRequest,
} from '../../support/relying-party.ts'

const KEYS_AT = 'https://app.example/jwks.json'

/** Coordinates of the right length that are of no point on the curve. */
const OFF_CURVE = { kty: 'EC', crv: 'P-256', x: 'A'.repeat(43), y: `${'A'.repeat(42)}E`, use: 'enc' }

/** A key pair that something is encrypted to. */
interface Pair {
  readonly jwk: JWK
  readonly privateKey: CryptoKey
}

let deployment: Deployment

beforeEach(() => {
  deployment = new Deployment()
})

afterEach(() => {
  vi.restoreAllMocks()
  vi.useRealTimers()
})

async function makePair(alg: string, members: JWK = {}, crv = 'P-256'): Promise<Pair> {
  const { publicKey, privateKey } = await generateKeyPair(alg, { crv, extractable: true })
  const jwk = { ...(await exportJWK(publicKey)), kid: crypto.randomUUID(), use: 'enc', ...members }
  return { jwk, privateKey }
}

const register = (metadata: Readonly<Record<string, unknown>>): Promise<TestClient> =>
  registerClient(deployment, { response_types: ['code', 'id_token'], ...metadata })

/** Logs in and returns the token response. */
async function logIn(client: TestClient): Promise<Record<string, unknown>> {
  const at = await authorizeAt(deployment, client, { consent: { session: { id_token: { email: 'a@b.c' } } } })
  return bodyOf(await redeem(deployment, client, parameter(at, 'code')))
}

const userinfo = (token: unknown): Promise<Response> =>
  deployment.fetch('/userinfo', { headers: { authorization: `Bearer ${token}` } })

const open = async (pair: Pair, text: unknown): Promise<{ header: object; content: string }> => {
  const { plaintext, protectedHeader: header } = await compactDecrypt(String(text), pair.privateKey)
  return { header, content: new TextDecoder().decode(plaintext) }
}

/** The claims of a token signed by this server. */
async function verified(jwt: string): Promise<Record<string, unknown>> {
  const keys = await deployment.fetch('/.well-known/jwks.json')
  const { payload } = await jwtVerify(jwt, createLocalJWKSet(await keys.json()), { issuer: ISSUER })
  return payload
}

describe.each(['RSA-OAEP-256', 'ECDH-ES', 'ECDH-ES+A256KW'])('encryption to a key with %s', (alg) => {
  it.each(['A128CBC-HS256', 'A256GCM'])(
    'hides signed ID tokens and userinfo, the content with %s',
    async (enc) => {
      const pair = await makePair(alg)
      const client = await register({
        jwks: { keys: [pair.jwk] },
        id_token_encrypted_response_alg: alg,
        id_token_encrypted_response_enc: enc,
        userinfo_signed_response_alg: 'RS256',
        userinfo_encrypted_response_alg: alg,
        userinfo_encrypted_response_enc: enc,
      })
      const { id_token, access_token } = await logIn(client)
      const idToken = await open(pair, id_token)
      expect(idToken.header).toMatchObject({ alg, enc, cty: 'JWT', kid: pair.jwk.kid })
      expect(await verified(idToken.content)).toMatchObject({
        sub: 'alice',
        aud: [client.id],
        email: 'a@b.c',
      })
      const response = await userinfo(access_token)
      expect(response.headers.get('content-type')).toBe('application/jwt')
      const claims = await open(pair, await response.text())
      expect(claims.header).toMatchObject({ alg, enc, cty: 'JWT' })
      expect(await verified(claims.content)).toMatchObject({ sub: 'alice', email: 'a@b.c' })
    },
  )
})

describe('encryption for a client', () => {
  it('of unsigned userinfo holds the claims themselves, the content with A128CBC-HS256 unless told otherwise', async () => {
    const pair = await makePair('ECDH-ES', {}, 'X25519')
    const client = await register({ jwks: { keys: [pair.jwk] }, userinfo_encrypted_response_alg: 'ECDH-ES' })
    const { id_token, access_token } = await logIn(client)
    expect(await verified(String(id_token))).toMatchObject({ sub: 'alice' })
    const response = await userinfo(access_token)
    expect(response.headers.get('content-type')).toBe('application/jwt')
    const { header, content } = await open(pair, await response.text())
    expect(header).toMatchObject({ enc: 'A128CBC-HS256' })
    expect(header).not.toHaveProperty('cty')
    expect(JSON.parse(content)).toMatchObject({ sub: 'alice', email: 'a@b.c' })
  })

  it('takes the key that is for it', async () => {
    const alg = 'ECDH-ES'
    const right = await makePair(alg)
    const others = await Promise.all([
      makePair('RSA-OAEP-256'),
      makePair(alg, { use: 'sig' }),
      makePair(alg, { use: 'other' }),
      makePair(alg, { alg: 'ECDH-ES+A256KW' }),
      makePair(alg, { key_ops: ['verify'] }),
    ])
    const { use: _, ...unsaid } = (await makePair(alg)).jwk
    const keys = [...others.map(({ jwk }) => jwk), OFF_CURVE, unsaid, right.jwk]
    const client = await register({ jwks: { keys }, id_token_encrypted_response_alg: alg })
    const { id_token } = await logIn(client)
    expect((await open(right, id_token)).header).toMatchObject({ kid: right.jwk.kid })
  })

  it('tries 32 keys at most: a set of many bad ones costs no more', async () => {
    const tried = vi.spyOn(crypto.subtle, 'importKey')
    const metadata = {
      jwks: { keys: Array.from({ length: 100 }, () => OFF_CURVE) },
      id_token_encrypted_response_alg: 'ECDH-ES',
    }
    const refused = await deployment.admin('POST', '/clients', metadata)
    expect(refused.status).toBe(400)
    expect(tried.mock.calls.filter(([format]) => String(format) === 'jwk')).toHaveLength(32)
  })

  it('hides a client’s own userinfo as it hides a user’s', async () => {
    const pair = await makePair('ECDH-ES')
    const client = await register({ jwks: { keys: [pair.jwk] }, userinfo_encrypted_response_alg: 'ECDH-ES' })
    const own = await tokenRequest(deployment, client, { grant_type: 'client_credentials' })
    const response = await userinfo((await bodyOf(own))['access_token'])
    expect(JSON.parse((await open(pair, await response.text())).content)).toMatchObject({ aud: [client.id] })
  })

  it('hides ID tokens from the authorization endpoint too', async () => {
    const pair = await makePair('ECDH-ES')
    const client = await register({
      grant_types: ['implicit'],
      jwks: { keys: [pair.jwk] },
      id_token_encrypted_response_alg: 'ECDH-ES',
    })
    const at = await authorizeAt(deployment, client, {
      request: { response_type: 'id_token', scope: 'openid' },
    })
    const token = new URLSearchParams(at.hash.slice(1)).get('id_token')
    expect(await verified((await open(pair, token)).content)).toMatchObject({ sub: 'alice' })
  })

  it('hides logout tokens as it hides ID tokens', async () => {
    const subject = `user-${crypto.randomUUID()}`
    const pair = await makePair('RSA-OAEP-256')
    const client = await register({
      jwks: { keys: [pair.jwk] },
      id_token_encrypted_response_alg: 'RSA-OAEP-256',
      backchannel_logout_uri: 'https://app.example/backchannel',
    })
    const browser = new Browser(deployment)
    const at = await authorizeAt(deployment, client, { browser, login: { subject, remember: true } })
    expect((await redeem(deployment, client, parameter(at, 'code'))).status).toBe(200)
    const bodies: string[] = []
    vi.spyOn(globalThis, 'fetch').mockImplementation(async (input, init) => {
      bodies.push(await new Request(input, init).text())
      return new Response(null)
    })
    const atLogout = await browser.next('/oauth2/sessions/logout')
    const challenge = parameter(atLogout, 'logout_challenge')
    await browser.visit(await new LoginApp(deployment).decide('logout', 'accept', challenge))
    const token = new URLSearchParams(bodies[0]).get('logout_token')
    const { header, content } = await open(pair, token)
    expect(header).toMatchObject({ alg: 'RSA-OAEP-256', cty: 'JWT' })
    expect(await verified(content)).toMatchObject({ sub: subject, aud: [client.id] })
  })
})

describe('keys at a jwks_uri', () => {
  const alg = 'RSA-OAEP-256'
  let answer: () => Response
  let keys: readonly JWK[]

  beforeEach(() => {
    answer = () => Response.json({ keys })
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() })
    vi.spyOn(globalThis, 'fetch').mockImplementation(async (input) => {
      if (new Request(input).url === KEYS_AT) return answer()
      // The hook takes its time, and by then the client's keys are old and gone.
      pass(70)
      answer = () => new Response('Closed for today', { status: 404 })
      return new Response(null, { status: 204 })
    })
  })

  const pass = (seconds: number): void => {
    vi.setSystemTime(Date.now() + seconds * 1000)
  }

  it('are asked anew when none of the known ones fits, and a code waits for one that does', async () => {
    keys = [(await makePair('ECDH-ES')).jwk]
    const client = await register({ jwks_uri: KEYS_AT, id_token_encrypted_response_alg: alg })
    const code = parameter(await authorizeAt(deployment, client), 'code')
    const refused = await redeem(deployment, client, code)
    expect(refused.status).toBe(400)
    expect(await bodyOf(refused)).toMatchObject({
      error: 'invalid_client_metadata',
      error_description: expect.stringContaining(`has no working key to encrypt to with ${alg}`),
    })
    const pair = await makePair(alg)
    keys = [...keys, pair.jwk]
    pass(6)
    const tokens = await redeem(deployment, client, code)
    expect(tokens.status).toBe(200)
    expect((await open(pair, (await bodyOf(tokens))['id_token'])).content).toContain('.')
  })

  it('are not asked again once a code is spent', async () => {
    deployment = new Deployment(testEnv({ OAUTH2_TOKEN_HOOK: 'https://hook.example/' }))
    const pair = await makePair(alg)
    keys = [pair.jwk]
    const client = await register({ jwks_uri: KEYS_AT, id_token_encrypted_response_alg: alg })
    expect((await open(pair, (await logIn(client))['id_token'])).header).toMatchObject({ alg })
  })

  it.each([
    [404, 'invalid_client_metadata'],
    [302, 'invalid_client_metadata'],
    [500, 'temporarily_unavailable'],
  ])('that cannot be had are an error that reaches the client: %i', async (status, error) => {
    answer = () => new Response('Closed for today', { status })
    const client = await register({
      grant_types: ['implicit'],
      jwks_uri: KEYS_AT,
      id_token_encrypted_response_alg: alg,
    })
    const at = await authorizeAt(deployment, client, {
      request: { response_type: 'id_token', scope: 'openid' },
    })
    const answered = new URLSearchParams(at.hash.slice(1))
    expect([answered.get('error'), answered.get('state')]).toEqual([error, 'state-0123456789'])
  })

  it('that cannot be had do not make an access token a bad one', async () => {
    const client = await register({ jwks_uri: KEYS_AT, userinfo_encrypted_response_alg: alg })
    const { access_token } = await logIn(client)
    answer = () => new Response('Closed for today', { status: 404 })
    const response = await userinfo(access_token)
    expect([response.status, (await bodyOf(response))['error']]).toEqual([400, 'invalid_client_metadata'])
    expect(response.headers.has('www-authenticate')).toBe(false)
  })
})

describe('registration of encryption', () => {
  it.each([
    [{ id_token_encrypted_response_alg: 'ECDH-ES' }, "'id_token_encrypted_response_alg' needs a working key"],
    [{ id_token_encrypted_response_alg: 'ECDH-ES', jwks: { keys: [OFF_CURVE] } }, 'needs a working key'],
    [{ userinfo_encrypted_response_enc: 'A256GCM' }, "needs 'userinfo_encrypted_response_alg'"],
    [
      { id_token_encrypted_response_alg: 'RSA1_5', jwks_uri: KEYS_AT },
      'must be one of RSA-OAEP-256, ECDH-ES, ECDH-ES+A256KW',
    ],
    [
      { id_token_encrypted_response_alg: 'dir', jwks_uri: KEYS_AT },
      'must be one of RSA-OAEP-256, ECDH-ES, ECDH-ES+A256KW',
    ],
  ])('%j is refused', async (metadata, reason) => {
    const response = await deployment.admin('POST', '/admin/clients', metadata)
    expect(response.status).toBe(400)
    const body = await bodyOf(response)
    expect(body['error']).toBe('invalid_client_metadata')
    expect(body['error_description']).toContain(reason)
  })

  it('is returned as it was given, and discovery names what can be asked for', async () => {
    const asked = {
      jwks_uri: KEYS_AT,
      id_token_encrypted_response_alg: 'ECDH-ES',
      userinfo_encrypted_response_alg: 'RSA-OAEP-256',
      userinfo_encrypted_response_enc: 'A256GCM',
    }
    const { id } = await register(asked)
    expect(await bodyOf(await deployment.admin('GET', `/admin/clients/${id}`))).toMatchObject(asked)
    const algorithms = ['RSA-OAEP-256', 'ECDH-ES', 'ECDH-ES+A256KW']
    const contents = ['A128CBC-HS256', 'A256GCM']
    expect(await bodyOf(await deployment.fetch('/.well-known/openid-configuration'))).toMatchObject({
      id_token_encryption_alg_values_supported: algorithms,
      id_token_encryption_enc_values_supported: contents,
      userinfo_encryption_alg_values_supported: algorithms,
      userinfo_encryption_enc_values_supported: contents,
    })
  })
})
