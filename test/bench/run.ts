import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { runWork, type Sample, type Window, type Work } from './generator/load.ts'
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

/**
 * Measures the systems in rounds. Each round starts all of them in fresh processes with fresh storage, and takes every
 * workload in turn from one to the next, so that what the machine does besides meets all alike; who begins changes.
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
  const running: { readonly of: Collected; readonly served: Running }[] = []
  try {
    for (const of of all) {
      const place = join(folder, of.system.name.replaceAll(/\W+/g, '-'))
      await mkdir(place, { recursive: true })
      running.push({ of, served: await of.system.start(place) })
    }
    for (const measured of plan.measured) {
      for (const { of, served } of running) {
        if (of.system.measures.includes(measured)) await measure(plan, of, served, measured)
      }
    }
    for (const { of, served } of running) of.memory.push(await served.memory())
  } finally {
    await Promise.all(running.map(({ served }) => served.stop()))
    await rm(folder, { recursive: true, force: true })
  }
}

async function measure(plan: Plan, of: Collected, served: Running, measured: Measured): Promise<void> {
  try {
    const work = await served.work(measured)
    const sample = await runWork(plan.adapt?.(work) ?? work, plan.window)
    of.samples.set(measured, [...(of.samples.get(measured) ?? []), sample])
    plan.tell(
      `  ${of.system.name}: ${measured} ${sample.cpu.toFixed(0)} us CPU, ${sample.perSecond.toFixed(0)}/s`,
    )
  } catch (error) {
    of.failures.set(measured, error instanceof Error ? error.message : String(error))
    plan.tell(`  ${of.system.name}: ${measured} FAILED: ${of.failures.get(measured)}`)
  }
}
