import { cp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { HERE, wrangler } from '../bundle.ts'
import { prepare } from '../generator/lane.ts'
import { basic, requestText, type Site } from '../generator/site.ts'
import { ISSUER } from '../peers/facts.ts'
import { PEERS } from '../peers/install.ts'
import { type Server, startWorker } from '../serve/start.ts'
import type { WorkloadName } from '../workloads/catalogue.ts'
import { Browser } from './browser.ts'
import { CHALLENGE, type OAuthServer, REDIRECT_URI } from './oauth-server.ts'
import { serving } from './serving.ts'
import type { System } from './system.ts'

const MEASURES: readonly WorkloadName[] = [
  'userinfo',
  'refresh',
  'refresh_series',
  'code_exchange',
  'login',
  'login_new',
  'revoke',
  'discovery',
]

/** Bundles the peer's Worker into a folder. */
export async function bundleKvPeer(peers: string, folder: string): Promise<void> {
  const source = join(peers, 'kv-worker')
  await rm(source, { recursive: true, force: true })
  await cp(join(HERE, 'test/bench/peers/kv-worker'), source, { recursive: true })
  await wrangler(source, ['--minify', '--outdir', folder])
}

/** workers-oauth-provider under Miniflare. What stands as userinfo is a call of the API that it protects. */
export function kvPeer(bundle: string, latency?: number): System {
  return {
    name: `workers-oauth-provider ${PEERS['@cloudflare/workers-oauth-provider']}, KV`,
    durability: 'every change is in files of the local KV when it is answered',
    measures: MEASURES,
    start: async (folder) => {
      const server = await startWorker({
        name: 'peer',
        bundle,
        state: folder,
        kv: ['OAUTH_KV'],
        ...(latency !== undefined && { latency }),
      })
      return serving(server, await api(server))
    },
  }
}

async function api({ port, root }: Server): Promise<OAuthServer> {
  const site: Site = { port, origin: ISSUER, absolute: true }
  const [made] = await prepare(1, 1, (lane) => lane.ask(site, requestText(site, 'GET', '/client'), 200))
  const { clientId, clientSecret }: Readonly<Record<string, string>> = JSON.parse(made?.body ?? '{}')
  return {
    site,
    roots: [root],
    paths: {
      token: '/token',
      discovery: '/.well-known/oauth-authorization-server',
      userinfo: '/api',
      revoke: '/token',
    },
    machines: {},
    app: { headers: basic(clientId ?? '', clientSecret ?? ''), fields: {} },
    identifies: false,
    userinfoNeedle: '"sub"',
    scope: () => 'api offline_access',
    login: (lane, subject, scope) => {
      const query = new URLSearchParams({
        client_id: clientId ?? '',
        redirect_uri: REDIRECT_URI,
        response_type: 'code',
        scope,
        state: 'state-0123456789',
        code_challenge: CHALLENGE,
        code_challenge_method: 'S256',
        subject,
      })
      return new Browser(lane, site).next(`/authorize?${query}`, 'code')
    },
  }
}
