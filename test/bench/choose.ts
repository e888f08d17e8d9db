import { mkdir } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { type Bundle, bundleOf, HERE } from './bundle.ts'
import type { Options } from './options.ts'
import { installPeers } from './peers/install.ts'
import type { Starter } from './start/measure.ts'
import { emptyStarter, kvStarter, ladonStarter, nodeStarter } from './start/starts.ts'
import { bundleFloors, floors } from './systems/floors.ts'
import { hydra } from './systems/hydra.ts'
import { bundleKvPeer, kvPeer } from './systems/kv-peer.ts'
import { ladon, seeded } from './systems/ladon.ts'
import { oidcProgram, oidcProvider } from './systems/oidc-provider.ts'
import type { System } from './systems/system.ts'

/** What a run measures, by the flags: systems in rounds, and programs that are started cold. */
export interface Chosen {
  readonly systems: readonly System[]
  readonly starters: readonly Starter[]
}

/** Bundles and installs what the flags ask for. */
export async function choose(given: Options, folder: string): Promise<Chosen> {
  const own = await bundleOf(resolve(given.bundle ?? HERE), join(folder, 'bundle'))
  const systems: System[] = []
  const starters: Starter[] = [await emptyStarter(folder), await starterOf('Ladon', own, folder)]
  if (given.grants.length > 0) systems.push(...(await withGrants(own, given.grants, folder)))
  else systems.push(ladon('Ladon', own, { latency: given.latency }))
  if (given.against !== undefined) {
    const other = await bundleOf(resolve(given.against), join(folder, 'against'))
    systems.push(ladon('against', other, { latency: given.latency }))
    starters.push(await starterOf('against', other, folder))
  }
  if (given.peers) {
    const chosen = await peers(given, folder)
    systems.push(...chosen.systems)
    starters.push(...chosen.starters)
  }
  const { HYDRA_URL: url, HYDRA_ADMIN_URL: adminUrl, HYDRA_PIDS: pids } = process.env
  if (url !== undefined) systems.push(hydra({ url, adminUrl, pids }))
  if (given.floors) {
    await bundleFloors(join(folder, 'floors'))
    systems.push(floors(join(folder, 'floors')))
  }
  return { systems, starters }
}

async function starterOf(name: string, { folder: bundle }: Bundle, folder: string): Promise<Starter> {
  const own = join(folder, `start-${name}`)
  await mkdir(own, { recursive: true })
  return ladonStarter(name, bundle, own)
}

/** Ladon with one subject that has so many grants, and logs in again and again. */
async function withGrants(bundle: Bundle, counts: readonly number[], folder: string): Promise<System[]> {
  const systems: System[] = []
  for (const count of counts)
    systems.push(await seeded(`Ladon, ${count.toLocaleString('en')} grants`, bundle, count, folder))
  return systems
}

/** The servers that npm installs. Only the one in workerd can be given slow storage. */
async function peers({ latency }: Options, folder: string): Promise<Chosen> {
  const installed = await installPeers()
  const bundle = join(folder, 'kv-peer')
  await bundleKvPeer(installed, bundle)
  const inWorkerd = kvPeer(bundle, latency)
  const starters = [kvStarter(inWorkerd.name, bundle, bundle)]
  if (latency !== undefined) return { systems: [inWorkerd], starters }
  const onNode = [oidcProvider(installed, 'memory'), oidcProvider(installed, 'sqlite')]
  const { program, args } = oidcProgram(installed)
  const starter = nodeStarter(onNode[0]?.name ?? '', program, args)
  return { systems: [...onNode, inWorkerd], starters: [...starters, starter] }
}
