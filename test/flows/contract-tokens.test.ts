import { createLocalJWKSet, decodeJwt, jwtVerify } from 'jose'
import { describe, expect, it } from 'vitest'
import { Browser, bodyOf, Deployment, ISSUER, testEnv } from '../support/deployment.ts'
import { approve, enterCode, poll, registerDeviceClient, startDevice } from '../support/device.ts'
import {
  authorizationPath,
  LoginApp,
  logIn,
  parameter,
  redeem,
  refresh,
  registerClient,
  revoke,
  type TestClient,
  type Tokens,
  tokenRequest,
} from '../support/relying-party.ts'

const deployment = new Deployment()
const app = new LoginApp(deployment)
const SUBJECT = 'foo@bar.com'
const login = { subject: SUBJECT }

/** Which tokens come for which granted scopes, by code or device. */
const matrix: readonly (readonly [readonly string[], readonly string[]])[] = [
  [
    ['offline_access', 'openid'],
    ['access_token', 'id_token', 'refresh_token'],
  ],
  [['offline_access'], ['access_token', 'refresh_token']],
  [['offline'], ['access_token', 'refresh_token']],
  [['openid'], ['access_token', 'id_token']],
  [[], ['access_token']],
]

const issued = (tokens: object): readonly string[] =>
  Object.keys(tokens)
    .filter((name) => name.endsWith('_token'))
    .sort()

const userinfo = (token: string): Promise<Response> =>
  deployment.fetch('/userinfo', { headers: { authorization: `Bearer ${token}` } })

const verify = async (token: string) => {
  const jwks = await (await deployment.fetch('/.well-known/jwks.json')).json<{ keys: [] }>()
  return jwtVerify(token, createLocalJWKSet(jwks), { issuer: ISSUER })
}

/** What the consent app is told of the client, and the address of the hop after its yes. */
async function consentTo(browser: Browser, atLogin: URL, grant_scope: readonly string[]) {
  const afterLogin = await app.decide('login', 'accept', parameter(atLogin, 'login_challenge'), login)
  const challenge = parameter(await browser.next(afterLogin), 'consent_challenge')
  const request = await bodyOf(await app.get('consent', challenge))
  return {
    client: request['client'],
    next: await app.decide('consent', 'accept', challenge, { grant_scope }),
  }
}

