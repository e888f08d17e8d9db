import type { SigningAlgorithm } from '../config/types.ts'
import { type Milliseconds, type Seconds, seconds } from '../util/clock.ts'
import type { Wake } from './alarm.ts'
import type { Callers } from './device.ts'
import type { ReadableTables } from './readable-tables.ts'
import type { RecentChanges } from './recent-changes.ts'
import type { EndingTable, KeyOf, Row } from './schema.ts'
import type { Tables } from './tables.ts'

export interface FirstKeyInput {
  /** The name of the set of signing keys. */
  readonly set: string
  readonly algorithm: SigningAlgorithm
}

/** What a ledger method that only reads gets. The time does not change during a call. */
export interface View {
  readonly tables: ReadableTables
  readonly callers: Callers
  readonly recent: RecentChanges
  /** Has the Worker make the first key of a set. It is no part of a transaction. */
  readonly makeFirstKey: (input: FirstKeyInput) => Promise<boolean>
  /** The time of the call, seconds since the epoch. */
  readonly now: Seconds
  /** The time of the call, ms since the epoch. */
  readonly nowMs: Milliseconds
}

/** What a ledger method that may write gets. The whole method is one SQLite transaction. */
export interface Transaction extends View {
  readonly tables: Tables
  /** Makes the alarm fire after a row ends (seconds since the epoch; null for never). Never moves the alarm later. */
  readonly wake: (expires: Seconds | null, what?: Wake) => void
  /**
   * Makes the alarm fire for the rows of a login, of which the first ends at `first`, and the last at `last`, as far as
   * is known (seconds since the epoch; null for never).
   */
  readonly wakeForLogin: (first: Seconds, last: Seconds | null) => void
}

/** Whether something that expires at `expires` has not expired; null never expires. */
export function alive(expires: Seconds | null, now: Seconds): boolean {
  return expires === null || expires > now
}

/** Returns the later of two ends; null is never. */
export function later(left: Seconds, right: Seconds): Seconds
export function later(left: Seconds | null, right: Seconds | null): Seconds | null
export function later(left: Seconds | null, right: Seconds | null): Seconds | null {
  return left === null || right === null ? null : seconds(Math.max(left, right))
}

/** Returns the earlier of two ends; null is never. */
export function earlier(left: Seconds | null, right: Seconds | null): Seconds | null {
  if (left === null || right === null) return left ?? right
  return seconds(Math.min(left, right))
}

/** Returns the row of a key, unless it expired. */
export function findAlive<Name extends EndingTable>(
  { tables, now }: View,
  table: Name,
  key: KeyOf<Name>,
): Row<Name> | undefined {
  return tables.findAlive(table, key, now)
}
