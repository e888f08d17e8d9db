import { type Milliseconds, milliseconds, msAfter } from './clock.ts'

/** Returns a random duration in a range, ms: what many isolates do at intervals they must not do in the same instant. */
export const between = (least: number, most: number): Milliseconds =>
  milliseconds(least + Math.random() * (most - least))

/** When something that failed may be tried again: after pauses that grow, and differ from isolate to isolate. */
export class Backoff {
  readonly #first: Milliseconds
  readonly #longest: Milliseconds
  #failures = 0
  #nextAt = milliseconds(0)

  /** @param first - the longest pause after one failure, ms; each further failure doubles it, up to `longest` */
  constructor(first: Milliseconds, longest: Milliseconds) {
    this.#first = first
    this.#longest = longest
  }

  /** Whether the last try failed. */
  get isFailing(): boolean {
    return this.#failures > 0
  }

  /** When the next try may begin, ms since the epoch. */
  get nextAt(): Milliseconds {
    return this.#nextAt
  }

  /** Whether a try may begin. The clock may have been set back since the last one. */
  mayTry(now: Milliseconds): boolean {
    return now >= this.#nextAt || this.#nextAt - now > this.#longest
  }

  /** Notes that a try went well; the next one may begin after a pause. */
  succeeded(now: Milliseconds, pause = milliseconds(0)): void {
    this.#failures = 0
    this.#nextAt = msAfter(now, pause)
  }

  /** Notes that a try failed. */
  failed(now: Milliseconds): void {
    const pause = Math.min(this.#first * 2 ** this.#failures, this.#longest)
    this.#failures += 1
    this.#nextAt = msAfter(now, between(pause / 2, pause))
  }
}
