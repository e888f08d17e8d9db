import { ANYWHERE, type Jurisdiction, type Location, type Residency } from '../config/residency.ts'
import type { SigningAlgorithm } from '../config/types.ts'
import { OAuthError } from '../errors/oauth-error.ts'
import { logLine } from '../http/log.ts'
import { BoundedMap } from '../util/bounded-map.ts'
import { Breaker } from '../util/breaker.ts'
import { type Milliseconds, milliseconds, nowMs } from '../util/clock.ts'
import { parseSent } from '../util/json.ts'
import { noteTrouble } from '../util/trouble.ts'
import { Late, withTimeout } from '../util/with-timeout.ts'
import type { Ledger } from './object.ts'
import { jurisdictionOf, type Owner, ownerOf } from './owner.ts'
import { PROTOCOL } from './protocol.ts'
import type { Input, LedgerMethod, Output } from './types.ts'

type Remote = {
  run<M extends LedgerMethod>(
    method: M,
    input: Input<M>,
    protocol: number,
    asText: boolean,
  ): Promise<Output<M> | string>
}

const TRIES = 3

/** Longest pause before the second try, ms. The pause is random, so that callers do not all retry at the same time. */
const MAX_JITTER_MS = 50

/** How long a call may take if nothing is given, ms. */
const DEADLINE_MS = milliseconds(5000)

/** How many ledgers an isolate remembers, which are being called or were silent. */
const MAX_KNOWN = 1000

/** For how long a ledger is reported as silent, ms: one whose user does not come back is never asked again. */
const REPORTED_MS = milliseconds(60_000)

/** What relies on a revocation having reached the ledger. */
const MAKES_GOOD: ReadonlySet<LedgerMethod> = new Set<LedgerMethod>([
  ...(['session', 'login', 'grant', 'redeem', 'refresh', 'inspect'] as const),
])

/**
 * What is answered as JSON text, which takes the platform less time than an object. Only what answers with objects: a
 * ledger of a release that does not know of it sends the object itself.
 */
const AS_TEXT: ReadonlySet<LedgerMethod> = new Set<LedgerMethod>([
  ...(['session', 'login', 'grant', 'redeem', 'refresh', 'inspect', 'revokeGrant'] as const),
])

/** A ledger that is being called or was silent. */
interface Known {
  readonly breaker: Breaker
  /** How many calls are under way: one that began before an answer must find that there was one. */
  calls: number
}

/** Calls the ledgers, of which there is one Durable Object per owner (design section 8). */
export class Ledgers {
  readonly #namespace: DurableObjectNamespace<Ledger>
  readonly #deadlineMs: Milliseconds
  readonly #known: BoundedMap<Known>
  readonly #residency: Residency
  readonly #requestId: string | null
  #calls = 0

  /**
   * @param deadlineMs - how long a call may take, all its tries together, ms
   * @param residency - where ledgers are
   * @param known - the ledgers that are being called or were silent
   * @param requestId - the request that is logged when a call fails; null outside a request
   */
  constructor(
    namespace: DurableObjectNamespace<Ledger>,
    deadlineMs = DEADLINE_MS,
    residency = ANYWHERE,
    known = new BoundedMap<Known>(MAX_KNOWN),
    requestId: string | null = null,
  ) {
    this.#namespace = namespace
    this.#deadlineMs = deadlineMs
    this.#residency = residency
    this.#known = known
    this.#requestId = requestId
  }

  /** How many calls were made on behalf of this request, further tries among them. */
  get calls(): number {
    return this.#calls
  }

  /** How many ledgers count as down in this isolate, since they did not answer in time: those of the last minute. */
  get silent(): number {
    return this.#known.values().filter(({ breaker }) => breaker.wasDown(REPORTED_MS)).length
  }

