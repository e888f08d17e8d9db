import type { OAuth2Api } from '@ory/hydra-client'
import { decodeProtectedHeader, exportJWK, generateKeyPair } from 'jose'
import * as oidc from 'openid-client'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type RunningServer, startServer } from '../support/server.ts'
import { type Site, startSite } from '../support/site.ts'
import { acceptWithSdk, adminSdk, CookieBrowser, loginWithSdk } from './support.ts'

const REDIRECT_URI = 'http://127.0.0.1:9000/cb'
const SUBJECT = 'foo@bar.com'
const SCOPE = 'openid email'

let server: RunningServer
let sdk: OAuth2Api
let site: Site
let objects: Map<string, string>

beforeAll(async () => {
  objects = new Map()
  site = await startSite('127.0.0.1', ({ url }) => ({
    type: 'application/oauth-authz-req+jwt',
    body: objects.get(url.pathname) ?? '',
  }))
})

afterAll(() => site?.stop())

// What the user consented to before is remembered by client: each test has a client of its own.
async function configure(metadata: Partial<oidc.ClientMetadata> = {}): Promise<oidc.Configuration> {
  const { data } = await sdk.createOAuth2Client({
    oAuth2Client: {
      redirect_uris: [REDIRECT_URI],
      grant_types: ['authorization_code', 'implicit'],
      response_types: ['code', 'id_token', 'code id_token'],
      scope: SCOPE,
      ...metadata,
    },
  })
  const auth = oidc.ClientSecretBasic(data.client_secret ?? '')
  const options = { execute: [oidc.allowInsecureRequests, oidc.enableNonRepudiationChecks] }
  return oidc.discovery(new URL(server.base), data.client_id ?? '', metadata, auth, options)
}

/** What the application remembers of its request. */
interface Asked {
  readonly pkceCodeVerifier: string
  readonly expectedState: string
  readonly expectedNonce: string
}

let asked: Asked
let browser: CookieBrowser

beforeEach(() => {
  browser = new CookieBrowser()
  asked = {
    pkceCodeVerifier: oidc.randomPKCECodeVerifier(),
    expectedState: oidc.randomState(),
    expectedNonce: oidc.randomNonce(),
  }
})

const parameters = async (more: Record<string, string> = {}): Promise<Record<string, string>> => ({
  redirect_uri: REDIRECT_URI,
  scope: SCOPE,
  code_challenge: await oidc.calculatePKCECodeChallenge(asked.pkceCodeVerifier),
  code_challenge_method: 'S256',
  state: asked.expectedState,
  nonce: asked.expectedNonce,
  ...more,
})

/** Sends the browser through login and consent; the answer as the application gets it: an address, or a posted form. */
async function answered(url: URL, mode?: string): Promise<URL | Request> {
  if (mode !== 'form_post') return loginWithSdk(sdk, browser, url.href, REDIRECT_URI)
  return posted(await browser.open(await acceptWithSdk(sdk, browser, url.href)))
}

/** What a browser posts when it is shown this page. */
async function posted(page: Response): Promise<Request> {
  const text = await page.text()
  const action = /<form method="post" action="([^"]+)"/.exec(text)?.[1] ?? ''
  const fields = [...text.matchAll(/<input type="hidden" name="([^"]+)" value="([^"]*)">/g)]
  const body = new URLSearchParams(fields.map(([, name = '', value = '']) => [name, value]))
  return new Request(action, { method: 'POST', body })
}

const redeem = (config: oidc.Configuration, answer: URL | Request) =>
  oidc.authorizationCodeGrant(config, answer, { ...asked, idTokenExpected: true })

