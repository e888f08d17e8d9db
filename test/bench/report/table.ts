import type { Result } from '../run.ts'
import { FLOOR_NAMES, FLOORS, type WorkloadName, workloadOf } from '../workloads/catalogue.ts'
import { measuredOf, ratioOf } from './summary.ts'

const row = (...cells: readonly string[]): string => `| ${cells.join(' | ')} |`

const head = (...names: readonly string[]): string => `${row(...names)}\n${row(...names.map(() => '---'))}`

const MISSING = '-'

const micro = (value: number | undefined): string => (value === undefined ? MISSING : value.toFixed(0))
const multiple = (value: number | undefined): string =>
  value === undefined ? MISSING : `${value.toFixed(2)} x`
const millis = (value: number): string => (value < 10 ? value.toFixed(1) : value.toFixed(0))
const percent = (value: number): string => `${(value * 100).toFixed(0)} %`

/** CPU time of the first system by workload, beside its floor, its goal and the other systems. */
export function cpuTable(results: readonly Result[], workloads: readonly WorkloadName[]): string {
  const [first, ...others] = results.filter(({ system }) => system !== 'floors')
  const floors = results.find(({ system }) => system === 'floors')
  if (first === undefined) return ''
  const lines = workloads.map((name) => {
    const { title, floor, goal } = workloadOf(name)
    const own = measuredOf(first, name)?.cpu
    const bare = measuredOf(floors, floor)?.cpu
    const times = own === undefined || bare === undefined ? undefined : own / bare
    return row(
      title,
      micro(own),
      `${micro(bare)} (${floor})`,
      multiple(times),
      multiple(goal),
      ...others.map((other) => beside(first, other, name)),
    )
  })
  const names = others.map(({ system }) => system)
  return [head('workload', first.system, 'its floor', 'of the floor', 'goal', ...names), ...lines].join('\n')
}

function beside(first: Result, other: Result, name: WorkloadName): string {
  const theirs = measuredOf(other, name)?.cpu
  const ratio = ratioOf(first, other, name)
  return ratio === undefined ? micro(theirs) : `${micro(theirs)} (${ratio.toFixed(2)})`
}

/** Throughput and latency of every system by workload, and how busy the generator was. */
export function rateTable(results: readonly Result[], workloads: readonly WorkloadName[]): string {
  const systems = results.filter(({ system }) => system !== 'floors')
  const lines = workloads.flatMap((name) =>
    systems.flatMap((result) => {
      const sample = measuredOf(result, name)
      if (sample === undefined) return []
      const { perSecond, p50, p95, p99, generator } = sample
      const latencies = [p50, p95, p99].map(millis).join(' / ')
      return [row(workloadOf(name).title, result.system, perSecond.toFixed(0), latencies, percent(generator))]
    }),
  )
  return [head('workload', 'system', 'a second', 'p50 / p95 / p99, ms', 'generator'), ...lines].join('\n')
}

/** The floors. */
export function floorTable(results: readonly Result[]): string {
  const floors = results.find(({ system }) => system === 'floors')
  const lines = FLOOR_NAMES.flatMap((name) => {
    const sample = measuredOf(floors, name)
    if (sample === undefined) return []
    return [
      row(name, FLOORS[name], micro(sample.cpu), sample.perSecond.toFixed(0), percent(sample.generator)),
    ]
  })
  return [head('floor', 'what it does', 'CPU, us', 'a second', 'generator'), ...lines].join('\n')
}

/** Peak memory and durability of every system. */
export function systemTable(results: readonly Result[]): string {
  const lines = results.map(({ system, durability, memory }) =>
    row(system, durability, Math.max(...memory, 0).toFixed(0)),
  )
  return [head('system', 'durability', 'peak memory, MiB'), ...lines].join('\n')
}
