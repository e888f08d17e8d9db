import { type Milliseconds, type Seconds, secondsOf } from '../util/clock.ts'
import type { Sid } from '../util/ids.ts'
import type { Alarm } from './alarm.ts'
import type { Ledgers } from './client.ts'
import { directoryOf } from './owner.ts'
import type { TableName } from './schema.ts'
import { RESTED_ON } from './standing.ts'
import type { Tables } from './tables.ts'

/** What the clean-up works on. */
export interface SweepParts {
  readonly storage: DurableObjectStorage
  readonly tables: Tables
  readonly alarm: Alarm
  readonly ledgers: Ledgers
}

/**
 * Deletes what expired, and everything when nothing is left. The next alarm is set before any I/O; the directory
 * forgets a session id before its last row goes, so a failure in between only leaves work for the next run.
 * @param nowMs the moment by which expiry is judged throughout, ms.
 * @throws what the ledger client throws when a directory cannot be reached; nothing is deleted then.
 */
export async function sweep(parts: SweepParts, nowMs: Milliseconds): Promise<void> {
  const { storage, tables, alarm, ledgers } = parts
  if (tables.all().length === 0) return
  const now = secondsOf(nowMs)
  const more = alarm.plan(tables, nowMs)
  await unbind(ledgers, departing(tables, now))
  if (!survives(tables, now)) {
    alarm.clear()
    return await deleteEverything(storage, tables)
  }
  storage.transactionSync(() => deleteExpired(tables, now))
  if (more) return
  alarm.clear()
  // What came in while the directory was told may end after all.
  alarm.check(tables, nowMs, now)
}

async function unbind(ledgers: Ledgers, sids: readonly Sid[]): Promise<void> {
  const shards = Map.groupBy(sids, directoryOf)
  for (const [shard, members] of shards) await ledgers.call(shard, 'unbindSessions', { sids: members })
}

/** Session ids that will have neither a session nor a grant once the expired rows are gone. */
function departing(tables: Tables, now: Seconds): readonly Sid[] {
  const rows = tables.select(
    'sessions',
    ['sid'],
    `WHERE expires <= ?1 UNION SELECT sid FROM grants WHERE expires <= ?1
     EXCEPT SELECT sid FROM grants WHERE expires IS NULL OR expires > ?1 OR ${RESTED_ON}
     EXCEPT SELECT sid FROM sessions WHERE expires IS NULL OR expires > ?1`,
    now,
  )
  return rows.map((row) => row.sid)
}

/** Rows that outlive their end, by table. */
const KEPT: { readonly [Table in TableName]?: string } = {
  // A client is told of the end of an open session by one grant of it; a consent is listed for what rests on it.
  grants: `AND NOT ${RESTED_ON} AND id NOT IN (SELECT MIN(id) FROM grants WHERE notify <> '' AND sid IN
    (SELECT sid FROM sessions WHERE ended = 0 AND (expires IS NULL OR expires > ?1)) GROUP BY sid, client, notify)`,
  // An ended session must still be known as ended when a late code comes.
  sessions: 'AND sid NOT IN (SELECT sid FROM grants)',
}

function deleteExpired(tables: Tables, now: Seconds): void {
  for (const table of tables.expiring()) {
    tables.deleteWhere(table, `WHERE expires <= ?1 ${KEPT[table] ?? ''}`, now)
  }
}

/** Whether any row outlives this clean-up; if none does, deleting the whole object costs no row. */
function survives(tables: Tables, now: Seconds): boolean {
  if (tables.exists('directory', '')) return true
  return tables.expiring().some((table) => tables.exists(table, 'WHERE expires IS NULL OR expires > ?', now))
}

async function deleteEverything(storage: DurableObjectStorage, tables: Tables): Promise<void> {
  const deleted = storage.deleteAll()
  tables.reload()
  await deleted
}
