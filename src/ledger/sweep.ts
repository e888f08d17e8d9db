import { type Milliseconds, type Seconds, secondsOf } from '../util/clock.ts'
import type { Sid } from '../util/ids.ts'
import type { Alarm } from './alarm.ts'
import type { Ledgers } from './client.ts'
import { directoryOf } from './owner.ts'
import type { TableName } from './schema.ts'
import { RESTED_ON } from './standing.ts'
import type { Tables } from './tables.ts'

/** What the clean-up needs. */
export interface SweepParts {
  readonly storage: DurableObjectStorage
  readonly tables: Tables
  readonly alarm: Alarm
  readonly ledgers: Ledgers
}

/**
 * Deletes expired rows, and the whole object if no row is left. It sets the next alarm before any I/O. A session id is
 * removed from the directory before its last row is deleted, so a failure in between only leaves work for the next run.
 * @param nowMs the moment by which every expiry is judged, ms since the epoch.
 * @throws what the ledger client throws if the directory cannot be reached; nothing is deleted then.
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
  // A row that was written during the calls to the directory may expire.
  alarm.check(tables, nowMs, now)
}

async function unbind(ledgers: Ledgers, sids: readonly Sid[]): Promise<void> {
  const shards = Map.groupBy(sids, directoryOf)
  for (const [shard, members] of shards) await ledgers.call(shard, 'unbindSessions', { sids: members })
}

/** Returns the session ids that will have neither a session nor a grant once the expired rows are deleted. */
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

/** Conditions for the expired rows that may be deleted, by table. */
const DELETABLE: { readonly [Table in TableName]?: string } = {
  // Kept: a consent that live grants rest on, and for each client to notify one grant of an open session.
  grants: `AND NOT ${RESTED_ON} AND id NOT IN (SELECT MIN(id) FROM grants WHERE notify <> '' AND sid IN
    (SELECT sid FROM sessions WHERE ended = 0 AND (expires IS NULL OR expires > ?1)) GROUP BY sid, client, notify)`,
  // Kept: a session that a grant names. A code that comes late must find that the session was ended.
  sessions: 'AND sid NOT IN (SELECT sid FROM grants)',
}

function deleteExpired(tables: Tables, now: Seconds): void {
  for (const table of tables.expiring()) {
    tables.deleteWhere(table, `WHERE expires <= ?1 ${DELETABLE[table] ?? ''}`, now)
  }
}

/** Whether any row outlives this clean-up. If none does the whole object is deleted, which costs no row. */
function survives(tables: Tables, now: Seconds): boolean {
  if (tables.exists('directory', '')) return true
  return tables.expiring().some((table) => tables.exists(table, 'WHERE expires IS NULL OR expires > ?', now))
}

async function deleteEverything(storage: DurableObjectStorage, tables: Tables): Promise<void> {
  const deleted = storage.deleteAll()
  tables.reload()
  await deleted
}
