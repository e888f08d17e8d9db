import { type Milliseconds, milliseconds, nowMs } from './clock.ts'

/** The shortest time between two probes of a source that was silent, ms. */
const PROBE_EVERY_MS = milliseconds(1000)

/**
 * Remembers that a source did not answer in time. It then counts as down, so that nobody waits for it but one caller a
 * second, whose request is the probe: the first answer in time ends that.
 */
export class Breaker {
  /** When the source was silent, or was last probed since; `undefined` while it answers. */
  #askedAt: Milliseconds | undefined
  #timesHeard = 0

  /** Whether the source counts as down. */
  get isOpen(): boolean {
    return this.#askedAt !== undefined
  }

  /** How often the source was heard. To be read before a call, and given to `silent` if that gets no answer in time. */
  get timesHeard(): number {
    return this.#timesHeard
  }

  /** Whether the source counts as down, and was silent or probed within the last `ms`: later nobody knows. */
  wasDown(ms: Milliseconds): boolean {
    return this.#askedAt !== undefined && Math.abs(nowMs() - this.#askedAt) < ms
  }

  /** Whether the caller may ask now. While the source counts as down, that makes the caller's request the probe. */
  mayAsk(): boolean {
    if (this.#askedAt === undefined) return true
    const now = nowMs()
    if (Math.abs(now - this.#askedAt) < PROBE_EVERY_MS) return false
    this.#askedAt = now
    return true
  }

  /** Notes that the source answered, be it with an error. */
  heard(): void {
    this.#askedAt = undefined
    this.#timesHeard += 1
  }

  /**
   * Notes that the source did not answer a call in time. It does not count as down for that if it was heard since: calls
   * from before a recovery miss their deadlines long after it.
   * @param timesHeard - how often the source was heard when the call began
   */
  silent(timesHeard: number): void {
    if (timesHeard === this.#timesHeard) this.#askedAt = nowMs()
  }
}
