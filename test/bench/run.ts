import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { type Sample, supplyOf, type Window, type Work } from './generator/load.ts'
import { Trial } from './generator/trial.ts'
import type { Measured, Running, System } from './systems/system.ts'

/** What was measured of one system. */
export interface Result {
  readonly system: string
  readonly durability: string
  /** One sample a round. */
  readonly samples: ReadonlyMap<Measured, readonly Sample[]>
  /** Peak memory at the end of each round, MiB. */
  readonly memory: readonly number[]
  /** What went wrong, by what was measured. */
  readonly failures: ReadonlyMap<Measured, string>
}

/** What a run does. */
export interface Plan {
  readonly systems: readonly System[]
  /** What is measured, in this order. */
  readonly measured: readonly Measured[]
  readonly rounds: number
  readonly window: Window
  /** A folder for the storage of all systems. */
  readonly folder: string
  /** Changes each workload before it runs. */
  readonly adapt?: (work: Work) => Work
  /** Is told what happens. */
  readonly tell: (line: string) => void
}

interface Collected {
  readonly system: System
  readonly samples: Map<Measured, Sample[]>
  readonly memory: number[]
  readonly failures: Map<Measured, string>
}

interface Served {
  readonly of: Collected
  readonly served: Running
}

/** In how many slices a workload is measured in a round. */
const SLICES = 4

/**
 * Measures the systems in rounds. Each round starts all of them in fresh processes with fresh storage, and measures
 * every workload in slices in turn, so that what the machine does besides meets all alike; who begins changes.
 */
export async function run(plan: Plan): Promise<readonly Result[]> {
  const all = plan.systems.map(
    (system): Collected => ({ system, samples: new Map(), memory: [], failures: new Map() }),
  )
  for (let round = 0; round < plan.rounds; round += 1) {
    plan.tell(`round ${round + 1} of ${plan.rounds}`)
    const turned = all.map((_, index) => all[(index + round) % all.length]).filter((one) => one !== undefined)
    await oneRound(plan, turned, join(plan.folder, `round-${round}`))
  }
  return all.map(({ system: { name, durability }, samples, memory, failures }) => ({
    system: name,
    durability,
    samples,
    memory,
    failures,
  }))
}

async function oneRound(plan: Plan, all: readonly Collected[], folder: string): Promise<void> {
  const running: Served[] = []
  try {
    for (const of of all) {
      const place = join(folder, of.system.name.replaceAll(/\W+/g, '-'))
      await mkdir(place, { recursive: true })
      running.push({ of, served: await of.system.start(place) })
    }
    for (const measured of plan.measured) {
      const having = running.filter(({ of }) => of.system.measures.includes(measured))
      await measure(plan, having, measured)
    }
    for (const { of, served } of running) of.memory.push(await served.memory())
  } finally {
    await Promise.all(running.map(({ served }) => served.stop()))
    await rm(folder, { recursive: true, force: true })
  }
}

/** Warms all up, then measures them in slices, one after the other. */
async function measure(plan: Plan, all: readonly Served[], measured: Measured): Promise<void> {
  const trials: { readonly of: Collected; readonly trial: Trial }[] = []
  const failed = (of: Collected, error: unknown): void => {
    of.failures.set(measured, error instanceof Error ? error.message : String(error))
    plan.tell(`  ${of.system.name}: ${measured} FAILED: ${of.failures.get(measured)}`)
  }
  const { warm, measured: seconds } = plan.window
  try {
    for (const { of, served } of all) {
      try {
        const work = await served.work(measured, supplyOf(plan.window))
        const trial = new Trial(plan.adapt?.(work) ?? work)
        trials.push({ of, trial })
        await trial.warm(warm)
      } catch (error) {
        failed(of, error)
      }
    }
    for (let left = SLICES; left > 0; left -= 1) {
      for (const { of, trial } of trials) {
        if (of.failures.has(measured)) continue
        await trial.slice(seconds / SLICES, left).catch((error: unknown) => failed(of, error))
      }
    }
    for (const { of, trial } of trials)
      if (!of.failures.has(measured)) keep(plan, of, measured, trial.sample())
  } finally {
    for (const { trial } of trials) trial.close()
  }
}

function keep(plan: Plan, of: Collected, measured: Measured, sample: Sample): void {
  of.samples.set(measured, [...(of.samples.get(measured) ?? []), sample])
  plan.tell(
    `  ${of.system.name}: ${measured} ${sample.cpu.toFixed(0)} us CPU, ${sample.perSecond.toFixed(0)}/s`,
  )
}
