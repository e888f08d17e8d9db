import type { Lane } from './lane.ts'
import { cpuTicks, TICKS_PER_SECOND } from './proc.ts'

/** What a lane does for one unit of a workload; it throws at a wrong answer. */
export type Step = (lane: Lane, index: number) => Promise<void>

/** A workload that is ready to run. */
export interface Work {
  readonly step: Step
  /** The processes whose CPU time counts, with those that they started. */
  readonly roots: readonly number[]
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

/** How many codes and the like are made for a second in which they are used up. */
const SUPPLY_PER_SECOND = 150

/** How much is made of what a workload uses up in a window. */
export const supplyOf = ({ warm, measured }: Window): number =>
  Math.ceil((warm + measured) * SUPPLY_PER_SECOND)

/** What the windows of a round gave. */
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

/**
 * Repeats a step on every lane until the server had so many seconds of CPU time, or the supply is over. Counted so, and
 * not by the clock, a window is as long on a busy machine as on a quiet one. Returns the latency of each unit, ms.
 */
export async function drive(
  work: Work,
  lanes: readonly Lane[],
  seconds: number,
  supply: number,
): Promise<readonly number[]> {
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
async function watch({ roots, lanes }: Work, seconds: number, over: () => boolean): Promise<void> {
  const from = await cpuTicks(roots)
  // One lane alone does not keep a server busy.
  const latest = performance.now() + seconds * 1000 * (lanes === 1 ? 1 : PATIENCE)
  while (!over() && performance.now() < latest) {
    await pause(POLL_MS)
    if ((await cpuTicks(roots)) - from >= seconds * TICKS_PER_SECOND) return
  }
}
