import { readFileSync } from 'node:fs'
import { cpus, release, totalmem } from 'node:os'
import { join } from 'node:path'
import { HERE } from '../bundle.ts'
import type { Options } from '../options.ts'
import type { Result } from '../run.ts'
import type { Starts } from '../start/starts.ts'
import { summary } from './summary.ts'

/** The version of a package that is installed here. */
export function installed(name: string): string {
  const { version }: { version: string } = JSON.parse(
    readFileSync(join(HERE, 'node_modules', name, 'package.json'), 'utf8'),
  )
  return version
}

/** What the run was made on, and with. */
export const machine = (): Readonly<Record<string, string | number>> => ({
  date: new Date().toISOString().slice(0, 10),
  processor: cpus()[0]?.model ?? 'unknown',
  processors: cpus().length,
  memory_gib: Math.round(totalmem() / 2 ** 30),
  kernel: release(),
  node: process.version,
  workerd: installed('workerd'),
  miniflare: installed('miniflare'),
})

/** What a run gave. */
export interface Measurements {
  readonly results: readonly Result[]
  readonly starts: readonly Starts[]
}

/** What a run gave, for a JSON file: medians, and every round. */
export function resultsOf(
  { rounds, window, latency }: Pick<Options, 'rounds' | 'window' | 'latency'>,
  { results, starts }: Measurements,
): object {
  const systems = results.map(({ system, durability, samples, memory, failures }) => ({
    system,
    durability,
    peak_memory_mib: Math.max(...memory, 0),
    failures: Object.fromEntries(failures),
    measured: Object.fromEntries(
      [...samples].map(([name, ofRounds]) => [name, { median: summary(ofRounds), rounds: ofRounds }]),
    ),
  }))
  return { machine: machine(), rounds, window, latency_ms: latency, systems, starts }
}
