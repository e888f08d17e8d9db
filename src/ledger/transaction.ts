import type { Wake } from './alarm.ts'
import type { Callers } from './device.ts'
import type { Row, TableName, Tables } from './schema.ts'

/** What a ledger method runs with. One moment in time holds for the whole call. */
export interface Transaction {
  readonly tables: Tables
  readonly callers: Callers
  /** Seconds since the epoch. */
  readonly now: number
  /** The same moment in milliseconds. */
  readonly nowMs: number
  /** Sees to it that the alarm comes after a row's end; never moves it later. */
  readonly wake: (expires: number | null, what?: Wake) => void
}

/** Whether something that ends at this time is still there; null never ends. */
export function alive(expires: number | null, now: number): boolean {
  return expires === null || expires > now
}

/** The later of two ends, where null is never. */
export function later(left: number | null, right: number | null): number | null {
  return left === null || right === null ? null : Math.max(left, right)
}

/** The row of a key, unless it ended. */
export function findAlive<Found extends Row & { readonly expires: number | null }>(
  { tables, now }: Transaction,
  table: TableName,
  key: string,
): Found | undefined {
  const row = tables.find<Found>(table, key)
  return row !== undefined && alive(row.expires, now) ? row : undefined
}
