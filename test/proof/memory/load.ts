import type { ProofServer } from '../harness/start.ts'
import type { Kind, Step } from './kinds.ts'

/** Lines of requests of one kind, which go on for as long as they are told. */
export class Load {
  /** How many steps were made. */
  steps = 0
  readonly #lines: readonly Step[]

  private constructor(lines: readonly Step[]) {
    this.#lines = lines
  }

  static async prepare(server: ProofServer, kind: Kind, count: number): Promise<Load> {
    const lines = Array.from({ length: count }, () => kind.prepare(server.first))
    return new Load(await Promise.all(lines))
  }

  /** Sends requests for some seconds; afterwards none is under way. */
  async run(seconds: number): Promise<void> {
    const end = Date.now() + seconds * 1000
    await Promise.all(
      this.#lines.map(async (step) => {
        while (Date.now() < end) {
          await step()
          this.steps += 1
        }
      }),
    )
  }
}
