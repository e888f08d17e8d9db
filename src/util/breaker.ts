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

  /** Whether the source counts as down. */
  get isOpen(): boolean {
    return this.#askedAt !== undefined
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
  }

  /** Notes that the source did not answer in time. */
  silent(): void {
    this.#askedAt = nowMs()
  }
}
