import type { Work } from '../generator/load.ts'
import type { FloorName, WorkloadName } from '../workloads/catalogue.ts'

/** What can be measured of a system. */
export type Measured = FloorName | WorkloadName

/** Something that is measured: a server, or the floors. */
export interface System {
  readonly name: string
  /** What is still there after the power failed. */
  readonly durability: string
  /** What it can do. */
  readonly measures: readonly Measured[]
  /** Starts it in fresh processes, with its storage in a folder that is empty or holds what was prepared. */
  start(folder: string): Promise<Running>
}

/** A system that runs. */
export interface Running {
  /** Prepares a workload, and so much of what it uses up. */
  work(name: Measured, supply: number): Promise<Work>
  /** Peak memory of its server process until now, MiB. */
  memory(): Promise<number>
  stop(): Promise<void>
}
