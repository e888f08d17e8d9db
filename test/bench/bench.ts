/**
 * `npm run bench`: what Ladon's production bundle costs beside bare floors and other servers. `--help` tells the flags,
 * README.md beside this file how it measures.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { availableParallelism, tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { bundleOf, HERE } from './bundle.ts'
import type { Work } from './generator/load.ts'
import { HELP, type Options, readOptions } from './options.ts'
import { installPeers } from './peers/install.ts'
import { profile } from './profile.ts'
import { resultsAsJson } from './report/json.ts'
import { cpuTable, floorTable, rateTable, systemTable } from './report/table.ts'
import { type Result, run } from './run.ts'
import { pin } from './serve/start.ts'
import { bundleFloors, floors } from './systems/floors.ts'
import { hydra } from './systems/hydra.ts'
import { bundleKvPeer, kvPeer } from './systems/kv-peer.ts'
import { ladon } from './systems/ladon.ts'
import { oidcProvider } from './systems/oidc-provider.ts'
import type { Measured, System } from './systems/system.ts'
import { FLOOR_NAMES, workloadOf } from './workloads/catalogue.ts'

const options = readOptions(process.argv.slice(2))
if (options === undefined) console.log(HELP)
else await bench(options)

async function bench(given: Options): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'ladon-bench-'))
  // Servers get the first processor; what sends, and what reads their logs, the last.
  const processors = availableParallelism()
  const pinned = processors > 1 && pin(process.pid, processors - 1)
  if (!pinned) console.error('One processor, or no taskset: what sends and what serves share it.')
  try {
    if (given.profile !== undefined) await profile(given, given.profile, folder)
    else await report(given, await measureAll(given, folder))
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

async function measureAll(given: Options, folder: string): Promise<readonly Result[]> {
  const measured: Measured[] = [...(given.floors ? floorsOf(given) : []), ...given.only]
  return run({
    systems: await systemsOf(given, folder),
    measured,
    rounds: given.rounds,
    window: given.window,
    folder,
    tell: (line) => console.error(line),
    ...(given.latency === undefined ? {} : { adapt: (work: Work): Work => ({ ...work, lanes: 1 }) }),
  })
}

/** The floors of the workloads, and what shows that the generator can send more. */
function floorsOf(given: Options): readonly Measured[] {
  const needed = new Set([...given.only.map((name) => workloadOf(name).floor), 'socket', 'empty'])
  return FLOOR_NAMES.filter((name) => needed.has(name))
}

async function systemsOf(given: Options, folder: string): Promise<readonly System[]> {
  const slow = { latency: given.latency }
  const own = await bundleOf(resolve(given.bundle ?? HERE), join(folder, 'bundle'))
  const systems = [ladon('Ladon', own, slow)]
  if (given.against !== undefined) {
    const other = await bundleOf(resolve(given.against), join(folder, 'against'))
    systems.push(ladon('against', other, slow))
  }
  if (given.peers) systems.push(...(await peers(folder)))
  const { HYDRA_URL: url, HYDRA_ADMIN_URL: adminUrl, HYDRA_PIDS: pids } = process.env
  if (url !== undefined) systems.push(hydra({ url, adminUrl, pids }))
  if (given.floors) {
    await bundleFloors(join(folder, 'floors'))
    systems.push(floors(join(folder, 'floors')))
  }
  return systems
}

async function peers(folder: string): Promise<readonly System[]> {
  const installed = await installPeers()
  await bundleKvPeer(installed, join(folder, 'kv-peer'))
  return [
    oidcProvider(installed, 'memory'),
    oidcProvider(installed, 'sqlite'),
    kvPeer(join(folder, 'kv-peer')),
  ]
}

async function report(given: Options, results: readonly Result[]): Promise<void> {
  console.log(`CPU microseconds a unit, medians of ${given.rounds} rounds; in brackets Ladon's as a share\n`)
  console.log(`${cpuTable(results, given.only)}\n`)
  console.log(`${rateTable(results, given.only)}\n`)
  if (given.floors) console.log(`${floorTable(results)}\n`)
  console.log(systemTable(results))
  if (given.out !== undefined) await writeFile(given.out, resultsAsJson(given, results))
  const failures = results.flatMap(({ system, failures: ofOne }) => [...ofOne].map((one) => [system, ...one]))
  for (const failure of failures) console.error(`FAILED ${failure.join(': ')}`)
  if (failures.length > 0) process.exitCode = 1
}
