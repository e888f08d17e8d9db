import { readFileSync } from 'node:fs'
import { cpus, release, totalmem } from 'node:os'
import { join } from 'node:path'
import { HERE } from '../bundle.ts'
import type { Options } from '../options.ts'
import type { Result } from '../run.ts'
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

/** The results as JSON: medians, and every round. */
export function resultsAsJson(options: Options, results: readonly Result[]): string {
  const systems = results.map(({ system, durability, samples, memory, failures }) => ({
    system,
    durability,
    peak_memory_mib: Math.max(...memory, 0),
    failures: Object.fromEntries(failures),
    measured: Object.fromEntries(
      [...samples].map(([name, rounds]) => [name, { median: summary(rounds), rounds }]),
    ),
  }))
  const { rounds, window, latency } = options
  return `${JSON.stringify({ machine: machine(), rounds, window, latency, systems }, null, 2)}\n`
}
