/*
 * A process that serves oidc-provider until it is ended: `node oidc-provider.ts MODULE STORE`, the path of its module and
 * a SQLite file, or nothing for memory. Its login page logs in whom the URL names and grants what was asked for.
 */
import { generateKeyPairSync, type KeyObject, randomUUID } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { pathToFileURL } from 'node:url'
import { READY } from '../serve/plan.ts'
import { REDIRECT_URI } from '../systems/oauth-server.ts'
import { APP, ISSUER, MACHINE, RESOURCES, SECRET } from './facts.ts'
import { memoryStore, sqliteStore } from './stores.ts'

/** What is used of oidc-provider. */
interface Provider {
  proxy: boolean
  callback(): (request: IncomingMessage, response: ServerResponse) => void
  interactionDetails(
    request: IncomingMessage,
    response: ServerResponse,
  ): Promise<{ readonly params: Readonly<Record<string, unknown>> }>
  interactionFinished(request: IncomingMessage, response: ServerResponse, result: object): Promise<void>
  readonly Grant: new (of: object) => { addOIDCScope(scope: string): void; save(): Promise<string> }
}

interface ProviderModule {
  readonly default: new (issuer: string, configuration: object) => Provider
}

const [, , path = '', store = ''] = process.argv
const module: ProviderModule = await import(pathToFileURL(path).href)

const jwk = (key: KeyObject, alg: string): object => ({
  ...key.export({ format: 'jwk' }),
  alg,
  use: 'sig',
  kid: randomUUID(),
})
const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey
const elliptic = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey

const HOUR = 3600
const DAY = 24 * HOUR

const provider = new module.default(ISSUER, {
  adapter: store === '' ? memoryStore() : sqliteStore(store),
  jwks: { keys: [jwk(rsa, 'RS256'), jwk(elliptic, 'ES256')] },
  clients: [
    {
      client_id: APP,
      client_secret: SECRET,
      redirect_uris: [REDIRECT_URI],
      grant_types: ['authorization_code', 'refresh_token'],
      response_types: ['code'],
    },
    {
      client_id: MACHINE,
      client_secret: SECRET,
      redirect_uris: [],
      grant_types: ['client_credentials'],
      response_types: [],
    },
  ],
  scopes: ['openid', 'offline_access', 'api'],
  cookies: { keys: ['bench-cookie-key-of-some-length'] },
  ttl: {
    AccessToken: HOUR,
    AuthorizationCode: 10 * 60,
    ClientCredentials: HOUR,
    Grant: 14 * DAY,
    IdToken: HOUR,
    Interaction: HOUR,
    RefreshToken: 14 * DAY,
    Session: 14 * DAY,
  },
  findAccount: (_: unknown, id: string) => ({ accountId: id, claims: () => ({ sub: id }) }),
  issueRefreshToken: () => true,
  rotateRefreshToken: true,
  interactions: { url: (_: unknown, { uid }: { readonly uid: string }) => `/interaction/${uid}` },
  features: {
    devInteractions: { enabled: false },
    clientCredentials: { enabled: true },
    introspection: { enabled: true },
    revocation: { enabled: true },
    resourceIndicators: {
      enabled: true,
      getResourceServerInfo: (_: unknown, resource: string) => ({
        scope: 'api',
        accessTokenFormat: 'jwt',
        jwt: { sign: { alg: resource === RESOURCES.es256 ? 'ES256' : 'RS256' } },
      }),
    },
  },
})
provider.proxy = true

/** Logs in the subject in the URL, and consents to what the client asked for. */
async function logIn(request: IncomingMessage, response: ServerResponse, url: URL): Promise<void> {
  const { params } = await provider.interactionDetails(request, response)
  const accountId = url.searchParams.get('subject') ?? ''
  const grant = new provider.Grant({ accountId, clientId: params['client_id'] })
  grant.addOIDCScope(String(params['scope']))
  const grantId = await grant.save()
  await provider.interactionFinished(request, response, { login: { accountId }, consent: { grantId } })
}

const serve = provider.callback()
const server = createServer((request, response) => {
  const url = new URL(request.url ?? '/', ISSUER)
  if (!url.pathname.startsWith('/interaction/')) {
    serve(request, response)
    return
  }
  logIn(request, response, url).catch((error: unknown) => {
    response.writeHead(500).end(String(error))
  })
})
// Lines rest while another system is measured.
server.keepAliveTimeout = 10 * 60 * 1000
server.listen(0, '127.0.0.1', () => {
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  process.stdout.write(`${READY}${JSON.stringify({ port })}\n`)
})
