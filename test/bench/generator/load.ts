import { Lane } from './lane.ts'
import { cpuTicks, processTree, TICKS_PER_SECOND } from './proc.ts'

/** What a lane does for one unit of a workload; it throws at a wrong answer. */
export type Step = (lane: Lane, index: number) => Promise<void>

/** A workload that is ready to run. */
export interface Work {
  readonly step: Step
  /** The process whose CPU time counts, with those that it started. */
  readonly root: number
  /** How many send at the same time. */
  readonly lanes: number
  /** How often the step can run, where it uses something up that was prepared. */
  readonly supply?: number
}

/** How long a workload runs, seconds of the server's CPU time. */
export interface Window {
  readonly warm: number
  readonly measured: number
}

/** What one window gave. */
export interface Sample {
  /** CPU time of the server for each unit, microseconds: user and system time of all its processes and threads. */
  readonly cpu: number
  readonly perSecond: number
  /** Latencies of units, milliseconds. */
  readonly p50: number
  readonly p95: number
  readonly p99: number
  readonly units: number
  /** CPU time of the generator in the window, as a share of one core. */
  readonly generator: number
}

/** How many times its CPU time a window may take. */
const PATIENCE = 5

const POLL_MS = 20

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

/** The share of a supply that warms up. */
const WARM_SHARE = 0.3

/** Runs a workload, first to warm up and then measured. */
export async function runWork(work: Work, { warm, measured }: Window): Promise<Sample> {
  const { root } = work
  const lanes = Array.from({ length: work.lanes }, () => new Lane())
  try {
    const warmUnits = Math.floor((work.supply ?? Number.POSITIVE_INFINITY) * WARM_SHARE)
    const warmed = await drive(work, lanes, warm, warmUnits)
    const left = (work.supply ?? Number.POSITIVE_INFINITY) - warmed.length
    const ticks = await cpuTicks(await processTree(root))
    const own = process.cpuUsage()
    const started = performance.now()
    const latencies = await drive(work, lanes, measured, left)
    const wall = performance.now() - started
    const ownUsed = process.cpuUsage(own)
    const used = (await cpuTicks(await processTree(root))) - ticks
    const sorted = Float64Array.from(latencies).sort()
    const at = (share: number): number =>
      sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0
    return {
      cpu: (used * 1e6) / TICKS_PER_SECOND / latencies.length,
      perSecond: (latencies.length * 1000) / wall,
      p50: at(0.5),
      p95: at(0.95),
      p99: at(0.99),
      units: latencies.length,
      generator: (ownUsed.user + ownUsed.system) / 1000 / wall,
    }
  } finally {
    for (const lane of lanes) lane.close()
  }
}

/**
 * Repeats a step on every lane until the server had so many seconds of CPU time, or the supply is over. Counted so, and
 * not by the clock, a window is as long on a busy machine as on a quiet one. Returns the latency of each unit, ms.
 */
async function drive(work: Work, lanes: readonly Lane[], seconds: number, supply: number): Promise<number[]> {
  const latencies: number[] = []
  let left = supply
  let over = false
  const run = async (lane: Lane, index: number): Promise<void> => {
    for (let now = performance.now(); !over && left > 0; ) {
      left -= 1
      await work.step(lane, index)
      const after = performance.now()
      latencies.push(after - now)
      now = after
    }
  }
  const done = Promise.all(lanes.map(run)).finally(() => {
    over = true
  })
  const watched = watch(work, seconds, () => over)
  await Promise.race([watched, done])
  over = true
  await done
  await watched
  return latencies
}

/** Waits until the server had its CPU time, or something else ended that. */
async function watch({ root, lanes }: Work, seconds: number, over: () => boolean): Promise<void> {
  const from = await cpuTicks(await processTree(root))
  // One lane alone does not keep a server busy.
  const latest = performance.now() + seconds * 1000 * (lanes === 1 ? 1 : PATIENCE)
  while (!over() && performance.now() < latest) {
    await pause(POLL_MS)
    if ((await cpuTicks(await processTree(root))) - from >= seconds * TICKS_PER_SECOND) return
  }
}
