import { OAuthError } from '../errors/oauth-error.ts'
import { type Milliseconds, milliseconds, nowMs } from './clock.ts'
import { withTimeout } from './with-timeout.ts'

/** The shortest time between two loads if none is given, milliseconds. */
const DEFAULT_INTERVAL_MS = milliseconds(1000)

/** How long a caller waits for a load that another request started, ms. */
const MAX_WAIT_MS = 3000

/** Runs a load at most once in an interval. Other callers share its outcome, also a failure (design section 8). */
export class SharedLoad<T> {
  readonly #intervalMs: Milliseconds
  #last: { readonly startedAt: Milliseconds; readonly outcome: Promise<T> } | undefined

  constructor(intervalMs = DEFAULT_INTERVAL_MS) {
    this.#intervalMs = intervalMs
  }

  /** Returns the outcome of `load`, or of a load that was started less than an interval ago. */
  run(load: () => Promise<T>): Promise<T> {
    const now = nowMs()
    if (this.#last !== undefined && Math.abs(now - this.#last.startedAt) < this.#intervalMs) {
      return followed(this.#last.outcome)
    }
    const outcome = load()
    this.#last = { startedAt: now, outcome }
    return outcome
  }

  /** As `run`, but only callers during the load share its outcome. */
  join(load: () => Promise<T>): Promise<T> {
    const before = this.#last
    const outcome = this.run(load)
    const own = this.#last
    if (own === before) return outcome
    // Only its own: a load that takes longer than the interval may be followed by another.
    const settled = (): void => {
      if (this.#last === own) this.#last = undefined
    }
    outcome.then(settled, settled)
    return outcome
  }
}

/**
 * Waits for work that another request began, for three seconds at most: the runtime cancels the I/O of a request whose
 * client disconnects, and those that share it must not wait forever. Throws `temporarily_unavailable` when time is up.
 */
export const followed = <T>(outcome: Promise<T>): Promise<T> => withTimeout(outcome, MAX_WAIT_MS, late)

const late = (): OAuthError => new OAuthError('temporarily_unavailable', 'load_slow')
