interface Entry<V> {
  readonly value: V
  readonly weight: number
}

/** A map with a largest number of entries and a largest total weight. It drops the least recently used entries. */
export class BoundedMap<V> {
  readonly #entries = new Map<string, Entry<V>>()
  readonly #maxEntries: number
  readonly #maxWeight: number
  #weight = 0

  /** `maxWeight` has the unit of the weights that are given to `set`. */
  constructor(maxEntries: number, maxWeight = Number.POSITIVE_INFINITY) {
    this.#maxEntries = maxEntries
    this.#maxWeight = maxWeight
  }

  get size(): number {
    return this.#entries.size
  }

  /** Returns all values, the least recently used first. */
  values(): readonly V[] {
    return [...this.#entries.values()].map(({ value }) => value)
  }

  /** Returns the value of a key, and marks it as the most recently used. */
  get(key: string): V | undefined {
    const entry = this.#entries.get(key)
    if (entry === undefined) return undefined
    this.#entries.delete(key)
    this.#entries.set(key, entry)
    return entry.value
  }

  /** Stores a value and drops entries that no longer fit. The new entry always stays. */
  set(key: string, value: V, weight = 0): void {
    this.delete(key)
    this.#entries.set(key, { value, weight })
    this.#weight += weight
    for (const oldest of this.#entries.keys()) {
      if (this.#entries.size <= this.#maxEntries && this.#weight <= this.#maxWeight) return
      if (oldest !== key) this.delete(oldest)
    }
  }

  delete(key: string): void {
    const entry = this.#entries.get(key)
    if (entry === undefined) return
    this.#entries.delete(key)
    this.#weight -= entry.weight
  }
}
