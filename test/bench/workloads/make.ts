import type { Work } from '../generator/load.ts'
import { requestText } from '../generator/site.ts'
import type { OAuthServer } from '../systems/oauth-server.ts'
import { WORKLOAD_NAMES, type WorkloadName } from './catalogue.ts'
import { exchangeWork, loginWork, refreshWork, revokeWork, userinfoWork } from './grants.ts'
import { clientCreateWork, clientGetWork, introspectionWork, machineWork, repeated } from './machines.ts'

/** The client that the administration is asked for. */
export const ASKED_CLIENT = 'bench-app'

const SESSIONS = 16

type Maker = (server: OAuthServer, supply: number) => Promise<Work> | Work | undefined

const get = (server: OAuthServer, path: string | undefined, needle: string): Work | undefined =>
  path === undefined ? undefined : repeated(server, requestText(server.site, 'GET', path), needle)

const MAKERS: Readonly<Record<WorkloadName, Maker>> = {
  client_credentials: (server) => server.machines.opaque && machineWork(server, server.machines.opaque),
  client_credentials_es256: (server) => server.machines.es256 && machineWork(server, server.machines.es256),
  client_credentials_rs256: (server) => server.machines.rs256 && machineWork(server, server.machines.rs256),
  introspection: (server) => server.introspection && introspectionWork(server, server.introspection, 'grant'),
  introspection_client: (server) =>
    server.introspection &&
    server.machines.opaque &&
    introspectionWork(server, server.introspection, 'client'),
  introspection_forged: (server) =>
    server.introspection &&
    server.machines.opaque &&
    introspectionWork(server, server.introspection, 'nobody'),
  userinfo: (server) => (server.paths.userinfo ? userinfoWork(server, server.paths.userinfo) : undefined),
  refresh: (server) => refreshWork(server, SESSIONS),
  refresh_series: (server) => refreshWork(server, 1),
  code_exchange: exchangeWork,
  revoke: (server, supply) =>
    server.paths.revoke ? revokeWork(server, server.paths.revoke, supply) : undefined,
  login: (server) => loginWork(server, 'known'),
  login_new: (server) => loginWork(server, 'new'),
  discovery: (server) => get(server, server.paths.discovery, '"token_endpoint"'),
  jwks: (server) => get(server, server.paths.jwks, '"kid"'),
  client_get: (server) => server.admin && clientGetWork(server, server.admin, ASKED_CLIENT),
  client_create: (server) => server.admin && clientCreateWork(server, server.admin),
}

/**
 * Prepares a workload. Throws if the server does not have it.
 * @param supply - how much is made of what a workload uses up
 */
export async function makeWork(server: OAuthServer, name: WorkloadName, supply: number): Promise<Work> {
  const work = await MAKERS[name](server, supply)
  if (work === undefined) throw new Error(`There is no ${name} here.`)
  return work
}

/** All workloads but these. */
export const allBut = (...names: readonly WorkloadName[]): readonly WorkloadName[] =>
  WORKLOAD_NAMES.filter((name) => !names.includes(name))
