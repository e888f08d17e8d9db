import type { Options } from '../options.ts'
import type { Result } from '../run.ts'
import type { ColdStart } from '../start/measure.ts'
import { EMPTY, type Starts } from '../start/starts.ts'
import { FLOOR_NAMES, FLOORS, type WorkloadName, workloadOf } from '../workloads/catalogue.ts'
import { type Measurements, machine } from './results.ts'
import { measuredOf, median, ratioOf } from './summary.ts'

const row = (...cells: readonly string[]): string => `| ${cells.join(' | ')} |`

const head = (...names: readonly string[]): string => `${row(...names)}\n${row(...names.map(() => '---'))}`

const MISSING = '-'

/** The share of its processor above which the generator is suspected. */
const TOO_BUSY = 0.9

/** What Ladon may take more than an empty Worker, milliseconds of CPU time. */
const START_GOAL_MS = 15
const FIRST_GOAL_MS = 2

const micro = (value: number | undefined): string => (value === undefined ? MISSING : value.toFixed(0))
const multiple = (value: number | undefined): string =>
  value === undefined ? MISSING : `${value.toFixed(2)} x`
const millis = (value: number): string => (value < 10 ? value.toFixed(1) : value.toFixed(0))
const percent = (value: number): string => `${(value * 100).toFixed(0)} %`

/** CPU time of the first system by workload, beside its floor, its goal and the other systems. */
function cpuTable(results: readonly Result[], workloads: readonly WorkloadName[]): string {
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
function rateTable(results: readonly Result[], workloads: readonly WorkloadName[]): string {
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
function floorTable(results: readonly Result[]): string {
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

/** Whether the generator could have sent more: how busy it was, and what it sends where answers cost next to nothing. */
function generatorLine(results: readonly Result[]): string {
  const all = results.flatMap((result) =>
    [...result.samples.keys()].flatMap((name) => {
      const sample = measuredOf(result, name)
      return sample === undefined ? [] : [{ name, ...sample }]
    }),
  )
  const measured = all.filter(({ name }) => name !== 'socket')
  const busiest = Math.max(...measured.map(({ generator }) => generator))
  const fastest = Math.max(...measured.map(({ perSecond }) => perSecond))
  const bare = all.find(({ name }) => name === 'socket')?.perSecond
  const beside = bare === undefined ? '' : `; a bare socket answered ${bare.toFixed(0)} a second`
  const limits = busiest > TOO_BUSY || fastest >= (bare ?? Number.POSITIVE_INFINITY)
  return `The generator was at most ${percent(busiest)} busy, the fastest row ${fastest.toFixed(0)} a second${beside}.${limits ? ' **It may have been the limit.**' : ''}`
}

/** Peak memory and durability of every system. */
function systemTable(results: readonly Result[]): string {
  const lines = results.map(({ system, durability, memory }) =>
    row(system, durability, Math.max(...memory, 0).toFixed(0)),
  )
  return [head('system', 'durability', 'peak memory, MiB'), ...lines].join('\n')
}

/** CPU time from the start of a process until it listens, and for its first answer, above that of an empty Worker. */
function startTable(starts: readonly Starts[]): string {
  const of = (name: keyof ColdStart, { starts: all }: Starts): number =>
    median(all.map((start) => start[name]))
  const empty = starts.find(({ name }) => name === EMPTY)
  const floor = empty === undefined ? undefined : { listening: of('listening', empty), first: first(empty) }
  const lines = starts.map((one) => {
    const [listening, answer] = [of('listening', one), first(one)]
    const above = (own: number, bare: number | undefined): string =>
      bare === undefined ? MISSING : (own - bare).toFixed(1)
    return row(
      one.name,
      listening.toFixed(1),
      answer.toFixed(1),
      above(listening, floor?.listening),
      above(answer, floor?.first),
    )
  })
  const names = [
    'until it listens, ms',
    'first answer, ms',
    'above an empty Worker',
    'its first answer above',
  ]
  return [head('cold start, CPU time', ...names), ...lines].join('\n')
}

/** CPU time of the first answer, ms. */
const first = ({ starts }: Starts): number =>
  median(starts.map(({ listening, answered }) => answered - listening))

/** What the run was made on. */
function machineLines(rounds: number): string {
  const { date, processor, processors, memory_gib, kernel, node, workerd, miniflare } = machine()
  return `${date}; ${processor}, ${processors} processors, ${memory_gib} GiB; Linux ${kernel}, Node ${node}, workerd ${workerd}, Miniflare ${miniflare}. Medians of ${rounds} rounds.`
}

/** Everything that a run gave, as Markdown. */
export function tablesOf(
  { only, rounds, floors }: Pick<Options, 'only' | 'rounds' | 'floors'>,
  { results, starts }: Measurements,
): string {
  const own = results.find(({ system }) => system !== 'floors')?.system ?? ''
  const ofWorkloads =
    results.length === 0
      ? []
      : [
          `CPU time of the server for one unit, microseconds; in brackets ${own}'s as a multiple of the other's:`,
          cpuTable(results, only),
          'Throughput and latency; how busy the generator was, of one processor:',
          rateTable(results, only),
          generatorLine(results),
          ...(floors ? [floorTable(results)] : []),
          systemTable(results),
        ]
  const ofStarts =
    starts.length === 0
      ? []
      : [
          startTable(starts),
          `Goals: ${START_GOAL_MS} ms above an empty Worker, ${FIRST_GOAL_MS} ms at the first answer.`,
        ]
  return [machineLines(rounds), ...ofWorkloads, ...ofStarts].join('\n\n')
}
