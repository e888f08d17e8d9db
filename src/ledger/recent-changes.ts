/** How many events an object remembers. Whoever asked for the last time before them is told anew. */
const MAX_EVENTS = 4096

/** One event: what the head became by it, and the value that it is about. */
interface Event {
  readonly head: number
  readonly id: string
}

/**
 * The last events of the feed, in the memory of its object, so that whoever asks again is told what is new and nothing
 * else, however many values ever changed. An event whose transaction failed may be among them: the value it names is
 * told once more than it need be.
 */
export class RecentChanges {
  readonly #events: Event[] = []
  /** Every event after this head is known; `undefined` if none is, since the object has just started. */
  #from: number | undefined

  /** Remembers an event. */
  note(event: Event): void {
    this.#from ??= event.head - 1
    this.#events.push(event)
    if (this.#events.length <= MAX_EVENTS) return
    // Half of them go at once, so that an event costs the same however many there are.
    const gone = this.#events.splice(0, MAX_EVENTS / 2)
    this.#from = gone.at(-1)?.head ?? this.#from
  }

  /** Returns the values that events after a head are about; `undefined` if not all of those are known. */
  since(head: number): ReadonlySet<string> | undefined {
    if (this.#from === undefined || head < this.#from) return undefined
    return new Set(this.#events.filter((event) => event.head > head).map(({ id }) => id))
  }
}
