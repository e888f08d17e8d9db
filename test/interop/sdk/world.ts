import { randomUUID } from 'node:crypto'
import type { OAuth2Api, OAuth2Client } from '@ory/hydra-client'
import { type CryptoKey, exportJWK, generateKeyPair, type JWK } from 'jose'
import type { RunningServer } from '../../support/server.ts'
import { adminSdk, CookieBrowser, loginWithSdk } from '../support.ts'

const REDIRECT_URI = 'http://127.0.0.1:9000/cb'
const DEVICE_GRANT = 'urn:ietf:params:oauth:grant-type:device_code'

export interface RegisteredClient {
  readonly id: string
  readonly secret: string
}

/** What operations need before they can be called: clients, challenges, codes and tokens, each made afresh. */
export class World {
  readonly base: string
  readonly admin: { readonly header: string }
  readonly redirectUri = REDIRECT_URI
  readonly #sdk: OAuth2Api

  constructor(server: RunningServer) {
    this.base = server.base
    this.admin = { header: `Bearer ${server.adminKey}` }
    this.#sdk = adminSdk(server)
  }

  /** A confidential client that may do everything. */
  async client(metadata: OAuth2Client = {}): Promise<RegisteredClient> {
    const { data } = await this.#sdk.createOAuth2Client({
      oAuth2Client: {
        redirect_uris: [REDIRECT_URI],
        grant_types: ['authorization_code', 'refresh_token', 'client_credentials', DEVICE_GRANT],
        response_types: ['code'],
        scope: 'openid offline_access userinfo_credential_draft_00',
        ...metadata,
      },
    })
    return { id: data.client_id ?? '', secret: data.client_secret ?? '' }
  }

  async loginChallenge(client?: RegisteredClient, browser = new CookieBrowser()): Promise<string> {
    return this.#challenge(browser, await this.#authorizationUrl(client), 'login_challenge')
  }

  async consentChallenge(
    client: RegisteredClient,
    subject: string,
    browser = new CookieBrowser(),
  ): Promise<string> {
    const loginChallenge = await this.loginChallenge(client, browser)
    const { data } = await this.#sdk.acceptOAuth2LoginRequest({
      loginChallenge,
      acceptOAuth2LoginRequest: { subject, remember: true },
    })
    return this.#challenge(browser, data.redirect_to, 'consent_challenge')
  }

  /** Whether the browser is logged in. */
  async knows(browser: CookieBrowser): Promise<boolean> {
    const loginChallenge = await this.loginChallenge(undefined, browser)
    return (await this.#sdk.getOAuth2LoginRequest({ loginChallenge })).data.skip
  }

  async logoutChallenge(): Promise<string> {
    const browser = new CookieBrowser()
    await this.code(await this.client(), browser)
    return this.#challenge(browser, `${this.base}/oauth2/sessions/logout`, 'logout_challenge')
  }

  /** A code; the subject who logged in and consented is `foo@bar.com`. */
  async code(client: RegisteredClient, browser = new CookieBrowser()): Promise<string> {
    const url = await this.#authorizationUrl(client)
    const callback = await loginWithSdk(this.#sdk, browser, url, REDIRECT_URI)
    return callback.searchParams.get('code') ?? ''
  }

  async tokens(client: RegisteredClient): Promise<{ readonly access: string; readonly refresh: string }> {
    const code = await this.code(client)
    const fields = { grant_type: 'authorization_code', code, redirect_uri: REDIRECT_URI }
    const body = await this.#post('/oauth2/token', new URLSearchParams(fields), basic(client))
    return { access: String(body['access_token']), refresh: String(body['refresh_token']) }
  }

  async isActive(token: string): Promise<boolean> {
    return (await this.#sdk.introspectOAuth2Token({ token })).data.active
  }

  /** Fails unless the client is gone. */
  async clientIsGone(id: string): Promise<boolean> {
    const answer = await fetch(`${this.base}/admin/clients/${id}`, {
      headers: { authorization: this.admin.header },
    })
    return answer.status === 404
  }

  /** A client that registered itself. */
  async registered(): Promise<RegisteredClient & { readonly token: string }> {
    const body = await this.#post('/oauth2/register', JSON.stringify({ redirect_uris: [REDIRECT_URI] }))
    return {
      id: String(body['client_id']),
      secret: String(body['client_secret']),
      token: String(body['registration_access_token']),
    }
  }

  /** A device that asked for access, and the browser step that lets its user in. */
  async device(): Promise<{ readonly challenge: string; readonly userCode: string }> {
    const client = await this.client()
    const form = new URLSearchParams({ client_id: client.id, scope: 'openid' })
    const body = await this.#post('/oauth2/device/auth', form, basic(client))
    const url = String(body['verification_uri'])
    const challenge = await this.#challenge(new CookieBrowser(), url, 'device_challenge')
    return { challenge, userCode: String(body['user_code']) }
  }

  async trustedIssuer(): Promise<{ readonly id: string; readonly issuer: string }> {
    const body = await this.issuerBody()
    const trustOAuth2JwtGrantIssuer = { ...body, expires_at: body.expires_at.toISOString() }
    const { data } = await this.#sdk.trustOAuth2JwtGrantIssuer({ trustOAuth2JwtGrantIssuer })
    return { id: data.id ?? '', issuer: body.issuer }
  }

  async issuerBody() {
    const { jwk } = await signingKey()
    const issuer = `https://issuer-${randomUUID()}.example`
    const publicJwk = { kty: 'EC', alg: 'ES256', use: 'sig', kid: jwk.kid ?? '', crv: 'P-256' }
    return {
      issuer,
      subject: 'service@example',
      scope: ['openid'],
      jwk: { ...publicJwk, x: jwk.x ?? '', y: jwk.y ?? '' },
      expires_at: new Date(Date.now() + 86_400_000),
    }
  }

  /** A key set with one private key in it. */
  async keySet(): Promise<{ readonly set: string; readonly kid: string }> {
    const set = `set-${randomUUID()}`
    const kid = randomUUID()
    const body = JSON.stringify({ alg: 'ES256', use: 'sig', kid })
    await this.#post(`/admin/keys/${set}`, body, this.admin.header)
    return { set, kid }
  }

  /** The nonce that the credentials endpoint wants in a proof. */
  async credentialNonce(accessToken: string): Promise<string> {
    const body = await this.#post(
      '/credentials',
      JSON.stringify({ format: 'jwt_vc_json' }),
      `Bearer ${accessToken}`,
    )
    return String(body['c_nonce'])
  }

  async #authorizationUrl(client?: RegisteredClient): Promise<string> {
    const { id } = client ?? (await this.client())
    const query = new URLSearchParams({
      client_id: id,
      redirect_uri: REDIRECT_URI,
      response_type: 'code',
      scope: 'openid offline_access',
      state: randomUUID(),
    })
    return `${this.base}/oauth2/auth?${query}`
  }

  async #challenge(browser: CookieBrowser, url: string, name: string): Promise<string> {
    const at = await browser.followTo(url, (address) => address.searchParams.has(name))
    return at.searchParams.get(name) ?? ''
  }

  async #post(path: string, body: BodyInit, authorization?: string): Promise<Record<string, unknown>> {
    const headers = {
      ...(authorization !== undefined && { authorization }),
      ...(typeof body === 'string' && { 'content-type': 'application/json' }),
    }
    const response = await fetch(`${this.base}${path}`, { method: 'POST', headers, body })
    return response.json()
  }
}

export const basic = ({ id, secret }: RegisteredClient): string => `Basic ${btoa(`${id}:${secret}`)}`

/** A fresh ES256 key with a key id. */
export async function signingKey(): Promise<{ readonly jwk: JWK; readonly privateKey: CryptoKey }> {
  const { privateKey } = await generateKeyPair('ES256', { extractable: true })
  return {
    jwk: { ...(await exportJWK(privateKey)), alg: 'ES256', use: 'sig', kid: randomUUID() },
    privateKey,
  }
}
