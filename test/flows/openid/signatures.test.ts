import { createHash } from 'node:crypto'
import { createLocalJWKSet, decodeProtectedHeader, jwtVerify } from 'jose'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { KEY_ALGORITHMS } from '../../../src/keys/material.ts'
import { toBase64url } from '../../../src/util/base64url.ts'
import { Browser, bodyOf, Deployment, ISSUER, testEnv } from '../../support/deployment.ts'
import {
  authorizeAt,
  LoginApp,
  parameter,
  redeem,
  refresh,
  registerClient,
  type TestClient,
} from '../../support/relying-party.ts'

const SET = 'hydra.openid.id-token'
const BACK = 'https://app.example/backchannel'

let deployment: Deployment
let told: string[]
/** ReadThroughCache of keys know when they were read, so the clock never goes back. */
let now = Date.now()

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date'], now })
  deployment = new Deployment()
  told = []
  vi.spyOn(globalThis, 'fetch').mockImplementation(async (input, init) => {
    const body = await new Request(input, init).text()
    told.push(new URLSearchParams(body).get('logout_token') ?? '')
    return new Response(null)
  })
})

afterEach(() => {
  vi.restoreAllMocks()
  vi.useRealTimers()
})

/** Adds a key of an algorithm and lets it be published long enough. */
async function addKey(alg: string): Promise<void> {
  await deployment.fetch('/.well-known/jwks.json')
  expect((await deployment.admin('POST', `/admin/keys/${SET}`, { alg })).status).toBe(201)
  now += 600_000
  vi.setSystemTime(now)
  deployment = new Deployment()
}

/** The hash that goes with each algorithm (OIDC Core section 3.1.3.6; Ed25519 hashes with SHA-512). */
const hashOf = (alg: string): string => (alg === 'EdDSA' ? 'sha512' : `sha${alg.slice(2)}`)

function leftHalf(alg: string, text: unknown): string {
  const digest = createHash(hashOf(alg)).update(String(text)).digest()
  return toBase64url(digest.subarray(0, digest.length / 2))
}

async function verified(jwt: unknown, alg: string, client: TestClient): Promise<Record<string, unknown>> {
  const jwks = createLocalJWKSet(await (await deployment.fetch('/.well-known/jwks.json')).json())
  const { payload, protectedHeader } = await jwtVerify(String(jwt), jwks, {
    issuer: ISSUER,
    audience: client.id,
    currentDate: new Date(),
  })
  expect(protectedHeader.alg).toBe(alg)
  return payload
}

describe.each(KEY_ALGORITHMS)('a client that asks for %s', (alg) => {
  it('gets ID tokens, their hashes, userinfo and logout tokens by it', async () => {
    await addKey(alg)
    const browser = new Browser(deployment)
    const subject = crypto.randomUUID()
    const client = await registerClient(deployment, {
      response_types: ['code id_token token'],
      grant_types: ['authorization_code', 'implicit', 'refresh_token'],
      id_token_signed_response_alg: alg,
      userinfo_signed_response_alg: alg,
      backchannel_logout_uri: BACK,
    })
    const at = await authorizeAt(deployment, client, {
      browser,
      request: { response_type: 'code id_token token' },
      login: { subject, remember: true },
    })
    const { code = '', ...front } = Object.fromEntries(new URLSearchParams(at.hash.slice(1)))
    const first = await verified(front['id_token'], alg, client)
    expect(first).toMatchObject({
      at_hash: leftHalf(alg, front['access_token']),
      c_hash: leftHalf(alg, code),
      s_hash: leftHalf(alg, 'state-0123456789'),
    })
    const tokens = await bodyOf(await redeem(deployment, client, code))
    const second = await verified(tokens['id_token'], alg, client)
    expect(second['at_hash']).toBe(leftHalf(alg, tokens['access_token']))
    const renewed = await bodyOf(await refresh(deployment, client, String(tokens['refresh_token'])))
    expect(await verified(renewed['id_token'], alg, client)).toMatchObject({
      at_hash: leftHalf(alg, renewed['access_token']),
    })
    const headers = { authorization: `Bearer ${renewed['access_token']}` }
    const info = await deployment.fetch('/userinfo', { headers })
    expect(info.headers.get('content-type')).toBe('application/jwt')
    expect(await verified(await info.text(), alg, client)).toMatchObject({ sub: subject })

    const query = new URLSearchParams({ id_token_hint: String(tokens['id_token']) })
    const atLogout = await browser.next(`/oauth2/sessions/logout?${query}`)
    const challenge = parameter(atLogout, 'logout_challenge')
    await browser.visit(await new LoginApp(deployment).decide('logout', 'accept', challenge))
    expect(told).toHaveLength(1)
    expect(decodeProtectedHeader(told[0] ?? '')).toMatchObject({ alg, typ: 'logout+jwt' })
    expect(await verified(told[0], alg, client)).toMatchObject({ sub: subject, sid: first['sid'] })
  })
})

describe('no signature', () => {
  it.each(['admin API', 'registration'])('is for userinfo only, by the %s', async (by) => {
    const path = by === 'registration' ? '/oauth2/register' : '/admin/clients'
    deployment = new Deployment(testEnv({ OIDC_DYNAMIC_CLIENT_REGISTRATION_ENABLED: 'true' }))
    const asked = (field: string): Promise<Response> => deployment.admin('POST', path, { [field]: 'none' })
    expect((await asked('userinfo_signed_response_alg')).status).toBe(201)
    const refused = await asked('id_token_signed_response_alg')
    expect([refused.status, (await bodyOf(refused))['error']]).toEqual([400, 'invalid_client_metadata'])
  })
})
