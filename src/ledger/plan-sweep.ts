import { type Seconds, seconds } from '../util/clock.ts'
import type { Row } from './schema.ts'
import type { Transaction } from './transaction.ts'

export interface PlannedSweep {
  readonly name: Row<'sweeps'>['name']
  /** The last key that need not be looked at again. */
  readonly position: string
  /** Until when tombstones are kept at least. Absent if none are made. */
  readonly keepUntil?: Seconds
  /** Whether clients are told of the sessions that ended. */
  readonly notify?: boolean
}

/**
 * Has the alarm clean up behind a revocation that ended more rows than it looked at. One sweep at a time passes through a
 * table; a later one makes it begin again where it must.
 */
export function planSweep(
  tx: Transaction,
  { name, position, keepUntil = seconds(0), notify = false }: PlannedSweep,
): void {
  const planned = tx.tables.find('sweeps', name)
  tx.tables.insert('sweeps', {
    name,
    position: planned !== undefined && planned.position < position ? planned.position : position,
    keep_until: seconds(Math.max(keepUntil, planned?.keep_until ?? 0)),
    notify: Number(notify || planned?.notify === 1),
  })
  tx.wake(tx.now, 'notice')
}
