import { Lane } from './lane.ts'
import { drive, type Sample, type Work } from './load.ts'
import { cpuTicks, TICKS_PER_SECOND } from './proc.ts'

/** The share of a supply that warms up. */
const WARM_SHARE = 0.3

/** One workload of one system in one round: warmed up, then measured in slices, so that systems can take turns. */
export class Trial {
  readonly #work: Work
  readonly #lanes: readonly Lane[]
  readonly #latencies: number[] = []
  #left: number
  #ticks = 0
  #wallMs = 0
  #generatorMs = 0

  constructor(work: Work) {
    this.#work = work
    this.#left = work.supply ?? Number.POSITIVE_INFINITY
    this.#lanes = Array.from({ length: work.lanes }, () => new Lane())
  }

  /** Runs the workload without measuring it, for so many seconds of the server's CPU time. */
  async warm(seconds: number): Promise<void> {
    const warmed = await drive(this.#work, this.#lanes, seconds, Math.floor(this.#left * WARM_SHARE))
    this.#left -= warmed.length
  }

  /** Measures for so many seconds of the server's CPU time, or a share of what is left of the supply. */
  async slice(seconds: number, slicesLeft: number): Promise<void> {
    const { roots } = this.#work
    const ticks = await cpuTicks(roots)
    const own = process.cpuUsage()
    const started = performance.now()
    const latencies = await drive(this.#work, this.#lanes, seconds, Math.ceil(this.#left / slicesLeft))
    this.#wallMs += performance.now() - started
    const { user, system } = process.cpuUsage(own)
    this.#generatorMs += (user + system) / 1000
    this.#ticks += (await cpuTicks(roots)) - ticks
    this.#left -= latencies.length
    for (const latency of latencies) this.#latencies.push(latency)
  }

  /** What was measured until now. */
  sample(): Sample {
    const sorted = Float64Array.from(this.#latencies).sort()
    const units = sorted.length
    const at = (share: number): number => sorted[Math.min(units - 1, Math.floor(units * share))] ?? 0
    return {
      cpu: (this.#ticks * 1e6) / TICKS_PER_SECOND / units,
      perSecond: (units * 1000) / this.#wallMs,
      p50: at(0.5),
      p95: at(0.95),
      p99: at(0.99),
      units,
      generator: this.#generatorMs / this.#wallMs,
    }
  }

  close(): void {
    for (const lane of this.#lanes) lane.close()
  }
}