describe.each(['opaque', 'jwt'])('%s access tokens (contract 6)', (access_token_strategy) => {
  const register = (metadata: object = {}): Promise<TestClient> =>
    registerClient(deployment, { access_token_strategy, ...metadata })
  const registerDevice = (metadata: object = {}): Promise<TestClient> =>
    registerDeviceClient(deployment, { access_token_strategy, ...metadata })

  describe('oauth2/authorize_code', () => {
    it.each(matrix)('granted %j', async (grant_scope, expected) => {
      const tokens = await logIn(deployment, await register(), { consent: { grant_scope } })
      expect(issued(tokens)).toEqual(expected)
      expect(tokens.scope).toBe(grant_scope.join(' '))
    })

    it('a client that skips consent: the app is told so and answers at once, and there are all three tokens', async () => {
      const client = await register({ skip_consent: true })
      const browser = new Browser(deployment)
      const atLogin = await browser.next(authorizationPath(client))
      const consent = await consentTo(browser, atLogin, ['openid', 'offline_access'])
      expect(consent.client).toMatchObject({ client_id: client.id, skip_consent: true })
      const callback = await browser.next(consent.next)
      const tokens = await bodyOf(await redeem(deployment, client, parameter(callback, 'code')))
      expect(issued(tokens)).toEqual(['access_token', 'id_token', 'refresh_token'])
    })
  })

  describe('oauth2/device_auth', () => {
    it.each(matrix)('granted %j', async (grant_scope, expected) => {
      const client = await registerDevice()
      const device = await startDevice(deployment, client)
      await approve(deployment, device, { consent: { grant_scope } })
      const tokens = await bodyOf(await poll(deployment, client, device))
      expect(issued(tokens)).toEqual(expected)
      expect(tokens['scope']).toBe(grant_scope.join(' '))
    })

    it('a client that skips consent: all three tokens', async () => {
      const client = await registerDevice({ skip_consent: true })
      const device = await startDevice(deployment, client)
      const browser = new Browser(deployment)
      const atLogin = await browser.next(await enterCode(deployment, browser, device.user_code))
      const consent = await consentTo(browser, atLogin, ['openid', 'offline_access'])
      expect(consent.client).toMatchObject({ client_id: client.id, skip_consent: true })
      expect((await browser.visit(consent.next)).status).toBe(302)
      const tokens = await bodyOf(await poll(deployment, client, device))
      expect(issued(tokens)).toEqual(['access_token', 'id_token', 'refresh_token'])
    })
  })

  describe('oauth2/client_creds', () => {
    it('an access token only, whatever is asked', async () => {
      const client = await register()
      const request = {
        grant_type: 'client_credentials',
        scope: 'openid offline_access',
        audience: 'https://api.example/v1',
      }
      const body = await bodyOf(await tokenRequest(deployment, client, request))
      expect(Object.keys(body).sort()).toEqual(['access_token', 'expires_in', 'scope', 'token_type'])
      expect(await deployment.introspect(String(body['access_token']))).toMatchObject({
        active: true,
        sub: client.id,
        scope: 'openid offline_access',
        aud: ['https://api.example/v1'],
      })
    })
  })

  describe('oauth2/introspect', () => {
    it('tells access and refresh token apart', async () => {
      const tokens = await logIn(deployment, await register(), { login })
      const common = { active: true, sub: SUBJECT, token_type: 'Bearer' }
      for (const token_use of ['access_token', 'refresh_token'] as const) {
        expect(await deployment.introspect(tokens[token_use])).toMatchObject({ ...common, token_use })
      }
    })
  })

  describe('oauth2/jwt', () => {
    it('the access token has the parts of its strategy, the refresh token two', async () => {
      const client = await register()
      const tokens = await logIn(deployment, client, { login })
      const isJwt = access_token_strategy === 'jwt'
      expect(tokens.access_token.split('.')).toHaveLength(isJwt ? 3 : 2)
      expect(tokens.refresh_token.split('.')).toHaveLength(2)
      if (!isJwt) return
      const { payload } = await verify(tokens.access_token)
      expect(payload).toMatchObject({ sub: SUBJECT, client_id: client.id })
      expect(payload.jti).not.toBe('')
    })
  })

  describe('oauth2/refresh_token', () => {
    it.each([
      ['openid offline_access', ['access_token', 'id_token', 'refresh_token']],
      ['offline_access', ['access_token', 'refresh_token']],
    ])('of scope %j gives new tokens, which count', async (scope, expected) => {
      const client = await register()
      const before = await logIn(deployment, client, { login, request: { scope } })
      const answer = await refresh(deployment, client, before.refresh_token)
      const after: Tokens = await answer.json()
      expect([answer.status, issued(after)]).toEqual([200, expected])
      expect(after.access_token).not.toBe(before.access_token)
      expect(after.refresh_token).not.toBe(before.refresh_token)
      expect(await deployment.introspect(after.access_token)).toMatchObject({ active: true, sub: SUBJECT })
      if (after.id_token !== undefined) {
        const { payload } = await verify(after.id_token)
        const { nonce, auth_time, rat, sid } = decodeJwt(before.id_token)
        expect(payload).toMatchObject({ sub: SUBJECT, nonce, auth_time, rat, sid })
      }
    })

    it('of a public client, used twice without grace: refused, and its successor is dead too', async () => {
      const strict = new Deployment(testEnv({ OAUTH2_GRANT_REFRESH_TOKEN_ROTATION_GRACE_PERIOD: '0s' }))
      const client = await register({ token_endpoint_auth_method: 'none' })
      const first = await logIn(strict, client)
      const second: Tokens = await (await refresh(strict, client, first.refresh_token)).json()
      for (const token of [first.refresh_token, second.refresh_token]) {
        const answer = await refresh(strict, client, token)
        expect([answer.status, await bodyOf(answer)]).toMatchObject([400, { error: 'invalid_grant' }])
      }
      expect(await strict.introspect(second.access_token)).toEqual({ active: false })
    })
  })

  describe('openid/authorize_code', () => {
    it('access and ID token, no refresh token without its scope; the ID token names user and session', async () => {
      const client = await register()
      const tokens = await logIn(deployment, client, { login, request: { scope: 'openid' } })
      expect(issued(tokens)).toEqual(['access_token', 'id_token'])
      const { payload } = await verify(tokens.id_token)
      expect(payload).toMatchObject({ sub: SUBJECT, aud: [client.id], sid: expect.stringMatching(/./) })
    })
  })

  describe('openid/userinfo', () => {
    it('names the user, and the client as audience', async () => {
      const client = await register()
      const { access_token } = await logIn(deployment, client, { login })
      expect(await bodyOf(await userinfo(access_token))).toMatchObject({ sub: SUBJECT, aud: [client.id] })
    })
  })

  describe('openid/revoke', () => {
    it.each(['access_token', 'refresh_token'] as const)(
      'of the %s: userinfo knows the access token no more',
      async (which) => {
        const client = await register()
        const tokens = await logIn(deployment, client, { login })
        expect((await userinfo(tokens.access_token)).status).toBe(200)
        expect((await revoke(deployment, client, tokens[which])).status).toBe(200)
        const answer = await userinfo(tokens.access_token)
        expect([answer.status, await bodyOf(answer)]).toMatchObject([401, { error: 'request_unauthorized' }])
      },
    )
  })
})
