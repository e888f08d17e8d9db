import { createLocalJWKSet, jwtVerify } from 'jose'
import { describe, expect, it } from 'vitest'
import { tokenHash } from '../../src/tokens/id-token.ts'
import { Browser, bodyOf, Deployment, ISSUER, testEnv } from '../support/deployment.ts'
import {
  authorizationPath,
  authorizeAt,
  LoginApp,
  logIn,
  parameter,
  REDIRECT_URI,
  redeem,
  refresh,
  registerClient,
  revoke,
} from '../support/relying-party.ts'

const strategies = ['opaque', 'jwt'] as const

describe.each(strategies)('a whole login, %s access tokens', (access_token_strategy) => {
  const deployment = new Deployment()

  it('ends with tokens that verify, introspect, refresh, revoke', async () => {
    const client = await registerClient(deployment, { access_token_strategy })
    const tokens = await logIn(deployment, client, {
      login: { acr: 'aal1', amr: ['pwd'] },
      consent: { session: { access_token: { role: 'admin' }, id_token: { email: 'a@example.test' } } },
    })
    expect(tokens).toMatchObject({
      token_type: 'bearer',
      scope: 'openid offline_access',
      expires_in: expect.closeTo(3600, -1),
    })
    const jwks = await (await deployment.fetch('/.well-known/jwks.json')).json<{ keys: [] }>()
    const { payload } = await jwtVerify(tokens.id_token, createLocalJWKSet(jwks), {
      issuer: ISSUER,
      audience: client.id,
    })
    expect(payload).toMatchObject({
      sub: 'alice',
      nonce: 'nonce-0123456789',
      acr: 'aal1',
      amr: ['pwd'],
      email: 'a@example.test',
    })
    expect(payload['at_hash']).toBe(tokenHash('RS256', tokens.access_token))
    expect(payload['sid']).toMatch(/^[0-9a-f-]{36}$/)

    const active = await deployment.introspect(tokens.access_token)
    expect(active).toMatchObject({
      active: true,
      client_id: client.id,
      sub: 'alice',
      scope: 'openid offline_access',
      token_type: 'Bearer',
      token_use: 'access_token',
      iss: ISSUER,
      aud: [],
      ext: { role: 'admin' },
    })
    const userinfo = await deployment.fetch('/userinfo', {
      headers: { authorization: `Bearer ${tokens.access_token}` },
    })
    expect(await bodyOf(userinfo)).toMatchObject({ sub: 'alice', email: 'a@example.test', aud: [client.id] })

    const refreshed = await bodyOf(await refresh(deployment, client, tokens.refresh_token))
    expect(refreshed).toMatchObject({ scope: 'openid offline_access' })
    expect(refreshed['refresh_token']).not.toBe(tokens.refresh_token)
    const revoked = await revoke(deployment, client, String(refreshed['refresh_token']))
    expect([revoked.status, await revoked.text()]).toEqual([200, ''])
    for (const token of [refreshed['access_token'], refreshed['refresh_token'], tokens.access_token]) {
      expect(await deployment.introspect(String(token))).toEqual({ active: false })
    }
    const dead = await deployment.fetch('/userinfo', {
      headers: { authorization: `Bearer ${refreshed['access_token']}` },
    })
    expect(dead.status).toBe(401)
    expect(dead.headers.get('www-authenticate')).toMatch(
      /^Bearer error="request_unauthorized",error_description="/,
    )
  })

  it('revokes what a code gave when it is redeemed again', async () => {
    const client = await registerClient(deployment, { access_token_strategy })
    const callback = await authorizeAt(deployment, client)
    const code = parameter(callback, 'code')
    const tokens = await bodyOf(await redeem(deployment, client, code))
    const second = await redeem(deployment, client, code)
    expect(second.status).toBe(400)
    expect(await bodyOf(second)).toMatchObject({ error: 'invalid_grant' })
    expect(await deployment.introspect(String(tokens['access_token']))).toEqual({ active: false })
    expect((await refresh(deployment, client, String(tokens['refresh_token']))).status).toBe(400)
  })
})

describe('the redirects of a login', () => {
  const deployment = new Deployment()

  it('has 302 between our hops, 303 to the client, and short addresses', async () => {
    const client = await registerClient(deployment)
    const browser = new Browser(deployment)
    const app = new LoginApp(deployment)
    const first = await browser.visit(authorizationPath(client))
    expect(first.status).toBe(302)
    const challenge = parameter(new URL(first.headers.get('location') ?? '', ISSUER), 'login_challenge')
    expect(challenge.length).toBeLessThan(800)
    const request = await bodyOf(await app.get('login', challenge))
    expect(request).toMatchObject({
      challenge,
      skip: false,
      subject: '',
      requested_scope: ['openid', 'offline_access'],
      requested_access_token_audience: [],
      oidc_context: {},
      client: { client_id: client.id },
      request_url: `${ISSUER}${authorizationPath(client)}`,
    })
    const context = { large: 'x'.repeat(60_000) }
    const afterLogin = await app.decide('login', 'accept', challenge, { subject: 'bob', context })
    expect(afterLogin.length).toBeLessThan(2000)
    const second = await browser.visit(afterLogin)
    expect(second.status).toBe(302)
    const atConsent = new URL(second.headers.get('location') ?? '', ISSUER)
    expect(atConsent.href.length).toBeLessThan(2000)
    const consentChallenge = parameter(atConsent, 'consent_challenge')
    const consent = await bodyOf(await app.get('consent', consentChallenge))
    expect(consent).toMatchObject({
      subject: 'bob',
      context,
      skip: false,
      login_session_id: request['session_id'],
    })
    const session = { id_token: { big: 'y'.repeat(60_000) } }
    const afterConsent = await app.decide('consent', 'accept', consentChallenge, {
      grant_scope: ['openid'],
      session,
    })
    expect(afterConsent.length).toBeLessThan(2000)
    const third = await browser.visit(afterConsent)
    expect(third.status).toBe(303)
    const callback = new URL(third.headers.get('location') ?? '')
    expect(callback.href.startsWith(REDIRECT_URI)).toBe(true)
    expect(Object.fromEntries(callback.searchParams)).toMatchObject({
      scope: 'openid',
      state: 'state-0123456789',
      iss: ISSUER,
    })
    expect(parameter(callback, 'code')).toMatch(/^ory_ac_[\w-]+\.[\w-]+$/)
  })

  it('keeps what was posted', async () => {
    const client = await registerClient(deployment)
    const browser = new Browser(deployment)
    const [path = '', query = ''] = authorizationPath(client, { login_hint: 'a@example.test' }).split('?')
    const atLogin = await browser.next(path, { method: 'POST', body: new URLSearchParams(query) })
    const request = await bodyOf(
      await new LoginApp(deployment).get('login', parameter(atLogin, 'login_challenge')),
    )
    expect(request).toMatchObject({ oidc_context: { login_hint: 'a@example.test' } })
    expect(String(request['request_url'])).toContain('state=state-0123456789')
  })

  it('is the same in another isolate', async () => {
    const client = await registerClient(deployment)
    const tokens = await logIn(deployment, client)
    const elsewhere = new Deployment(testEnv())
    expect(await elsewhere.introspect(tokens.access_token)).toMatchObject({ active: true })
    expect((await refresh(elsewhere, client, tokens.refresh_token)).status).toBe(200)
  })
})
