import type { OAuth2Api } from '@ory/hydra-client'
import * as oidc from 'openid-client'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type RunningServer, startServer } from '../support/server.ts'
import { adminSdk, CookieBrowser, loginWithSdk } from './support.ts'

const REDIRECT_URI = 'http://127.0.0.1:9000/cb'
const insecure = { execute: [oidc.allowInsecureRequests] }

let server: RunningServer
let sdk: OAuth2Api

beforeAll(async () => {
  server = await startServer()
  sdk = adminSdk(server)
})

afterAll(() => server.stop())

/** Registers a client by the SDK, as an operator would. */
async function register(metadata: object): Promise<{ readonly id: string; readonly secret: string }> {
  const { data } = await sdk.createOAuth2Client({
    oAuth2Client: {
      redirect_uris: [REDIRECT_URI],
      grant_types: ['authorization_code', 'refresh_token', 'client_credentials'],
      response_types: ['code'],
      scope: 'openid offline_access email',
      ...metadata,
    },
  })
  return { id: data.client_id ?? '', secret: data.client_secret ?? '' }
}

interface LoginSettings {
  readonly id: string
  readonly auth: oidc.ClientAuth
}

/** Code flow with PKCE, state and nonce, every check of the library on. */
async function logIn({ id, auth }: LoginSettings, browser = new CookieBrowser()) {
  const config = await oidc.discovery(new URL(server.base), id, {}, auth, insecure)
  const pkceCodeVerifier = oidc.randomPKCECodeVerifier()
  const expectedState = oidc.randomState()
  const expectedNonce = oidc.randomNonce()
  const url = oidc.buildAuthorizationUrl(config, {
    redirect_uri: REDIRECT_URI,
    scope: 'openid offline_access email',
    code_challenge: await oidc.calculatePKCECodeChallenge(pkceCodeVerifier),
    code_challenge_method: 'S256',
    state: expectedState,
    nonce: expectedNonce,
  })
  const callback = await loginWithSdk(sdk, browser, url.href, REDIRECT_URI)
  const tokens = await oidc.authorizationCodeGrant(config, callback, {
    pkceCodeVerifier,
    expectedState,
    expectedNonce,
    idTokenExpected: true,
  })
  return { config, tokens }
}

describe.each(['opaque', 'jwt'])('openid-client with %s access tokens', (access_token_strategy) => {
  const methods = ['client_secret_basic', 'client_secret_post', 'none'] as const

  it.each(methods)('%s: code with PKCE, userinfo, refresh, revocation', async (method) => {
    const { id, secret } = await register({ token_endpoint_auth_method: method, access_token_strategy })
    const auth = {
      client_secret_basic: () => oidc.ClientSecretBasic(secret),
      client_secret_post: () => oidc.ClientSecretPost(secret),
      none: () => oidc.None(),
    }[method]()
    const { config, tokens } = await logIn({ id, auth })
    expect(tokens.claims()).toMatchObject({ sub: 'foo@bar.com', email: 'foo@bar.com', aud: [id] })
    const userinfo = await oidc.fetchUserInfo(config, tokens.access_token, 'foo@bar.com')
    expect(userinfo).toMatchObject({ email: 'foo@bar.com' })
    const refreshed = await oidc.refreshTokenGrant(config, tokens.refresh_token ?? '')
    expect(refreshed.claims()?.sub).toBe('foo@bar.com')
    expect(refreshed.refresh_token).not.toBe(tokens.refresh_token)
    await oidc.tokenRevocation(config, refreshed.refresh_token ?? '')
    await expect(oidc.refreshTokenGrant(config, refreshed.refresh_token ?? '')).rejects.toMatchObject({
      error: 'invalid_grant',
    })
    await expect(oidc.fetchUserInfo(config, refreshed.access_token, 'foo@bar.com')).rejects.toMatchObject({
      status: 401,
    })
  })

  it('client_credentials and introspection', async () => {
    const { id, secret } = await register({ access_token_strategy })
    const config = await oidc.discovery(
      new URL(server.base),
      id,
      {},
      oidc.ClientSecretBasic(secret),
      insecure,
    )
    const tokens = await oidc.clientCredentialsGrant(config, { scope: 'email' })
    const introspection_endpoint = `${server.base}/admin/oauth2/introspect`
    const admin = new oidc.Configuration(
      { issuer: server.base, introspection_endpoint },
      id,
      {},
      (_as, _client, _body, headers) => headers.set('authorization', `Bearer ${server.adminKey}`),
    )
    oidc.allowInsecureRequests(admin)
    expect(await oidc.tokenIntrospection(admin, tokens.access_token)).toMatchObject({
      active: true,
      client_id: id,
      sub: id,
      scope: 'email',
    })
    expect(await oidc.tokenIntrospection(config, tokens.access_token)).toMatchObject({ active: true })
    await oidc.tokenRevocation(config, tokens.access_token)
    expect(await oidc.tokenIntrospection(admin, tokens.access_token)).toEqual({ active: false })
  })
})

describe('the same browser again', () => {
  it('is recognised, and its consent too', async () => {
    const { id, secret } = await register({})
    const browser = new CookieBrowser()
    await logIn({ id, auth: oidc.ClientSecretBasic(secret) }, browser)
    const { tokens } = await logIn({ id, auth: oidc.ClientSecretBasic(secret) }, browser)
    expect(tokens.claims()?.sub).toBe('foo@bar.com')
    const { data: sessions } = await sdk.listOAuth2ConsentSessions({ subject: 'foo@bar.com' })
    const own = sessions.filter((session) => session.consent_request?.client?.client_id === id)
    expect(own).toHaveLength(1)
  })
})