describe.each(['RS256', 'PS256', 'ES256', 'EdDSA'])('with ID tokens signed by %s', (algorithm) => {
  beforeAll(async () => {
    server = await startServer({ vars: { OUTBOUND_ALLOW_PRIVATE: 'true', SIGNING_ALGORITHM: algorithm } })
    sdk = adminSdk(server)
  })

  afterAll(() => server?.stop())

  describe('openid-client, every flow it knows', () => {
    it.each(['query', 'form_post'])('code by %s', async (response_mode) => {
      const config = await configure()
      const url = oidc.buildAuthorizationUrl(config, await parameters({ response_mode }))
      const tokens = await redeem(config, await answered(url, response_mode))
      expect(tokens.claims()).toMatchObject({ sub: SUBJECT, email: SUBJECT, nonce: asked.expectedNonce })
      const userinfo = await oidc.fetchUserInfo(config, tokens.access_token, SUBJECT)
      expect(userinfo).toMatchObject({ sub: SUBJECT, email: SUBJECT })
    })

    it.each(['fragment', 'form_post'])(
      'code id_token by %s, with c_hash and s_hash',
      async (response_mode) => {
        const config = await configure()
        oidc.useCodeIdTokenResponseType(config)
        oidc.enableDetachedSignatureResponseChecks(config)
        const url = oidc.buildAuthorizationUrl(config, await parameters({ response_mode }))
        expect(url.searchParams.get('response_type')).toBe('code id_token')
        const tokens = await redeem(config, await answered(url, response_mode))
        expect(tokens.claims()).toMatchObject({ sub: SUBJECT, nonce: asked.expectedNonce })
        expect(decodeProtectedHeader(tokens.id_token ?? '').alg).toBe(algorithm)
      },
    )

    it.each(['fragment', 'form_post'])('id_token by %s', async (response_mode) => {
      const config = await configure()
      oidc.useIdTokenResponseType(config)
      const { code_challenge: _, code_challenge_method: __, ...rest } = await parameters({ response_mode })
      const answer = await answered(oidc.buildAuthorizationUrl(config, rest), response_mode)
      const { expectedNonce, expectedState } = asked
      const claims = await oidc.implicitAuthentication(config, answer, expectedNonce, { expectedState })
      expect(claims).toMatchObject({ sub: SUBJECT, nonce: expectedNonce })
    })

    it('an error in a posted form', async () => {
      const config = await configure()
      const more = { response_mode: 'form_post', prompt: 'none' }
      const page = await browser.open(oidc.buildAuthorizationUrl(config, await parameters(more)).href)
      await expect(redeem(config, await posted(page))).rejects.toMatchObject({ error: 'login_required' })
    })
  })

  describe('openid-client, request objects', () => {
    /** A client that signs with a fresh key, and what the library signs with it. */
    async function signing(alg: string, metadata: Partial<oidc.ClientMetadata> = {}) {
      const { publicKey, privateKey } = await generateKeyPair(alg, { extractable: true })
      const kid = crypto.randomUUID()
      const jwk = { ...(await exportJWK(publicKey)), kid, alg, use: 'sig' }
      const config = await configure({ jwks: { keys: [jwk] }, request_object_signing_alg: alg, ...metadata })
      const url = await oidc.buildAuthorizationUrlWithJAR(config, await parameters(), {
        key: privateKey,
        kid,
      })
      return { config, url, object: url.searchParams.get('request') ?? '' }
    }

    it.each(['ES256', 'RS256', 'PS256'])('by value, signed with %s', async (alg) => {
      const { config, url } = await signing(alg)
      // What OIDC Core section 6.1 asks for beside the object.
      for (const [name, value] of [
        ['response_type', 'code'],
        ['scope', 'openid'],
      ] as const)
        url.searchParams.set(name, value)
      const tokens = await redeem(config, await answered(url))
      expect(tokens.claims()).toMatchObject({ email: SUBJECT, nonce: asked.expectedNonce })
    })

    it('by value and alone, as the library sends them', async () => {
      const { config, url } = await signing('ES256')
      expect([...url.searchParams.keys()].sort()).toEqual(['client_id', 'request'])
      expect((await redeem(config, await answered(url))).claims()).toMatchObject({ email: SUBJECT })
    })

    it('by reference', async () => {
      const request_uri = `${site.origin}/${crypto.randomUUID()}`
      const { config, object } = await signing('ES256', { request_uris: [request_uri] })
      objects.set(new URL(request_uri).pathname, object)
      const url = oidc.buildAuthorizationUrl(config, { request_uri, response_type: 'code', scope: 'openid' })
      const tokens = await redeem(config, await answered(url))
      expect(tokens.claims()).toMatchObject({ email: SUBJECT, nonce: asked.expectedNonce })
      const { pathname } = new URL(request_uri)
      expect(site.visits.filter(({ url: { pathname: path } }) => path === pathname)).toHaveLength(1)
    })
  })

  describe('openid-client, encrypted', () => {
    it.each([
      ['RSA-OAEP-256', 'A256GCM'],
      ['ECDH-ES', 'A128CBC-HS256'],
      ['ECDH-ES+A256KW', 'A256GCM'],
    ])('ID tokens and userinfo, by %s and %s', async (alg, enc) => {
      const { publicKey, privateKey } = await generateKeyPair(alg, { extractable: true })
      const kid = crypto.randomUUID()
      const config = await configure({
        jwks: { keys: [{ ...(await exportJWK(publicKey)), kid, alg, use: 'enc' }] },
        id_token_encrypted_response_alg: alg,
        id_token_encrypted_response_enc: enc,
        userinfo_encrypted_response_alg: alg,
        userinfo_encrypted_response_enc: enc,
        userinfo_signed_response_alg: algorithm,
      })
      oidc.enableDecryptingResponses(config, [enc], { key: privateKey, alg, kid })
      const url = oidc.buildAuthorizationUrl(config, await parameters())
      const tokens = await redeem(config, await answered(url))
      expect(tokens.claims()).toMatchObject({ email: SUBJECT, nonce: asked.expectedNonce })
      const userinfo = await oidc.fetchUserInfo(config, tokens.access_token, SUBJECT)
      expect(userinfo).toMatchObject({ sub: SUBJECT, email: SUBJECT })
    })
  })

  describe('openid-client, the claims parameter', () => {
    const asking = async (id_token: object): Promise<Record<string, string>> =>
      parameters({
        claims: JSON.stringify({ id_token, userinfo: { email: null, unknown: { essential: true } } }),
      })

    it('an essential acr that was reached is in the ID token', async () => {
      const config = await configure()
      const url = oidc.buildAuthorizationUrl(
        config,
        await asking({ acr: { essential: true, values: ['0'] } }),
      )
      const tokens = await redeem(config, await answered(url))
      expect(tokens.claims()).toMatchObject({ acr: '0', auth_time: expect.any(Number) })
      const userinfo = await oidc.fetchUserInfo(config, tokens.access_token, SUBJECT)
      expect(userinfo.email).toBe(SUBJECT)
    })

    it('fails where an essential acr was not reached', async () => {
      const config = await configure()
      const url = oidc.buildAuthorizationUrl(
        config,
        await asking({ acr: { essential: true, value: 'gold' } }),
      )
      const at = await loginRefused(url)
      await expect(redeem(config, at)).rejects.toMatchObject({ error: 'unmet_authentication_requirements' })
    })

    /** Logs in and is sent back without being asked for consent. */
    async function loginRefused(url: URL): Promise<URL> {
      const atLogin = await browser.followTo(url.href, ({ searchParams }) =>
        searchParams.has('login_challenge'),
      )
      const loginChallenge = atLogin.searchParams.get('login_challenge') ?? ''
      const acceptOAuth2LoginRequest = { subject: SUBJECT, acr: '0' }
      const { data } = await sdk.acceptOAuth2LoginRequest({ loginChallenge, acceptOAuth2LoginRequest })
      return browser.followTo(data.redirect_to, ({ href }) => href.startsWith(REDIRECT_URI))
    }
  })
})
