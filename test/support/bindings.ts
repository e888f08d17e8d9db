import { env } from 'cloudflare:workers'
import type { Env } from '../../src/env.ts'

/** The bindings of the Worker under test, under its own type. */
export function testEnv(): Env {
  // The test runner's type of `env` knows no bindings; wrangler.toml and src/env.ts name the same ones.
  return env as unknown as Env
}

/** How often each kind of binding was asked. */
export interface CallCounts {
  d1: number
  kv: number
  ledger: number
}

/** What happens around a call: receives the method's name, the real call and what it was called with. */
export type Around = (
  method: string,
  call: (args?: readonly unknown[]) => unknown,
  args: readonly unknown[],
) => unknown

/**
 * An Env whose binding calls are counted: a D1 statement run or batch, a KV method and a ledger method are one each.
 */
export function countCalls(real: Env): { readonly env: Env; readonly counts: CallCounts; reset(): void } {
  const counts: CallCounts = { d1: 0, kv: 0, ledger: 0 }
  const count = (kind: keyof CallCounts): Around => {
    return (_method, call) => {
      counts[kind] += 1
      return call()
    }
  }
  const counted: Env = {
    ...real,
    DB: aroundD1(real.DB, count('d1')),
    COPIES: aroundMethods(real.COPIES, count('kv')),
    LEDGER: aroundLedger(real.LEDGER, count('ledger')),
  }
  return {
    env: counted,
    counts,
    reset() {
      Object.assign(counts, { d1: 0, kv: 0, ledger: 0 })
    },
  }
}

/**
 * An Env whose ledger calls each wait for a random number of turns first, so that callers interleave.
 * @param maxTurns the most turns of the event loop to wait.
 */
export function delayLedger(real: Env, maxTurns = 8): Env {
  const delayed: Around = async (_method, call) => {
    const turns = Math.floor(Math.random() * (maxTurns + 1))
    for (let turn = 0; turn < turns; turn += 1) await scheduler.wait(0)
    return await call()
  }
  return { ...real, LEDGER: aroundLedger(real.LEDGER, delayed) }
}

/** Which answers get lost. */
export interface DroppedAnswers {
  readonly method: string
  /** How many of them, from now on. */
  readonly times: number
  /** Whether the platform would call the error safe to repeat. */
  readonly retryable: boolean
  /** Whether the object had too much to do; such errors must not be repeated. */
  readonly overloaded?: boolean
  /** Whether the object was stopped. */
  readonly reset?: boolean
  /** Whether the error came out of the object. */
  readonly remote?: boolean
}

/** An Env in which a ledger method does its work, and its answer is lost as when the object is reset. */
export function dropAnswers(real: Env, dropped: DroppedAnswers): Env {
  let left = dropped.times
  const dropping: Around = async (method, call) => {
    const answer = await call()
    if (method !== dropped.method || left === 0) return answer
    left -= 1
    const { retryable, overloaded = false, reset = false, remote = false } = dropped
    throw Object.assign(new Error('Durable Object reset because its code was updated.'), {
      retryable,
      overloaded,
      durableObjectReset: reset,
      remote,
    })
  }
  return { ...real, LEDGER: aroundLedger(real.LEDGER, dropping) }
}

/** An Env whose Worker is of a newer release than the ledgers, for so many calls from now on. */
export function newerWorker(real: Env, times: number): Env {
  let left = times
  const newer: Around = (_method, call, [input, protocol]) => {
    left -= 1
    return call([input, Number(protocol) + (left < 0 ? 0 : 1)])
  }
  return { ...real, LEDGER: aroundLedger(real.LEDGER, newer) }
}

/** An Env whose ledgers are of the first release, which answered with objects only. */
export function firstLedgers(real: Env): Env {
  const first: Around = (_method, call, [input, protocol]) => call([input, protocol])
  return { ...real, LEDGER: aroundLedger(real.LEDGER, first) }
}

/** Stands in for a ledger method: gets what the real one would, and the real one. */
export type Variant = (input: unknown, real: (input: unknown) => Promise<unknown>) => Promise<unknown>

/** An Env in which some ledger methods behave differently, to show that a test would notice. */
export function varyLedger(real: Env, variants: Readonly<Record<string, Variant>>): Env {
  const varied: Around = async (method, call, args) => {
    const [input, protocol] = args
    const variant = variants[method]
    // Without the wish for text, so that the variant sees the answer.
    return variant === undefined ? call(args) : variant(input, async (other) => call([other, protocol]))
  }
  return { ...real, LEDGER: aroundLedger(real.LEDGER, varied) }
}

/** A proxy whose members are bound to the real object; `change` may replace what a member is. */
function around<T extends object>(real: T, change: (name: string | symbol, member: unknown) => unknown): T {
  return new Proxy(real, {
    get(target, name) {
      return change(name, Reflect.get(target, name, target))
    },
  })
}

type Callable = (...args: readonly unknown[]) => unknown

function isCallable(value: unknown): value is Callable {
  return typeof value === 'function'
}

function invoke(member: Callable, target: unknown, args: readonly unknown[]): unknown {
  return Reflect.apply(member, target, args)
}

export function aroundMethods<T extends object>(real: T, each: Around): T {
  return around(real, (name, member) => {
    if (!isCallable(member)) return member
    return (...args: readonly unknown[]) =>
      each(String(name), (changed = args) => invoke(member, real, changed), args)
  })
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null
}

function aroundLedger(real: Env['LEDGER'], each: Around): Env['LEDGER'] {
  // A ledger has one way in, which takes the method's name and its input.
  const eachMethod: Around = (_run, call, [method, ...args]) =>
    each(String(method), (changed = args) => call([method, ...changed]), args)
  return around(real, (name, member) => {
    if (!isCallable(member)) return member
    return (...args: readonly unknown[]) => {
      const made = invoke(member, real, args)
      const isStub = name === 'get' || name === 'getByName'
      // A stub is callable on the wire, so its type says function or object depending on the runtime.
      return isStub && (isObject(made) || isCallable(made)) ? aroundMethods(made, eachMethod) : made
    }
  })
}

const EXECUTES = new Set(['first', 'run', 'all', 'raw'])

export function aroundD1(real: D1Database, each: Around): D1Database {
  const originals = new WeakMap<object, object>()
  const statement = (made: object): object => {
    const wrapped = around(made, (name, member) => {
      if (!isCallable(member)) return member
      if (name === 'bind') return (...args: readonly unknown[]) => wrapObject(invoke(member, made, args))
      if (!EXECUTES.has(String(name))) return member
      return (...args: readonly unknown[]) => each(String(name), () => invoke(member, made, args), args)
    })
    originals.set(wrapped, made)
    return wrapped
  }
  const wrapObject = (made: unknown): unknown => (isObject(made) ? statement(made) : made)
  const unwrap = (item: unknown): unknown => (isObject(item) ? (originals.get(item) ?? item) : item)
  const database = <T extends object>(target: T): T =>
    around(target, (name, member) => {
      if (!isCallable(member)) return member
      return (...args: readonly unknown[]) => {
        if (name === 'prepare') return wrapObject(invoke(member, target, args))
        if (name === 'withSession') {
          const session = invoke(member, target, args)
          return isObject(session) ? database(session) : session
        }
        const plain = args.map((arg) => (Array.isArray(arg) ? arg.map(unwrap) : arg))
        return each(String(name), () => invoke(member, target, plain), plain)
      }
    })
  return database(real)
}
