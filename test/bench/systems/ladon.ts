import { join } from 'node:path'
import type { Bundle } from '../bundle.ts'
import { prepare } from '../generator/lane.ts'
import type { Work } from '../generator/load.ts'
import { bearer, type Site } from '../generator/site.ts'
import { type Server, startWorker } from '../serve/start.ts'
import { WORKLOAD_NAMES } from '../workloads/catalogue.ts'
import { logIn } from '../workloads/grants.ts'
import { allBut, makeWork } from '../workloads/make.ts'
import { hydraApi, machine, registerClients } from './hydra-api.ts'
import type { OAuthServer } from './oauth-server.ts'
import { serving } from './serving.ts'
import type { Running, System } from './system.ts'

export const ISSUER = 'https://login.bench.example'
const ADMIN_KEY = 'ladon-bench-admin-key'

/** What the installation is given; everything else has its default. */
export const SETTINGS = {
  URLS_SELF_ISSUER: ISSUER,
  URLS_LOGIN: 'https://app.bench.example/login',
  URLS_CONSENT: 'https://app.bench.example/consent',
  URLS_LOGOUT: 'https://app.bench.example/logout',
  SECRETS_SYSTEM: 'bench-system-secret-of-32-characters',
  ADMIN_API_KEYS: ADMIN_KEY,
}

export interface LadonOptions {
  /** Milliseconds that every storage call waits. */
  readonly latency?: number | undefined
  readonly inspected?: boolean
  /** A folder with storage to go on with, instead of fresh storage for each round. */
  readonly state?: string
  /** The only user that logs in. */
  readonly user?: string
}

/** A running Ladon, as the workloads know it. */
export interface RunningLadon extends Running {
  readonly server: Server
  readonly api: OAuthServer
}

/** Ladon's bundle in workerd, for an issuer that is not this machine. */
export function ladon(name: string, bundle: Bundle, options: LadonOptions = {}): System {
  return {
    name,
    durability: 'every change is in SQLite files when it is answered',
    measures: WORKLOAD_NAMES,
    start: (folder) => startLadon(bundle, folder, options),
  }
}

/** Starts Ladon with its clients registered; a second one for ES256 only when that is asked for. */
export async function startLadon(
  bundle: Bundle,
  folder: string,
  options: LadonOptions = {},
): Promise<RunningLadon> {
  const servers: Server[] = []
  const serve = async (place: string, algorithm: string): Promise<{ server: Server; api: OAuthServer }> => {
    const server = await startWorker({
      name: 'ladon',
      bundle: bundle.folder,
      state: options.state ?? join(folder, place),
      migrations: bundle.migrations,
      settings: { ...SETTINGS, SIGNING_ALGORITHM: algorithm },
      d1: ['DB'],
      kv: ['COPIES'],
      objects: { LEDGER: 'Ledger' },
      ...(options.latency === undefined ? {} : { latency: options.latency }),
      ...(options.inspected === undefined ? {} : { inspected: options.inspected }),
    })
    servers.push(server)
    const site: Site = { port: server.port, origin: ISSUER, absolute: true }
    const reached = { site, admin: site, adminHeaders: bearer(ADMIN_KEY), roots: [server.root] }
    await registerClients(reached)
    const jwt = machine(site, [server.root], 'bench-jwt')
    const machines =
      algorithm === 'ES256'
        ? { es256: jwt }
        : { opaque: machine(site, [server.root], 'bench-opaque'), rs256: jwt }
    const api = hydraApi(reached, machines)
    return { server, api: options.user === undefined ? api : { ...api, users: [options.user] } }
  }
  const { server, api } = await serve('rs256', 'RS256')
  const usual = serving(server, api)
  let es256: OAuthServer | undefined
  return {
    server,
    api,
    ...usual,
    work: async (name, supply): Promise<Work> => {
      if (name !== 'client_credentials_es256') return usual.work(name, supply)
      es256 ??= (await serve('es256', 'ES256')).api
      return makeWork(es256, name, supply)
    },
    stop: async () => {
      await Promise.all(servers.map((one) => one.stop()))
    },
  }
}

const HISTORY = 'user-with-a-history'

/** Ladon with storage in which one subject has so many grants, which is kept from round to round. */
export async function seeded(name: string, bundle: Bundle, count: number, folder: string): Promise<System> {
  const options = { state: join(folder, `grants-${count}`), user: HISTORY }
  const running = await startLadon(bundle, folder, options)
  try {
    await prepare(1, 1, (lane) => logIn(running.api, lane, true))
  } finally {
    await running.stop()
  }
  // Loaded here, since Node warns of its SQLite.
  const { seedGrants } = await import('../serve/seed.ts')
  await seedGrants(options.state, count)
  const system = ladon(name, bundle, options)
  return { ...system, measures: allBut('client_credentials_es256', 'login_new') }
}
