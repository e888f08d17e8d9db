import { createHash } from 'node:crypto'
import { createLocalJWKSet, jwtVerify } from 'jose'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { toBase64url } from '../../../src/util/base64url.ts'
import { Browser, bodyOf, Deployment, ISSUER } from '../../support/deployment.ts'
import {
  authorizationPath,
  authorizeAt,
  LoginApp,
  parameter,
  REDIRECT_URI,
  redeem,
  registerClient,
  type TestClient,
} from '../../support/relying-party.ts'

const ALL = [
  'code',
  'id_token',
  'token',
  'id_token token',
  'code id_token',
  'code token',
  'code id_token token',
]
const HYBRID = { response_types: ALL, grant_types: ['authorization_code', 'implicit', 'refresh_token'] }

let deployment: Deployment

beforeEach(() => {
  deployment = new Deployment()
})

afterEach(() => {
  vi.useRealTimers()
})

const fragmentOf = (url: URL): Record<string, string> =>
  Object.fromEntries(new URLSearchParams(url.hash.slice(1)))

async function verified(idToken: string, client: TestClient): Promise<Record<string, unknown>> {
  const jwks = createLocalJWKSet(await (await deployment.fetch('/.well-known/jwks.json')).json())
  return (await jwtVerify(idToken, jwks, { issuer: ISSUER, audience: client.id })).payload
}

const leftHalf = (text: string): string =>
  toBase64url(createHash('sha256').update(text).digest().subarray(0, 16))

const bearer = (token: string): RequestInit => ({ headers: { authorization: `Bearer ${token}` } })

describe.each(['opaque', 'jwt'])('with %s access tokens', (strategy) => {
  it.each(ALL.slice(1))(
    'response type %s is answered in the fragment, with tokens that hold together',
    async (type) => {
      const client = await registerClient(deployment, { ...HYBRID, access_token_strategy: strategy })
      const types = type.split(' ')
      const at = await authorizeAt(deployment, client, { request: { response_type: type } })
      const answer = fragmentOf(at)
      expect(at.search).toBe('')
      expect(answer).toMatchObject({ state: 'state-0123456789', iss: ISSUER, scope: 'openid offline_access' })
      expect(answer).not.toHaveProperty('refresh_token')
      expect('code' in answer).toBe(types.includes('code'))
      expect('access_token' in answer).toBe(types.includes('token'))
      expect('id_token' in answer).toBe(types.includes('id_token'))
      if (types.includes('token')) {
        expect(answer).toMatchObject({ token_type: 'bearer', expires_in: '3600' })
        expect(await deployment.introspect(answer['access_token'] ?? '')).toMatchObject({
          active: true,
          sub: 'alice',
        })
        const info = await bodyOf(await deployment.fetch('/userinfo', bearer(answer['access_token'] ?? '')))
        expect(info).toMatchObject({ sub: 'alice' })
      }
      if (types.includes('id_token')) {
        const claims = await verified(answer['id_token'] ?? '', client)
        expect(claims).toMatchObject({
          sub: 'alice',
          nonce: 'nonce-0123456789',
          s_hash: leftHalf('state-0123456789'),
        })
        expect(claims['at_hash']).toBe(
          types.includes('token') ? leftHalf(answer['access_token'] ?? '') : undefined,
        )
        expect(claims['c_hash']).toBe(types.includes('code') ? leftHalf(answer['code'] ?? '') : undefined)
      }
    },
  )
})

describe('hybrid flow', () => {
  it('redeems its code, after which the first access token lives on until the grant is revoked', async () => {
    const client = await registerClient(deployment, HYBRID)
    const request = { response_type: 'code token id_token' }
    const {
      code = '',
      access_token = '',
      id_token = '',
    } = fragmentOf(await authorizeAt(deployment, client, { request }))
    const tokens = await bodyOf(await redeem(deployment, client, code))
    const [first, second] = [
      await verified(id_token, client),
      await verified(String(tokens['id_token']), client),
    ]
    expect(second).toMatchObject({
      sub: first['sub'],
      iss: first['iss'],
      nonce: first['nonce'],
      sid: first['sid'],
    })
    expect(await deployment.introspect(access_token)).toMatchObject({ active: true })
    expect((await redeem(deployment, client, code)).status).toBe(400)
    expect(await deployment.introspect(access_token)).toEqual({ active: false })
  })

  it('keeps what it issued for as long as that lives, though the code runs out before', async () => {
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() })
    const client = await registerClient(deployment, {
      ...HYBRID,
      implicit_grant_access_token_lifespan: '10h',
    })
    const at = await authorizeAt(deployment, client, { request: { response_type: 'token' } })
    const { access_token = '', expires_in } = fragmentOf(at)
    expect(expires_in).toBe('36000')
    vi.setSystemTime(Date.now() + 35_000_000)
    expect(await deployment.introspect(access_token)).toMatchObject({ active: true })
    vi.setSystemTime(Date.now() + 1_100_000)
    expect(await deployment.introspect(access_token)).toEqual({ active: false })
  })

  it('gives the same tokens to the same verifier for a minute, then starts afresh', async () => {
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() })
    const client = await registerClient(deployment, HYBRID)
    const browser = new Browser(deployment)
    const app = new LoginApp(deployment)
    const atLogin = await browser.next(authorizationPath(client, { response_type: 'code token' }))
    const login = await app.decide('login', 'accept', parameter(atLogin, 'login_challenge'), {
      subject: 'alice',
    })
    const atConsent = await browser.next(login)
    const body = { grant_scope: ['openid'] }
    const verifier = await app.decide('consent', 'accept', parameter(atConsent, 'consent_challenge'), body)
    const first = fragmentOf(await browser.next(verifier))
    vi.setSystemTime(Date.now() + 30_000)
    const repeated = fragmentOf(await browser.next(verifier))
    expect(repeated).toEqual({ ...first, session_state: expect.any(String) })
    vi.setSystemTime(Date.now() + 60_000)
    const again = await browser.next(verifier)
    expect(again.pathname).toBe('/oauth2/auth')
    expect(parameter(again, 'response_type')).toBe('code token')
  })
})

