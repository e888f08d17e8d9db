import { type Milliseconds, type Seconds, seconds } from '../util/clock.ts'
import type { Wake } from './alarm.ts'
import type { Callers } from './device.ts'
import { type EndingTable, type KeyOf, keyOf, type Row } from './schema.ts'
import type { ReadableTables, Tables } from './tables.ts'

/** What a ledger method runs with that only reads. One moment in time holds for the whole call. */
export interface View {
  readonly tables: ReadableTables
  readonly callers: Callers
  /** Seconds since the epoch. */
  readonly now: Seconds
  /** The same moment in milliseconds. */
  readonly nowMs: Milliseconds
}

/** What a method runs with that may write: all of it is one SQLite transaction. */
export interface Transaction extends View {
  readonly tables: Tables
  /** Sees to it that the alarm comes after a row's end; never moves it later. */
  readonly wake: (expires: Seconds | null, what?: Wake) => void
}

/** Whether something that ends at this time is still there; null never ends. */
export function alive(expires: Seconds | null, now: Seconds): boolean {
  return expires === null || expires > now
}

/** The later of two ends, where null is never. */
export function later(left: Seconds, right: Seconds): Seconds
export function later(left: Seconds | null, right: Seconds | null): Seconds | null
export function later(left: Seconds | null, right: Seconds | null): Seconds | null {
  return left === null || right === null ? null : seconds(Math.max(left, right))
}

/** The row of a key, unless it ended. */
export function findAlive<Name extends EndingTable>(
  { tables, now }: View,
  table: Name,
  key: KeyOf<Name>,
): Row<Name> | undefined {
  const rest = `WHERE ${keyOf(table)} = ? AND (expires IS NULL OR expires > ?)`
  return tables.select(table, '*', rest, key, now)[0]
}
