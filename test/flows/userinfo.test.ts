import { createLocalJWKSet, jwtVerify } from 'jose'
import { describe, expect, it, vi } from 'vitest'
import { bodyOf, Deployment, ISSUER, testEnv } from '../support/deployment.ts'
import { logIn, registerClient, tokenRequest } from '../support/relying-party.ts'

const deployment = new Deployment()

const userinfo = (token: string): Promise<Response> =>
  deployment.fetch('/userinfo', { headers: { authorization: `Bearer ${token}` } })

describe('userinfo (contract 1.3.5)', () => {
  const idToken = {
    email: 'a@example.test',
    nonce: 'x',
    sid: 'y',
    exp: 1,
    at_hash: 'z',
    sub: 'evil',
    iss: 'evil',
  }

  it('tells the session claims, never nonce, at_hash, exp, sid or jti, and standard ones win', async () => {
    const client = await registerClient(deployment)
    const { access_token } = await logIn(deployment, client, {
      login: { acr: 'aal2', amr: ['pwd', 'otp'] },
      consent: { session: { id_token: idToken } },
    })
    const response = await userinfo(access_token)
    expect(response.headers.get('content-type')).toBe('application/json; charset=utf-8')
    expect(await bodyOf(response)).toEqual({
      sub: 'alice',
      iss: ISSUER,
      aud: [client.id],
      iat: expect.any(Number),
      rat: expect.any(Number),
      auth_time: expect.any(Number),
      acr: 'aal2',
      amr: ['pwd', 'otp'],
      email: 'a@example.test',
    })
  })

  it('takes the token from header, form or query, and works without openid', async () => {
    const client = await registerClient(deployment)
    const { access_token } = await logIn(deployment, client, { consent: { grant_scope: [] } })
    const answers = [
      await userinfo(access_token),
      await userinfo(access_token.replace('ory_at_', '')),
      await deployment.form('/userinfo', { access_token }),
      await deployment.fetch(`/userinfo?access_token=${access_token}`),
      await deployment.fetch('/userinfo', {
        method: 'POST',
        headers: { authorization: `Bearer ${access_token}` },
      }),
    ]
    for (const answer of answers) expect(await bodyOf(answer)).toMatchObject({ sub: 'alice' })
  })

  it('is signed for clients that registered for it', async () => {
    const client = await registerClient(deployment, { userinfo_signed_response_alg: 'RS256' })
    const response = await userinfo((await logIn(deployment, client)).access_token)
    expect(response.headers.get('content-type')).toBe('application/jwt')
    const jwks = await (await deployment.fetch('/.well-known/jwks.json')).json<{ keys: [] }>()
    const { payload } = await jwtVerify(await response.text(), createLocalJWKSet(jwks), {
      audience: client.id,
    })
    expect(payload).toMatchObject({ sub: 'alice', iss: ISSUER, jti: expect.any(String) })
  })

  it("knows nobody by a client's own token", async () => {
    const client = await registerClient(deployment)
    const token = await bodyOf(await tokenRequest(deployment, client, { grant_type: 'client_credentials' }))
    expect(Object.keys(await bodyOf(await userinfo(String(token['access_token'])))).sort()).toEqual([
      'aud',
      'iat',
      'iss',
    ])
  })

  it("refuses a client's own token where claims follow OpenID Connect", async () => {
    const strict = new Deployment(testEnv({ OIDC_CLAIMS_BY_SCOPE: 'true' }))
    const client = await registerClient(strict)
    const fields = { grant_type: 'client_credentials', scope: 'openid' }
    const own = await bodyOf(await tokenRequest(strict, client, fields))
    const headers = { authorization: `Bearer ${own['access_token']}` }
    const response = await strict.fetch('/userinfo', { headers })
    expect(response.status).toBe(403)
    expect(response.headers.get('www-authenticate')).toMatch(/^Bearer error="insufficient_scope",error_desc/)
    expect(await bodyOf(response)).toMatchObject({ error: 'insufficient_scope' })
    const { access_token } = await logIn(strict, client, { consent: { grant_scope: [] } })
    expect(await bodyOf(await userinfo(access_token))).toMatchObject({ sub: 'alice' })
  })

  it('answers 401 for a refresh token, an expired token and none', async () => {
    const client = await registerClient(deployment)
    const tokens = await logIn(deployment, client)
    const cases: readonly [Response, string][] = [
      [await userinfo(tokens.refresh_token), 'request_unauthorized'],
      [await deployment.fetch('/userinfo?access_token=none'), 'request_unauthorized'],
    ]
    for (const [response, error] of cases) {
      expect([response.status, (await bodyOf(response))['error']]).toEqual([401, error])
      expect(response.headers.get('www-authenticate')).toContain(
        `Bearer error="${error}",error_description="`,
      )
    }
    const none = await deployment.fetch('/userinfo')
    expect([none.status, (await bodyOf(none))['error']]).toEqual([401, 'request_unauthorized'])
    expect(none.headers.get('www-authenticate')).toBe('Bearer realm="oauth2"')
    vi.useFakeTimers({ toFake: ['Date'] })
    vi.setSystemTime(Date.now() + 3601_000)
    const expired = await userinfo(tokens.access_token)
    expect([expired.status, (await bodyOf(expired))['error']]).toEqual([401, 'invalid_token'])
    vi.useRealTimers()
  })
})

describe('lifespans (contract 2.1, 4.1)', () => {
  it("are the client's own where it has them", async () => {
    const client = await registerClient(deployment, {
      authorization_code_grant_access_token_lifespan: '5m',
      client_credentials_grant_access_token_lifespan: '90s',
      access_token_strategy: 'jwt',
    })
    expect((await logIn(deployment, client)).expires_in).toBeCloseTo(300, -1)
    const own = await bodyOf(await tokenRequest(deployment, client, { grant_type: 'client_credentials' }))
    expect(own['expires_in']).toBe(90)
  })

  it('are the configured ones otherwise, and refresh tokens may live for ever', async () => {
    const settings = { TTL_ACCESS_TOKEN: '7m', TTL_REFRESH_TOKEN: '-1' }
    const configured = new Deployment(testEnv(settings))
    const tokens = await logIn(configured, await registerClient(configured))
    expect(tokens.expires_in).toBeCloseTo(420, -1)
    const active = await configured.introspect(tokens.refresh_token)
    expect(active).toMatchObject({ active: true, token_use: 'refresh_token' })
    expect(active).not.toHaveProperty('exp')
  })
})
