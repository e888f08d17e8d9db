import { OAuthError } from '../errors/oauth-error.ts'
import { type Milliseconds, milliseconds, nowMs } from './clock.ts'
import { withTimeout } from './with-timeout.ts'

/** Shortest time between two loads unless another is given, in milliseconds. */
const INTERVAL_MS = milliseconds(1000)

/** How long a caller waits for a load that another request started, in milliseconds. */
const PATIENCE_MS = 3000

/** Runs a load at most once in an interval; whoever asks meanwhile gets that load's outcome, failures included (design section 8). */
export class SharedLoad<T> {
  readonly #intervalMs: Milliseconds
  #last: { readonly startedAt: Milliseconds; readonly outcome: Promise<T> } | undefined

  constructor(intervalMs = INTERVAL_MS) {
    this.#intervalMs = intervalMs
  }

  /** The outcome of `load`, or of the one that was started less than an interval ago. */
  run(load: () => Promise<T>): Promise<T> {
    const now = nowMs()
    if (this.#last !== undefined && Math.abs(now - this.#last.startedAt) < this.#intervalMs) {
      // The runtime drops the I/O of a request whose caller went away; those who share it must not wait for ever.
      return withTimeout(this.#last.outcome, PATIENCE_MS, late)
    }
    const outcome = load()
    this.#last = { startedAt: now, outcome }
    return outcome
  }

  /** Like `run`, but only callers that come while the load is under way share its outcome. */
  join(load: () => Promise<T>): Promise<T> {
    return this.run(async () => {
      try {
        return await load()
      } finally {
        this.#last = undefined
      }
    })
  }
}

const late = (): OAuthError => new OAuthError('temporarily_unavailable', 'load_slow')