describe('form post', () => {
  it.each(['code', 'code id_token', 'id_token token'])('posts the answer of %s', async (type) => {
    const client = await registerClient(deployment, HYBRID)
    const request = { response_type: type, response_mode: 'form_post' }
    const browser = new Browser(deployment)
    const app = new LoginApp(deployment)
    const atLogin = await browser.next(authorizationPath(client, request))
    const login = await app.decide('login', 'accept', parameter(atLogin, 'login_challenge'), {
      subject: 'alice',
    })
    const atConsent = await browser.next(login)
    const body = { grant_scope: ['openid'] }
    const page = await browser.visit(
      await app.decide('consent', 'accept', parameter(atConsent, 'consent_challenge'), body),
    )
    const text = await page.text()
    expect(page.status).toBe(200)
    expect(page.headers.get('cache-control')).toBe('no-store')
    const script = /<script>(.*)<\/script>/s.exec(text)?.[1] ?? ''
    const hash = createHash('sha256').update(script).digest('base64')
    expect(page.headers.get('content-security-policy')).toContain(`script-src 'sha256-${hash}'`)
    expect(text).toContain(`<form method="post" action="${REDIRECT_URI}"`)
    expect(text, 'for a browser without script').toContain('<button type="submit">Continue</button>')
    const names = [...text.matchAll(/type="hidden" name="(\w+)"/g)].map(([, name]) => name)
    for (const part of type.split(' ')) expect(names).toContain(part === 'token' ? 'access_token' : part)
    expect(names).toEqual(expect.arrayContaining(['state', 'iss']))
  })

  it('posts errors too, as text', async () => {
    const client = await registerClient(deployment, HYBRID)
    const changes = { response_mode: 'form_post', prompt: '<b>', state: '"><script>alert(1)</script>' }
    const text = await (await deployment.fetch(authorizationPath(client, changes))).text()
    expect(text).toContain('name="error" value="invalid_request"')
    expect(text).not.toContain('<script>alert')
  })
})

describe('refusals at the first hop', () => {
  it.each<[string, Record<string, unknown>, Record<string, string | undefined>, string]>([
    [
      'a type the client did not register',
      { response_types: ['code'] },
      { response_type: 'code id_token' },
      'unsupported_response_type',
    ],
    ['an unknown type', {}, { response_type: 'code device' }, 'unsupported_response_type'],
    [
      'a client without the implicit grant',
      { grant_types: ['authorization_code'] },
      { response_type: 'id_token' },
      'invalid_grant',
    ],
    [
      'a hybrid without the code grant',
      { grant_types: ['implicit'] },
      { response_type: 'code token' },
      'invalid_grant',
    ],
    ['an ID token without nonce', {}, { response_type: 'id_token', nonce: undefined }, 'invalid_request'],
    [
      'an ID token with a short nonce',
      {},
      { response_type: 'code id_token', nonce: 'short' },
      'insufficient_entropy',
    ],
    ['an ID token without openid', {}, { response_type: 'id_token', scope: 'email' }, 'invalid_scope'],
    [
      'a hybrid of a public client without PKCE',
      { token_endpoint_auth_method: 'none' },
      { response_type: 'code token', code_challenge: undefined, code_challenge_method: undefined },
      'invalid_request',
    ],
  ])('tells the client: %s', async (_, metadata, request, error) => {
    const client = await registerClient(deployment, { ...HYBRID, ...metadata })
    const at = await new Browser(deployment).next(authorizationPath(client, request))
    const front = /token/.test(request['response_type'] ?? '')
    const answer = front ? fragmentOf(at) : Object.fromEntries(at.searchParams)
    expect(`${at.origin}${at.pathname}`).toBe(REDIRECT_URI)
    expect(answer).toMatchObject({ error, state: 'state-0123456789', iss: ISSUER })
  })

  it('puts no token into a query, and says so there', async () => {
    const client = await registerClient(deployment, HYBRID)
    const changes = { response_type: 'code token', response_mode: 'query' }
    const at = await new Browser(deployment).next(authorizationPath(client, changes))
    expect(parameter(at, 'error')).toBe('unsupported_response_mode')
  })

  it('needs the user to grant openid before there is an ID token', async () => {
    const client = await registerClient(deployment, HYBRID)
    const consent = { grant_scope: ['email'] }
    const request = { response_type: 'id_token token', scope: 'openid email' }
    const at = await authorizeAt(deployment, client, { request, consent })
    expect(fragmentOf(at)).toMatchObject({ error: 'unsupported_response_type' })
  })

  it('implicit needs no PKCE', async () => {
    const client = await registerClient(deployment, { ...HYBRID, token_endpoint_auth_method: 'none' })
    const request = { response_type: 'id_token', code_challenge: undefined, code_challenge_method: undefined }
    expect(fragmentOf(await authorizeAt(deployment, client, { request }))).toHaveProperty('id_token')
  })
})
