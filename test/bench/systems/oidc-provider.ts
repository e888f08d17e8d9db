import { join } from 'node:path'
import { basic, type Site } from '../generator/site.ts'
import { APP, ISSUER, MACHINE, RESOURCES, SECRET } from '../peers/facts.ts'
import { PEERS } from '../peers/install.ts'
import { type Server, startNode } from '../serve/start.ts'
import { allBut } from '../workloads/make.ts'
import { Browser, pathOf } from './browser.ts'
import { CHALLENGE, type Machine, type OAuthServer, REDIRECT_URI } from './oauth-server.ts'
import { serving } from './serving.ts'
import type { System } from './system.ts'

const VERSION = PEERS['oidc-provider']

/** The program that serves it, with its store in memory. */
export const oidcProgram = (
  peers: string,
): { readonly program: string; readonly args: readonly string[] } => ({
  program: join(import.meta.dirname, '../peers/oidc-provider.ts'),
  args: [join(peers, 'node_modules/oidc-provider/lib/index.js')],
})

/** oidc-provider on Node's HTTP server. */
export function oidcProvider(peers: string, store: 'memory' | 'sqlite'): System {
  const { program, args } = oidcProgram(peers)
  return {
    name: `oidc-provider ${VERSION}, ${store}`,
    durability:
      store === 'memory'
        ? 'nothing: a restart forgets everything'
        : 'every change is in one SQLite file, WAL and synced, when it is answered',
    measures: allBut('client_get', 'client_create'),
    start: async (folder) => {
      const server = await startNode(
        program,
        store === 'memory' ? args : [...args, join(folder, 'store.sqlite')],
      )
      return serving(server, api(server))
    },
  }
}

function api({ port, root }: Server): OAuthServer {
  const site: Site = { port, origin: ISSUER, absolute: false, headers: { 'x-forwarded-proto': 'https' } }
  const machine = (fields: Machine['fields']): Machine => ({
    site,
    roots: [root],
    headers: basic(MACHINE, SECRET),
    fields,
  })
  return {
    site,
    roots: [root],
    paths: {
      token: '/token',
      discovery: '/.well-known/openid-configuration',
      jwks: '/jwks',
      userinfo: '/me',
      revoke: '/token/revocation',
    },
    introspection: { site, path: '/token/introspection', headers: basic(APP, SECRET) },
    machines: {
      opaque: machine({}),
      es256: machine({ resource: RESOURCES.es256 }),
      rs256: machine({ resource: RESOURCES.rs256 }),
    },
    app: { headers: basic(APP, SECRET), fields: {} },
    identifies: true,
    userinfoNeedle: '"sub"',
    scope: (identified) => (identified ? 'openid' : 'api'),
    login: async (lane, subject, scope) => {
      const browser = new Browser(lane, site)
      const query = new URLSearchParams({
        client_id: APP,
        redirect_uri: REDIRECT_URI,
        response_type: 'code',
        scope,
        state: 'state-0123456789',
        ...(scope === 'openid' && { nonce: 'nonce-0123456789' }),
        code_challenge: CHALLENGE,
        code_challenge_method: 'S256',
      })
      const atLogin = pathOf((await browser.follow(`/auth?${query}`)).location)
      const afterLogin = pathOf((await browser.follow(`${atLogin}?subject=${subject}`)).location)
      return browser.next(afterLogin, 'code')
    },
  }
}
