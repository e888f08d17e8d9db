import type { Env } from '../env.ts'
import { Ledgers } from '../ledger/client.ts'
import { Breaker } from '../util/breaker.ts'
import { type Milliseconds, milliseconds } from '../util/clock.ts'
import { Late, withTimeout } from '../util/with-timeout.ts'
import { openDatabase } from './d1.ts'
import { type Feed, feedOf } from './feed.ts'
import { versionsIn } from './versions.ts'
import { Vouching } from './vouching.ts'

/** How long D1 and KV may take, ms. */
export interface StorageDeadlines {
  /** For a call whose place a copy can take. */
  readonly cached: Milliseconds
  /** For any other call. */
  readonly storage: Milliseconds
}

const PRESET: StorageDeadlines = { cached: milliseconds(1000), storage: milliseconds(5000) }

/** D1 and KV of one isolate. Every call through them has a deadline, and their breakers know which was silent. */
export interface Sources {
  readonly d1: D1Database
  readonly kv: KVNamespace
  readonly d1Breaker: Breaker
  readonly kvBreaker: Breaker
  readonly deadlines: StorageDeadlines
  /** Which values of D1 changed. */
  readonly feed: Feed
  readonly vouching: Vouching
}

/** Returns the bindings with deadlines. A call that misses its own throws `Late`; it may still take effect. */
export function sourcesOf(
  { DB, COPIES, LEDGER }: Pick<Env, 'DB' | 'COPIES' | 'LEDGER'>,
  deadlines = PRESET,
  ledgers = new Ledgers(LEDGER),
): Sources {
  const [d1Breaker, kvBreaker] = [new Breaker(), new Breaker()]
  const d1 = timedD1(DB, asking(d1Breaker, deadlines.storage))
  const feed = feedOf(ledgers)
  const versionsOf = versionsIn(openDatabase(d1))
  return {
    d1,
    // D1 stands behind KV, so nothing waits long for it.
    kv: timed(COPIES, asking(kvBreaker, deadlines.cached)),
    d1Breaker,
    kvBreaker,
    deadlines,
    feed,
    vouching: new Vouching({ feed, versionsOf, patience: deadlines.cached, d1Breaker }),
  }
}

/** Returns another database with a deadline for each call, which throws `Late` if it is missed. */
export const timedDatabase = (real: D1Database, ms: Milliseconds): D1Database =>
  timedD1(real, asking(new Breaker(), ms))

/** Makes a call and returns its outcome. */
type Ask = (call: () => unknown) => Promise<unknown>

function asking(breaker: Breaker, ms: Milliseconds): Ask {
  return async (call) => {
    const { timesHeard } = breaker
    try {
      const answer = await withTimeout(Promise.resolve(call()), ms)
      breaker.heard()
      return answer
    } catch (thrown) {
      if (thrown instanceof Late) breaker.silent(timesHeard)
      else breaker.heard()
      throw thrown
    }
  }
}

type Member = (...args: readonly unknown[]) => unknown

/** A binding whose methods are replaced; `change` gets each with its name, bound to the real binding. */
function changed<T extends object>(real: T, change: (name: string | symbol, method: Member) => Member): T {
  return new Proxy(real, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name, target)
      if (typeof member !== 'function') return member
      return change(name, (...args) => Reflect.apply(member, target, args))
    },
  })
}

const timed = <T extends object>(real: T, ask: Ask): T =>
  changed(
    real,
    (_name, method) =>
      (...args) =>
        ask(() => method(...args)),
  )

/** The statements are made at once and run later: only running them takes time. */
function timedD1(real: D1Database, ask: Ask): D1Database {
  const originals = new WeakMap<object, unknown>()
  const statement = (made: unknown): unknown => {
    if (!isObject(made)) return made
    const wrapped = changed(made, (name, method) =>
      name === 'bind' ? (...args) => statement(method(...args)) : (...args) => ask(() => method(...args)),
    )
    originals.set(wrapped, made)
    return wrapped
  }
  const original = (item: unknown): unknown => (isObject(item) ? (originals.get(item) ?? item) : item)
  return changed(real, (name, method) => {
    if (name === 'prepare') return (...args) => statement(method(...args))
    return (...args) =>
      ask(() => method(...args.map((arg) => (Array.isArray(arg) ? arg.map(original) : arg))))
  })
}

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null
