import { OAuthError } from '../errors/oauth-error.ts'
import type { Ledger } from './object.ts'
import type { Input, LedgerMethod, Output } from './types.ts'

type Remote = { run<M extends LedgerMethod>(method: M, input: Input<M>): Promise<Output<M>> }

const TRIES = 3

/** Longest pause before a further try, ms; the pause is random so that callers do not come back in step. */
const JITTER_MS = 50

/** The way to the ledgers, one Durable Object per owner (design section 8). */
export class Ledgers {
  readonly #namespace: DurableObjectNamespace<Ledger>

  constructor(namespace: DurableObjectNamespace<Ledger>) {
    this.#namespace = namespace
  }

  /**
   * Calls a method of an owner's ledger. What the platform marks retryable is tried again under the same attempt,
   * through a fresh stub; what it marks overloaded never.
   * @throws OAuthError `temporarily_unavailable` when the outcome is unknown.
   */
  async call<M extends LedgerMethod>(owner: string, method: M, input: Input<M>): Promise<Output<M>> {
    for (let tries = 1; ; tries += 1) {
      try {
        return await this.#stub(owner).run(method, input)
      } catch (thrown) {
        if (tries === TRIES || !isRetryable(thrown)) {
          throw new OAuthError('temporarily_unavailable', 'The ledger did not answer.')
        }
        await scheduler.wait(Math.random() * JITTER_MS * tries)
      }
    }
  }

  #stub(owner: string): Remote {
    // The platform's stub type expands every JSON type into a remote one and gives up; its shape is this.
    return this.#namespace.getByName(owner) as unknown as Remote
  }
}

function isRetryable(thrown: unknown): boolean {
  if (!(thrown instanceof Error)) return false
  const overloaded = 'overloaded' in thrown && thrown.overloaded === true
  return 'retryable' in thrown && thrown.retryable === true && !overloaded
}
