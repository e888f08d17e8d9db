import fc from 'fast-check'
import type { Fate } from './ledger.ts'

/** How many commands ran, over all sequences. */
export const ran = { commands: 0 }

/** One step of a sequence. It may run in any state; what it has to do there is the step's to know. */
export class Command<Model extends object, Real> implements fc.AsyncCommand<Model, Real> {
  readonly #text: string
  readonly #step: (model: Model, real: Real) => Promise<unknown>

  /** @param text what a failure shows of it. */
  constructor(text: string, step: (model: Model, real: Real) => Promise<unknown>) {
    this.#text = text
    this.#step = step
  }

  check(): boolean {
    return true
  }

  async run(model: Model, real: Real): Promise<void> {
    ran.commands += 1
    await this.#step(model, real)
  }

  toString(): string {
    return this.#text
  }
}

/** Half of the first answers arrive. */
export const fate: fc.Arbitrary<Fate> = fc.constantFrom('arrives', 'arrives', 'lost', 'evicted')

export const text = (name: string, ...given: readonly unknown[]): string => `${name}(${given.join(', ')})`
