/**
 * `npm run bench`: what Ladon's production bundle costs beside bare floors and other servers. `--help` tells the flags,
 * README.md beside this file how it measures.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { choose } from './choose.ts'
import type { Work } from './generator/load.ts'
import { HELP, type Options, readOptions } from './options.ts'
import { profile } from './profile.ts'
import { record } from './report/document.ts'
import { type Measurements, resultsOf } from './report/results.ts'
import { tablesOf } from './report/table.ts'
import { run } from './run.ts'
import { pin } from './serve/start.ts'
import { measureStarts } from './start/starts.ts'
import type { Measured } from './systems/system.ts'
import { FLOOR_NAMES, workloadOf } from './workloads/catalogue.ts'

/** How many cold starts belong to a round. */
const STARTS = 5

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

async function measureAll(given: Options, folder: string): Promise<Measurements> {
  const { systems, starters } = await choose(given, folder)
  const tell = (line: string): void => console.error(line)
  const starts = given.starts === 'none' ? [] : await measureStarts(starters, given.rounds * STARTS)
  if (given.starts === 'only') return { results: [], starts }
  const measured: Measured[] = [...(given.floors ? floorsOf(given) : []), ...given.only]
  const adapt = (work: Work): Work => (given.latency === undefined ? work : { ...work, lanes: 1 })
  const { rounds, window } = given
  return { results: await run({ systems, measured, rounds, window, folder, tell, adapt }), starts }
}

/** The floors of the workloads, and what shows that the generator can send more. */
function floorsOf(given: Options): readonly Measured[] {
  const ofWorkloads = given.only.map(workloadOf).flatMap(({ floor, storage }) => [floor, storage])
  const needed = new Set([...ofWorkloads, 'socket', 'empty'])
  return FLOOR_NAMES.filter((name) => needed.has(name))
}

async function report(given: Options, measurements: Measurements): Promise<void> {
  const tables = tablesOf(given, measurements)
  console.log(tables)
  const kind = given.grants.length > 0 ? 'grants' : given.latency === undefined ? 'main' : 'latency'
  if (given.out !== undefined) await record(given.out, kind, resultsOf(given, measurements), tables)
  const failures = measurements.results.flatMap(({ system, failures: ofOne }) =>
    [...ofOne].map((one) => [system, ...one].join(': ')),
  )
  for (const failure of failures) console.error(`FAILED ${failure}`)
  if (failures.length > 0) process.exitCode = 1
}
