/**
 * The last events of how many values an object remembers. Whoever asked before those is told anew, as of any number that
 * is too large to be told (changes.ts): half of these are more than that.
 */
const MAX_VALUES = 4096

/** One event: what the head became by it, and the value that it is about. */
interface Event {
  readonly head: number
  readonly id: string
}

/**
 * The last event of each value, in the memory of the feed's object, so that whoever asks again is told what is new and
 * nothing else, however many values ever changed, and however often one does. An event whose transaction failed may be
 * among them: the value it names is told once more than it need be.
 */
export class RecentChanges {
  /** The head after the last event of each value, by its id; the oldest first. */
  readonly #heads = new Map<string, number>()
  /** Every event after this head is known; `undefined` if none is, since the object has just started. */
  #from: number | undefined

  /** Remembers an event. */
  note(event: Event): void {
    this.#from ??= event.head - 1
    this.#heads.delete(event.id)
    this.#heads.set(event.id, event.head)
    if (this.#heads.size <= MAX_VALUES) return
    // Half of them go at once, so that an event costs the same however many there are.
    for (const [id, head] of this.#heads) {
      if (this.#heads.size <= MAX_VALUES / 2) return
      this.#heads.delete(id)
      this.#from = head
    }
  }

  /** Returns the values that events after a head are about; `undefined` if not all of those are known. */
  since(head: number): ReadonlySet<string> | undefined {
    if (this.#from === undefined || head < this.#from) return undefined
    return new Set([...this.#heads].filter(([, last]) => last > head).map(([id]) => id))
  }
}
