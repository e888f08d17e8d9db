/*
 * workers-oauth-provider with the least around it: its authorization page logs in whom the URL names and grants at once.
 * It is bundled in the folder in which the library is installed.
 */
import { type OAuthHelpers, OAuthProvider } from '@cloudflare/workers-oauth-provider'

interface Env {
  readonly OAUTH_KV: KVNamespace
  readonly OAUTH_PROVIDER: OAuthHelpers
}

const ORIGIN = 'https://peer.bench.example'
const REDIRECT_URI = 'https://app.bench.example/callback'

async function authorize(request: Request, { OAUTH_PROVIDER }: Env): Promise<Response> {
  const asked = await OAUTH_PROVIDER.parseAuthRequest(request)
  const userId = new URL(request.url).searchParams.get('subject') ?? ''
  const { redirectTo } = await OAUTH_PROVIDER.completeAuthorization({
    request: asked,
    userId,
    metadata: {},
    scope: asked.scope,
    props: { userId },
    revokeExistingGrants: false,
  })
  return new Response(null, { status: 302, headers: { location: redirectTo } })
}

export default new OAuthProvider<Env>({
  apiRoute: '/api',
  apiHandler: { fetch: () => Response.json({ sub: 'known' }) },
  defaultHandler: {
    async fetch(request: Request, env: Env): Promise<Response> {
      const { pathname } = new URL(request.url)
      if (pathname === '/authorize') return authorize(request, env)
      const made = await env.OAUTH_PROVIDER.createClient({
        redirectUris: [REDIRECT_URI],
        grantTypes: ['authorization_code', 'refresh_token'],
        tokenEndpointAuthMethod: 'client_secret_basic',
      })
      return Response.json(made)
    },
  },
  authorizeEndpoint: '/authorize',
  tokenEndpoint: '/token',
  scopesSupported: ['api', 'offline_access'],
  resourceMetadata: { resource: `${ORIGIN}/api`, authorization_servers: [ORIGIN] },
})
