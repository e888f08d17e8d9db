import { readdir, readFile, readlink } from 'node:fs/promises'
import { peakMemory } from '../generator/proc.ts'
import type { Site } from '../generator/site.ts'
import { allBut } from '../workloads/make.ts'
import { hydraApi, machine, registerClients } from './hydra-api.ts'
import { serving } from './serving.ts'
import type { System } from './system.ts'

/** Where a Hydra runs on this machine, from the environment. */
export interface HydraPlace {
  /** `HYDRA_URL`: its public endpoint. */
  readonly url: string
  /** `HYDRA_ADMIN_URL`: its admin endpoint; port 4445 beside it if absent. */
  readonly adminUrl: string | undefined
  /** `HYDRA_PIDS`: processes whose CPU time counts, such as its database's; those that listen at its port if absent. */
  readonly pids: string | undefined
}

/** A Hydra that somebody started: it is neither started afresh for each round nor stopped. */
export function hydra({ url, adminUrl, pids }: HydraPlace): System {
  return {
    name: 'Hydra',
    durability: 'as its database is configured',
    measures: allBut('client_credentials_es256'),
    start: async () => {
      const site = siteOf(url)
      const admin = adminUrl === undefined ? { ...site, port: 4445 } : siteOf(adminUrl)
      const roots = pids === undefined ? await listeners(site.port) : pids.split(',').map(Number)
      if (roots.length === 0) throw new Error(`No process of this machine listens at ${url}: set HYDRA_PIDS.`)
      const server = { site, admin, adminHeaders: {}, roots }
      await registerClients(server)
      const machines = {
        opaque: machine(site, roots, 'bench-opaque'),
        rs256: machine(site, roots, 'bench-jwt'),
      }
      const running = { memory: () => peakMemory(roots), stop: async () => {} }
      return serving(running, hydraApi(server, machines))
    },
  }
}

function siteOf(url: string): Site {
  const { hostname, port, origin } = new URL(url)
  if (!['localhost', '127.0.0.1'].includes(hostname)) throw new Error(`${url} is not on this machine.`)
  return { port: Number(port), origin, absolute: false }
}

/** The processes that listen at a port (proc(5): `net/tcp`, state 0A). */
async function listeners(port: number): Promise<readonly number[]> {
  const tables = await Promise.all(
    ['tcp', 'tcp6'].map((name) => readFile(`/proc/net/${name}`, 'utf8').catch(() => '')),
  )
  const sockets = tables
    .flatMap((table) => table.split('\n'))
    .map((line) => line.trim().split(/\s+/))
    .filter((cells) => cells[3] === '0A' && Number.parseInt(cells[1]?.split(':')[1] ?? '', 16) === port)
    .map((cells) => `socket:[${cells[9]}]`)
  const processes = (await readdir('/proc')).filter((name) => /^\d+$/.test(name))
  const held = await Promise.all(
    processes.map(async (pid) => ((await holds(pid, sockets)) ? [Number(pid)] : [])),
  )
  return held.flat()
}

async function holds(pid: string, sockets: readonly string[]): Promise<boolean> {
  const open = await readdir(`/proc/${pid}/fd`).catch(() => [])
  const targets = await Promise.all(open.map((fd) => readlink(`/proc/${pid}/fd/${fd}`).catch(() => '')))
  return targets.some((target) => sockets.includes(target))
}
