/** A generator of random numbers that a seed repeats. Each request has its own, so the order of answers changes none. */
export class Random {
  #state: number

  /**
   * @param seed any integer.
   * @param index the number of what is drawn; each is a sequence of its own.
   */
  constructor(seed: number, index = 0) {
    this.#state = (Math.imul(seed ^ 0x9e3779b9, 0x85ebca6b) ^ Math.imul(index + 1, 0xc2b2ae35)) | 0
    for (let turn = 0; turn < 4; turn += 1) this.next()
  }

  /** A number from 0 to below 1 (mulberry32). */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }

  /** An integer from 0 to below `limit`. */
  below(limit: number): number {
    return Math.floor(this.next() * limit)
  }

  /** Whether something of this probability happens. */
  chance(probability: number): boolean {
    return this.next() < probability
  }

  /** One item of a list. Throws for an empty one. */
  pick<T>(items: readonly T[]): T {
    const item = items[this.below(items.length)]
    if (item === undefined) throw new Error('nothing to pick from')
    return item
  }

  /** A text of letters and digits. */
  word(length: number): string {
    return Array.from({ length }, () => this.below(36).toString(36)).join('')
  }
}
