import { OAuthError } from '../errors/oauth-error.ts'
import { logLine } from '../http/log.ts'
import type { Ledger } from './object.ts'
import type { Owner } from './owner.ts'
import { PROTOCOL } from './protocol.ts'
import type { Input, LedgerMethod, Output } from './types.ts'

type Remote = {
  run<M extends LedgerMethod>(method: M, input: Input<M>, protocol: number): Promise<Output<M>>
}

const TRIES = 3

/** Longest pause before the second try, ms. The pause is random, so that callers do not all retry at the same time. */
const MAX_JITTER_MS = 50

/** Calls the ledgers, of which there is one Durable Object per owner (design section 8). */
export class Ledgers {
  readonly #namespace: DurableObjectNamespace<Ledger>
  readonly #requestId: string | null

  /** @param requestId - the request that is logged when a call fails; null outside a request */
  constructor(namespace: DurableObjectNamespace<Ledger>, requestId: string | null = null) {
    this.#namespace = namespace
    this.#requestId = requestId
  }

  /** Returns the same ledgers, called on behalf of a request. */
  during(requestId: string): Ledgers {
    return new Ledgers(this.#namespace, requestId)
  }

  /**
   * Calls a method of an owner's ledger. A call that the platform marks retryable is repeated with the same input,
   * through a fresh stub; one that it marks overloaded is not. A failure is logged once.
   * @throws OAuthError `temporarily_unavailable` if the platform failed, which leaves the outcome unknown;
   *   `server_error` if the ledger's own code threw: nothing was changed, and the same call would fail again.
   */
  async call<M extends LedgerMethod>(owner: Owner, method: M, input: Input<M>): Promise<Output<M>> {
    for (let tries = 1; ; tries += 1) {
      try {
        return await this.#stub(owner).run(method, input, PROTOCOL)
      } catch (thrown) {
        const failure = readFailure(thrown)
        if (tries === TRIES || !mayRetry(failure)) {
          logLine('ledger.failed', { request_id: this.#requestId, method, tries, ...failure })
          throw isOwn(failure)
            ? new OAuthError('server_error', 'ledger_failed')
            : new OAuthError('temporarily_unavailable', 'ledger_unreachable')
        }
        await scheduler.wait(Math.random() * MAX_JITTER_MS * tries)
      }
    }
  }

  #stub(owner: Owner): Remote {
    // The compiler gives up on the platform's stub type, which maps every JSON type to a remote one. This is its shape.
    return this.#namespace.getByName(owner) as unknown as Remote
  }
}

/** How a call failed, as the platform describes it. */
interface CallFailure {
  /** The name of the error that was thrown. */
  readonly error: string
  /** The error comes from the object: its code threw it, or the platform did because of that code. */
  readonly remote: boolean
  /** The platform says that the call may be retried. */
  readonly retryable: boolean
  /** The object has too many calls to handle. */
  readonly overloaded: boolean
  /** The object was stopped during the call. */
  readonly reset: boolean
}

function readFailure(thrown: unknown): CallFailure {
  const error = thrown instanceof Error ? thrown : new Error()
  const says = (name: string): boolean => Reflect.get(error, name) === true
  return {
    error: error.name,
    remote: says('remote'),
    retryable: says('retryable'),
    overloaded: says('overloaded'),
    reset: says('durableObjectReset'),
  }
}

/**
 * Whether a call may be tried again. That includes a reset which the object's code did not cause, for example by using
 * too much memory: a ledger that meets newer code restarts in this way (protocol.ts).
 */
const mayRetry = ({ remote, retryable, overloaded, reset }: CallFailure): boolean =>
  (retryable || (reset && !remote)) && !overloaded

/** Whether the ledger's own code threw, or its answer could not be serialized. */
const isOwn = ({ remote, retryable, overloaded, reset }: CallFailure): boolean =>
  remote && !retryable && !overloaded && !reset
