import {
  auth,
  type OAuthClientProvider,
  type OAuthDiscoveryState,
} from '@modelcontextprotocol/sdk/client/auth.js'
import type {
  OAuthClientInformationFull,
  OAuthClientMetadata,
  OAuthTokens,
} from '@modelcontextprotocol/sdk/shared/auth.js'
import type { OAuth2Api } from '@ory/hydra-client'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type RunningServer, startServer } from '../support/server.ts'
import { type Site, startSite } from '../support/site.ts'
import { adminSdk, CookieBrowser, loginWithSdk } from './support.ts'

const REDIRECT_URI = 'http://127.0.0.1:9/callback'

let server: RunningServer
let sdk: OAuth2Api
let tools: Site

/** An MCP server, as far as the client asks it about authorization (RFC 9728). */
beforeAll(async () => {
  tools = await startSite('localhost', ({ url }) =>
    url.pathname === '/.well-known/oauth-protected-resource/mcp'
      ? {
          type: 'application/json',
          body: JSON.stringify({ resource: `${tools.origin}/mcp`, authorization_servers: [server.base] }),
        }
      : { status: 404, type: 'application/json', body: '{}' },
  )
  server = await startServer({
    vars: {
      OIDC_DYNAMIC_CLIENT_REGISTRATION_ENABLED: 'true',
      OIDC_DYNAMIC_CLIENT_REGISTRATION_RESOURCES: tools.origin,
    },
  })
  sdk = adminSdk(server)
})

afterAll(async () => {
  await tools?.stop()
  await server?.stop()
})

/** What an MCP application keeps between the steps. */
class Application implements OAuthClientProvider {
  readonly redirectUrl = REDIRECT_URI
  readonly clientMetadata: OAuthClientMetadata = {
    client_name: 'Assistant',
    redirect_uris: [REDIRECT_URI],
    grant_types: ['authorization_code', 'refresh_token'],
    response_types: ['code'],
    token_endpoint_auth_method: 'none',
    scope: 'openid offline_access',
  }
  client: OAuthClientInformationFull | undefined
  issued: OAuthTokens | undefined
  asked = ''
  #verifier = ''
  #discovery: OAuthDiscoveryState | undefined

  clientInformation = (): OAuthClientInformationFull | undefined => this.client
  saveClientInformation(client: OAuthClientInformationFull): void {
    this.client = client
  }
  tokens = (): OAuthTokens | undefined => this.issued
  saveTokens(tokens: OAuthTokens): void {
    this.issued = tokens
  }
  redirectToAuthorization(url: URL): void {
    this.asked = url.href
  }
  saveCodeVerifier(verifier: string): void {
    this.#verifier = verifier
  }
  codeVerifier = (): string => this.#verifier
  discoveryState = (): OAuthDiscoveryState | undefined => this.#discovery
  saveDiscoveryState(state: OAuthDiscoveryState): void {
    this.#discovery = state
  }
}

const audienceOf = async (token: string): Promise<unknown> =>
  (await sdk.introspectOAuth2Token({ token })).data.aud

it("MCP's TypeScript SDK goes from discovery over registration and login to refresh", async () => {
  const application = new Application()
  const serverUrl = `${tools.origin}/mcp`
  expect(await auth(application, { serverUrl })).toBe('REDIRECT')
  expect(application.client).toMatchObject({ client_name: 'Assistant', token_endpoint_auth_method: 'none' })
  const callback = await loginWithSdk(sdk, new CookieBrowser(), application.asked, REDIRECT_URI)
  const authorizationCode = callback.searchParams.get('code') ?? ''
  expect(await auth(application, { serverUrl, authorizationCode })).toBe('AUTHORIZED')
  const first = application.issued
  expect(await audienceOf(first?.access_token ?? '')).toEqual([serverUrl])
  expect(await auth(application, { serverUrl })).toBe('AUTHORIZED')
  const second = application.issued
  expect(second?.access_token).not.toBe(first?.access_token)
  expect(await audienceOf(second?.access_token ?? '')).toEqual([serverUrl])
})
