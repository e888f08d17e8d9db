import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'
import type { ColdStart } from '../bench/start/measure.ts'
import { FLOOR_NAMES, WORKLOAD_NAMES, workloadOf } from '../bench/workloads/catalogue.ts'
import { startServer } from '../support/server.ts'

const BENCH = fileURLToPath(new URL('../bench/bench.ts', import.meta.url))

interface Measured {
  readonly median: Readonly<Record<string, number>>
}

interface System {
  readonly system: string
  readonly peak_memory_mib: number
  readonly failures: Readonly<Record<string, string>>
  readonly measured: Readonly<Record<string, Measured>>
}

interface Run {
  readonly systems: readonly System[]
  readonly starts: readonly { readonly name: string; readonly starts: readonly ColdStart[] }[]
}

/** Runs the benchmark for a moment. Returns its tables and its JSON. */
const bench = (...flags: readonly string[]) => benchWith({}, ...flags)

async function benchWith(
  env: Readonly<Record<string, string>>,
  ...flags: readonly string[]
): Promise<Run & { readonly tables: string }> {
  const folder = await mkdtemp(join(tmpdir(), 'ladon-bench-test-'))
  try {
    const out = join(folder, 'bench.json')
    const moment = ['--rounds', '1', '--seconds', '0.05', '--warm', '0.01', '--no-peers', '--out', out]
    const options = { env: { ...process.env, ...env } }
    const { stdout } = await promisify(execFile)(process.execPath, [BENCH, ...moment, ...flags], options)
    const [run] = Object.values<Run>(JSON.parse(await readFile(out, 'utf8')))
    return { tables: stdout, ...{ systems: [], starts: [], ...run } }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

// Each answer of a workload is checked when it comes, and a wrong one is a failure.
it('measures every workload and floor, and has a row for each', { timeout: 600_000 }, async () => {
  const { tables, systems, starts } = await bench()
  expect(systems.map(({ system }) => system)).toEqual(['Ladon', 'floors'])
  const [ladon, floors] = systems
  for (const { failures, peak_memory_mib: memory } of systems) {
    expect(failures).toEqual({})
    expect(memory).toBeGreaterThan(10)
  }
  expect(Object.keys(ladon?.measured ?? {})).toEqual(WORKLOAD_NAMES)
  expect(Object.keys(floors?.measured ?? {})).toEqual(FLOOR_NAMES)
  for (const { median } of systems.flatMap(({ measured }) => Object.values(measured)))
    expect(median['units']).toBeGreaterThan(0)
  expect(starts.map(({ name }) => name)).toEqual(['an empty Worker', 'Ladon'])
  for (const { listening, answered } of starts.flatMap((one) => one.starts)) {
    expect(listening).toBeGreaterThan(0)
    expect(answered).toBeGreaterThanOrEqual(listening)
  }
  const rows = tables.split('\n')
  for (const name of WORKLOAD_NAMES)
    expect(rows.filter((row) => row.startsWith(`| ${workloadOf(name).title} |`))).toHaveLength(2)
  for (const name of FLOOR_NAMES) expect(rows.some((row) => row.startsWith(`| ${name} |`))).toBe(true)
})

it('compares two bundles, and waits for storage', { timeout: 600_000 }, async () => {
  // A process that waits takes few of the ticks in which its time is counted, and of none there is no ratio.
  const flags = ['--only', 'introspection,client_get', '--no-floors', '--latency', '20', '--seconds', '1']
  const { tables, systems } = await bench(
    ...flags,
    '--against',
    fileURLToPath(new URL('../..', import.meta.url)),
  )
  expect(systems.map(({ system }) => system)).toEqual(['Ladon', 'against'])
  for (const { failures, measured } of systems) {
    expect(failures).toEqual({})
    for (const { median } of Object.values(measured)) expect(median['p50']).toBeGreaterThanOrEqual(20)
  }
  expect(tables).toMatch(/^\| introspection, live token of a grant \| \d+ .* \| \d+ \(\d+\.\d\d\) \|$/m)
})

// A development server stands in for Hydra: it has the same API.
it('has a row for a Hydra of this machine', { timeout: 600_000 }, async () => {
  const server = await startServer({ vars: { ADMIN_AUTH: 'open' } })
  try {
    const only = ['client_credentials', 'introspection', 'login', 'refresh', 'client_get']
    const env = { HYDRA_URL: server.base, HYDRA_ADMIN_URL: server.base }
    const { systems, tables } = await benchWith(env, '--only', only.join(), '--no-floors')
    expect(systems.map(({ system }) => system)).toEqual(['Ladon', 'Hydra'])
    for (const { failures, measured } of systems) {
      expect(failures).toEqual({})
      expect(Object.keys(measured).sort()).toEqual(only.toSorted())
    }
    expect(tables).toContain('| Hydra | as its database is configured |')
  } finally {
    await server.stop()
  }
})

it('gives one subject many grants, and profiles', { timeout: 600_000 }, async () => {
  const only = ['--only', 'login,introspection', '--no-floors']
  const { systems } = await bench(...only, '--grants', '0,500')
  expect(systems.map(({ system }) => system)).toEqual(['Ladon, 0 grants', 'Ladon, 500 grants'])
  for (const { failures, measured } of systems) {
    expect(failures).toEqual({})
    expect(Object.keys(measured)).toEqual(['login', 'introspection'])
  }
  const profile = await promisify(execFile)(process.execPath, [
    BENCH,
    '--profile',
    'discovery',
    '--seconds',
    '0.2',
  ])
  expect(profile.stdout).toMatch(/^\| \d+\.\d % \| \w+, src\/\S+\.ts, line \d+ of the bundle \|$/m)
})
