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

/** Longest pause before a further try, ms; the pause is random so that callers do not come back in step. */
const JITTER_MS = 50

/** The way to the ledgers, one Durable Object per owner (design section 8). */
export class Ledgers {
  readonly #namespace: DurableObjectNamespace<Ledger>
  readonly #requestId: string | null

  /** @param requestId - names the request in the log when a call fails */
  constructor(namespace: DurableObjectNamespace<Ledger>, requestId: string | null = null) {
    this.#namespace = namespace
    this.#requestId = requestId
  }

  /** The same ledgers, asked on behalf of a request. */
  during(requestId: string): Ledgers {
    return new Ledgers(this.#namespace, requestId)
  }

  /**
   * Calls a method of an owner's ledger. Where the platform says that this may help it is tried again under the same
   * attempt, through a fresh stub; what it marks overloaded never. A failure is logged once.
   * @throws OAuthError `temporarily_unavailable` when the platform failed and the outcome is unknown, `server_error`
   *   when the ledger itself did: it has changed nothing then, and would fail again.
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
        await scheduler.wait(Math.random() * JITTER_MS * tries)
      }
    }
  }

  #stub(owner: Owner): Remote {
    // The platform's stub type expands every JSON type into a remote one and gives up; its shape is this.
    return this.#namespace.getByName(owner) as unknown as Remote
  }
}

/** What the platform says of a failed call, beside the name of what was thrown. */
interface Failure {
  readonly error: string
  /** It came out of the object: thrown by its code, or by the platform because of that. */
  readonly remote: boolean
  readonly retryable: boolean
  readonly overloaded: boolean
  /** The object was stopped in the middle of it. */
  readonly reset: boolean
}

function readFailure(thrown: unknown): Failure {
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

/** A reset that the object's code did not bring on itself, by its memory say, is how it meets newer code (protocol.ts). */
const mayRetry = ({ remote, retryable, overloaded, reset }: Failure): boolean =>
  (retryable || (reset && !remote)) && !overloaded

/** Whether the ledger's own code threw, or its answer could not be sent. */
const isOwn = ({ remote, retryable, overloaded, reset }: Failure): boolean =>
  remote && !retryable && !overloaded && !reset
