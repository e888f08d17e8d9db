import type { OAuth2Api } from '@ory/hydra-client'
import { createRemoteJWKSet, decodeJwt, jwtVerify } from 'jose'
import * as oidc from 'openid-client'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type RunningServer, startServer } from '../support/server.ts'
import { type Site, startSite } from '../support/site.ts'
import { adminSdk, CookieBrowser, loginWithSdk } from './support.ts'

const SUBJECT = 'foo@bar.com'

let server: RunningServer
let sdk: OAuth2Api
let site: Site

beforeAll(async () => {
  site = await startSite('127.0.0.1')
  server = await startServer({ vars: { OUTBOUND_ALLOW_PRIVATE: 'true' } })
  sdk = adminSdk(server)
})

afterAll(() => Promise.all([server?.stop(), site?.stop()]))

/** A client of the library, whose pages and endpoints are the site's. */
async function configure(metadata: object = {}): Promise<oidc.Configuration> {
  const { data } = await sdk.createOAuth2Client({
    oAuth2Client: {
      redirect_uris: [`${site.origin}/cb`],
      post_logout_redirect_uris: [`${site.origin}/bye`],
      scope: 'openid',
      ...metadata,
    },
  })
  const auth = oidc.ClientSecretBasic(data.client_secret ?? '')
  const execute = [oidc.allowInsecureRequests, oidc.enableNonRepudiationChecks]
  return oidc.discovery(new URL(server.base), data.client_id ?? '', {}, auth, { execute })
}

async function authorizationUrl(config: oidc.Configuration, pkceCodeVerifier: string, prompt?: string) {
  return oidc.buildAuthorizationUrl(config, {
    redirect_uri: `${site.origin}/cb`,
    scope: 'openid',
    code_challenge: await oidc.calculatePKCECodeChallenge(pkceCodeVerifier),
    code_challenge_method: 'S256',
    state: 'state-of-the-application',
    ...(prompt !== undefined && { prompt }),
  })
}

/** Logs in and returns the ID token. */
async function logIn(config: oidc.Configuration, browser: CookieBrowser): Promise<string> {
  const pkceCodeVerifier = oidc.randomPKCECodeVerifier()
  const url = await authorizationUrl(config, pkceCodeVerifier)
  const callback = await loginWithSdk(sdk, browser, url.href, `${site.origin}/cb`)
  const checks = { pkceCodeVerifier, expectedState: 'state-of-the-application', idTokenExpected: true }
  const { id_token = '' } = await oidc.authorizationCodeGrant(config, callback, checks)
  return id_token
}

/** Follows the library's logout URL, with a logout app that agrees; where the browser ends up. */
async function logOut(config: oidc.Configuration, browser: CookieBrowser, idToken: string): Promise<URL> {
  const url = oidc.buildEndSessionUrl(config, {
    id_token_hint: idToken,
    post_logout_redirect_uri: `${site.origin}/bye`,
    state: 'state-of-the-logout',
  })
  const at = await browser.followTo(url.href, ({ searchParams }) => searchParams.has('logout_challenge'))
  const logoutChallenge = at.searchParams.get('logout_challenge') ?? ''
  const { data: asked } = await sdk.getOAuth2LogoutRequest({ logoutChallenge })
  expect(asked).toMatchObject({ subject: SUBJECT, rp_initiated: true })
  const { data } = await sdk.acceptOAuth2LogoutRequest({ logoutChallenge })
  return browser.followTo(data.redirect_to, ({ origin }) => origin === site.origin)
}

describe('openid-client, logout', () => {
  it('comes back to the application with its state, and the session is gone', async () => {
    const config = await configure()
    const browser = new CookieBrowser()
    const end = await logOut(config, browser, await logIn(config, browser))
    expect(end.href).toBe(`${site.origin}/bye?state=state-of-the-logout`)
    const silent = await authorizationUrl(config, oidc.randomPKCECodeVerifier(), 'none')
    const at = await browser.followTo(silent.href, ({ origin }) => origin === site.origin)
    const checks = { expectedState: 'state-of-the-application' }
    await expect(oidc.authorizationCodeGrant(config, at, checks)).rejects.toMatchObject({
      error: 'login_required',
    })
  })

  it('reaches every application of the session by the back channel, with a token that verifies', async () => {
    const paths = ['/one/logout', '/two/logout']
    const configs = await Promise.all(
      paths.map((path) => configure({ backchannel_logout_uri: site.origin + path })),
    )
    const browser = new CookieBrowser()
    const idTokens: string[] = []
    for (const config of configs) idTokens.push(await logIn(config, browser))
    const [config, idToken] = [configs[0], idTokens[0]]
    if (config === undefined || idToken === undefined) throw new Error('nobody is logged in')
    await logOut(config, browser, idToken)
    const keys = createRemoteJWKSet(new URL(config.serverMetadata().jwks_uri ?? ''))
    for (const [index, path] of paths.entries()) {
      const { form, headers } = await site.next('POST', path)
      expect(headers['content-type']).toContain('application/x-www-form-urlencoded')
      const { payload } = await jwtVerify(form.get('logout_token') ?? '', keys, {
        issuer: server.base,
        audience: configs[index]?.clientMetadata().client_id ?? '',
        typ: 'logout+jwt',
        requiredClaims: ['jti', 'iat', 'exp'],
      })
      expect(payload).toMatchObject({
        sub: SUBJECT,
        sid: decodeJwt(idTokens[index] ?? '')['sid'],
        events: { 'http://schemas.openid.net/event/backchannel-logout': {} },
      })
      expect(payload).not.toHaveProperty('nonce')
    }
  })
})
