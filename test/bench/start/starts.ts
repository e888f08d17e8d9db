import { spawn } from 'node:child_process'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { ISSUER as PEER_ISSUER } from '../peers/facts.ts'
import { READY } from '../serve/plan.ts'
import { ISSUER, SETTINGS } from '../systems/ladon.ts'
import { type ColdStart, coldStart, type Starter } from './measure.ts'
import { type PlainWorker, startPlain } from './plain.ts'

/** The name of the Worker that does nothing: what all others are compared with. */
export const EMPTY = 'an empty Worker'

/** Cold starts of one program, one of each round. */
export interface Starts {
  readonly name: string
  readonly starts: readonly ColdStart[]
}

/** A Worker in plain workerd. */
function plain(name: string, folder: string, worker: PlainWorker, origin: string, path: string): Starter {
  return { name, origin, path, absolute: true, start: () => startPlain(worker, folder) }
}

/** The Worker that does nothing. */
export async function emptyStarter(folder: string): Promise<Starter> {
  const own = join(folder, 'empty')
  await mkdir(own, { recursive: true })
  const module = join(own, 'index.js')
  await writeFile(module, 'export default { fetch: () => new Response("{}") }\n')
  return plain(EMPTY, own, { module }, ISSUER, '/')
}

/** Ladon's bundle; the first request is one that needs its settings and no storage. */
export const ladonStarter = (name: string, bundle: string, folder: string): Starter =>
  plain(
    name,
    folder,
    {
      module: join(bundle, 'index.js'),
      settings: SETTINGS,
      d1: 'DB',
      kv: 'COPIES',
      object: ['LEDGER', 'Ledger'],
    },
    ISSUER,
    '/health/alive',
  )

/** workers-oauth-provider. */
export const kvStarter = (name: string, bundle: string, folder: string): Starter =>
  plain(
    name,
    folder,
    { module: join(bundle, 'index.js'), kv: 'OAUTH_KV' },
    PEER_ISSUER,
    '/.well-known/oauth-authorization-server',
  )

/** oidc-provider on Node: with the start of Node, and the making of its keys. */
export const nodeStarter = (name: string, program: string, args: readonly string[]): Starter => ({
  name,
  origin: PEER_ISSUER,
  path: '/.well-known/openid-configuration',
  absolute: false,
  start: async () => {
    const child = spawn(process.execPath, ['--no-warnings', program, ...args], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    for await (const line of createInterface({ input: child.stdout })) {
      if (!line.startsWith(READY)) continue
      const { port }: { port: number } = JSON.parse(line.slice(READY.length))
      return { child, port }
    }
    throw new Error(`${name} ended before it listened.`)
  },
})

/** Starts all programs in turn, so many times. */
export async function measureStarts(
  starters: readonly Starter[],
  rounds: number,
): Promise<readonly Starts[]> {
  const all = starters.map((starter) => ({ starter, starts: [] as ColdStart[] }))
  for (let round = 0; round < rounds; round += 1) {
    for (const { starter, starts } of all) starts.push(await coldStart(starter))
  }
  return all.map(({ starter: { name }, starts }) => ({ name, starts }))
}