  /** Returns the same ledgers, called on behalf of a request. */
  during(requestId: string): Ledgers {
    return new Ledgers(this.#namespace, this.#deadlineMs, this.#residency, this.#known, requestId)
  }

  /**
   * Calls a method of an owner's ledger. A call that the platform marks retryable is repeated with the same input,
   * through a fresh stub, while there is time; one that it marks overloaded is not. A ledger that did not answer in time
   * is then asked by one call a second until it answers; other calls fail at once and are not made. A failure is logged
   * once.
   *
   * @param location - the region in which the ledger should be made if it does not exist; the configured one if null
   * @throws OAuthError `temporarily_unavailable` if the platform failed or the time is over, which leaves the outcome
   *   unknown; `server_error` if the ledger's own code threw: nothing was changed, and the same call would fail again;
   *   `misconfiguration` if the settings do not name the ledger's jurisdiction, or the platform has none.
   */
  async call<M extends LedgerMethod>(
    owner: Owner,
    method: M,
    input: Input<M>,
    location: Location | null = null,
  ): Promise<Output<M>> {
    if (MAKES_GOOD.has(method)) this.#requireNamed(owner)
    const asText = AS_TEXT.has(method)
    const run = (stub: Remote) => stub.run(method, input, PROTOCOL, asText)
    const answer: unknown = await this.#repeat(owner, method, run, location)
    return readAnswer<M>(answer, asText)
  }

  /**
   * Has the ledger of a set of signing keys make its first key, unless the set has one that signs. Throws as `call`
   * does, and `temporarily_unavailable` if the ledger does not reach D1.
   */
  async makeFirstKey(set: string, algorithm: SigningAlgorithm): Promise<void> {
    const made = await this.call(ownerOf('keys', set), 'makeFirstKey', { set, algorithm })
    if (!made) throw new OAuthError('temporarily_unavailable', 'storage_unreachable')
  }

  async #repeat<T>(
    owner: Owner,
    method: string,
    run: (stub: Remote) => Promise<T>,
    location: Location | null = null,
  ): Promise<T> {
    const connect = this.#connector(owner, location)
    const until = nowMs() + this.#deadlineMs
    for (let tries = 1; ; tries += 1) {
      try {
        return await this.#ask(owner, until - nowMs(), () => run(connect()))
      } catch (thrown) {
        const failure = readFailure(thrown)
        const again = tries < TRIES && mayRetry(failure) && (await hasTimeAfterPause(tries, until))
        if (!again) {
          noteTrouble('ledger', thrown instanceof Late ? 'timeout' : 'error')
          logLine('ledger.failed', { request_id: this.#requestId, method, tries, ...failure })
          throw isOwn(failure)
            ? new OAuthError('server_error', 'ledger_failed')
            : new OAuthError('temporarily_unavailable', 'ledger_unreachable')
        }
      }
    }
  }

  /** Makes one try. Throws `Late` if there is no answer in time, or if none is to be expected. */
  async #ask<T>(owner: Owner, ms: number, run: () => Promise<T>): Promise<T> {
    const known = this.#known.get(owner) ?? { breaker: new Breaker(), calls: 0 }
    const { breaker } = known
    if (!breaker.mayAsk()) throw new Late(0)
    const { timesHeard } = breaker
    known.calls += 1
    this.#known.set(owner, known)
    try {
      this.#calls += 1
      const answer = await withTimeout(run(), ms)
      breaker.heard()
      return answer
    } catch (thrown) {
      if (thrown instanceof Late) breaker.silent(timesHeard)
      else breaker.heard()
      throw thrown
    } finally {
      known.calls -= 1
      if (known.calls === 0 && !breaker.isOpen) this.#known.delete(owner)
    }
  }

  /** Refuses a ledger in a jurisdiction that settings do not name: a revocation would not come to it. */
  #requireNamed(owner: Owner): void {
    const jurisdiction = jurisdictionOf(owner)
    if (this.#residency.jurisdictions.includes(jurisdiction)) return
    throw unusable(`LEDGER_JURISDICTIONS_BEFORE must name ${jurisdiction}: a user's ledger is there.`)
  }

  /** Returns what makes stubs of a ledger. */
  #connector(owner: Owner, location: Location | null): () => Remote {
    const configured = this.#residency.location
    const locationHint = location ?? (configured === 'auto' ? null : configured)
    const namespace = inJurisdiction(this.#namespace, jurisdictionOf(owner))
    const stub = () =>
      locationHint === null ? namespace.getByName(owner) : namespace.getByName(owner, { locationHint })
    // The compiler gives up on the platform's stub type, which maps every JSON type to a remote one. This is its shape.
    return stub as unknown as () => Remote
  }
}

/** Returns the answer of a ledger, whether or not it is text as it was asked to be. */
function readAnswer<M extends LedgerMethod>(answer: unknown, asText: boolean): Output<M>
function readAnswer(answer: unknown, asText: boolean): unknown {
  return asText && typeof answer === 'string' ? parseSent(answer) : answer
}

function inJurisdiction(
  namespace: DurableObjectNamespace<Ledger>,
  jurisdiction: Jurisdiction,
): DurableObjectNamespace<Ledger> {
  if (jurisdiction === 'none') return namespace
  try {
    return namespace.jurisdiction(jurisdiction)
  } catch {
    throw unusable(`This runtime has no jurisdiction ${jurisdiction}, which LEDGER_JURISDICTION named.`)
  }
}

const unusable = (problems: string): OAuthError =>
  new OAuthError('misconfiguration', 'setting_unusable', { problems })

/** Waits before the next try. Returns whether there is time left for it then. */
async function hasTimeAfterPause(tries: number, until: number): Promise<boolean> {
  if (nowMs() >= until) return false
  await scheduler.wait(Math.random() * MAX_JITTER_MS * tries)
  return nowMs() < until
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
