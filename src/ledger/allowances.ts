import { type Milliseconds, milliseconds, msAfter, secondsOf } from '../util/clock.ts'
import type { Transaction, View } from './transaction.ts'

/** What may be used up, and comes back with time: `burst` pieces, one of which comes back each `everyMs`. */
export interface Allowance {
  readonly id: string
  readonly burst: number
  readonly everyMs: Milliseconds
}

export interface AllowancesInput {
  /** Allowances that are spent together, or not at all. */
  readonly allowances: readonly Allowance[]
}

export interface SpendInput extends AllowancesInput {
  /** The HTTP request that asks (types.ts). */
  readonly attempt: string
}

/** What is left. Durations, since the clocks of two machines differ. */
export interface Left {
  /** How many pieces may be spent now. */
  readonly free: number
  /** How long until a piece of each is there, ms; 0 if it is now. */
  readonly waitMs: number
  /** How long until all of each are whole again, ms; 0 if nothing is spent. */
  readonly wholeMs: number
}

/**
 * Spends a piece of each allowance; nothing of any if one has none. `spent` says whether it did. An allowance is the
 * time at which it is whole again, which each piece moves on (generic cell rate algorithm, ITU-T I.371): one row for
 * each, however much is spent.
 */
export function spend(tx: Transaction, input: SpendInput): Left & { readonly spent: boolean } {
  const { attempt, allowances } = input
  const known = allowances.map(({ id }) => tx.tables.find('allowances', id))
  if (known.every((row) => row?.attempt === attempt)) return { ...left(tx, input), spent: true }
  const before = left(tx, input)
  if (before.waitMs > 0) return { ...before, spent: false }
  for (const [at, allowance] of allowances.entries()) {
    const whole_ms = msAfter(wholeAt(tx, allowance), allowance.everyMs)
    // Rounded up: the row must not end before the allowance is whole.
    const expires = secondsOf(msAfter(whole_ms, milliseconds(999)))
    const row = { whole_ms, attempt, expires }
    if (known[at] === undefined) tx.tables.insert('allowances', { id: allowance.id, ...row })
    else tx.tables.update('allowances', allowance.id, row)
    tx.wake(expires)
  }
  return { ...left(tx, input), spent: true }
}

/** Returns what is left of allowances: of each the least. */
export function left(view: View, { allowances }: AllowancesInput): Left {
  const states = allowances.map((allowance) => {
    const wholeMs = wholeAt(view, allowance) - view.nowMs
    const { burst, everyMs } = allowance
    return {
      free: Math.floor(burst - wholeMs / everyMs),
      waitMs: wholeMs - (burst - 1) * everyMs,
      wholeMs,
    }
  })
  return {
    free: Math.min(...states.map(({ free }) => free)),
    waitMs: Math.max(0, ...states.map(({ waitMs }) => waitMs)),
    wholeMs: Math.max(0, ...states.map(({ wholeMs }) => wholeMs)),
  }
}

/** Returns when an allowance is whole again. No later than if all of it were spent now: clocks and settings may change. */
function wholeAt({ tables, nowMs }: View, { id, burst, everyMs }: Allowance): Milliseconds {
  const whole = tables.find('allowances', id)?.whole_ms ?? nowMs
  return milliseconds(Math.min(Math.max(whole, nowMs), nowMs + burst * everyMs))
}
