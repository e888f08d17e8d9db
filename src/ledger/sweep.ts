import { logLine } from '../http/log.ts'
import { type Milliseconds, type Seconds, secondsOf } from '../util/clock.ts'
import type { Sid } from '../util/ids.ts'
import type { Alarm } from './alarm.ts'
import type { Ledgers } from './client.ts'
import { indexRecipients, isIndexed } from './indexes.ts'
import { directoryOf, grantsOf, jurisdictionOf, type Owner } from './owner.ts'
import type { TableName } from './schema.ts'
import { conditions } from './standing.ts'
import type { Tables } from './tables.ts'

/** What the clean-up needs. */
export interface SweepParts {
  readonly storage: DurableObjectStorage
  readonly tables: Tables
  readonly alarm: Alarm
  readonly ledgers: Ledgers
  /** Whose ledger it is. Undefined if its object does not say: it then leaves the directory alone. */
  readonly owner: Owner | undefined
  /** Whether the platform repeats a run that did not come to its end. */
  readonly isRetry: boolean
}

/** The largest number of session ids that one run removes from the directory, and of rows of a table that it deletes. */
const BATCH = { sids: 500, rows: 2000 } as const

/**
 * Deletes expired rows, and the whole object if no row is left; if there are very many, some of them. It sets the next
 * alarm before any I/O, if there is one: until the run ends the platform keeps the one that fired. A session id is removed from the directory before its last row is deleted, so a failure in
 * between only leaves work for the next run.
 * @param nowMs the moment by which every expiry is judged, ms since the epoch.
 * @throws what the ledger client throws if the directory cannot be reached; nothing is deleted then.
 */
export async function sweep(parts: SweepParts, nowMs: Milliseconds): Promise<void> {
  const { storage, tables, alarm, isRetry } = parts
  if (tables.all().length === 0) return
  const now = secondsOf(nowMs)
  const more = alarm.plan(tables, nowMs, isRetry)
  // Sessions that ended with others stay until their clients were told, also if they have expired since.
  if (tables.exists('sweeps', "WHERE name = 'sessions'")) return
  const sids = departing(tables, now)
  await unbind(parts, sids)
  if (sids.length === BATCH.sids) {
    storage.transactionSync(() => {
      // A login may have come meanwhile.
      const still = new Set(departing(tables, now))
      deleteSessions(
        tables,
        sids.filter((sid) => still.has(sid)),
      )
    })
    return alarm.noLaterThanMs(nowMs)
  }
  if (!survives(tables, now)) {
    alarm.clear()
    return await deleteEverything(storage, tables)
  }
  if (storage.transactionSync(() => deleteExpired(tables, now))) return alarm.noLaterThanMs(nowMs)
  if (more) return
  alarm.clear()
  // A row that was written during the calls to the directory may expire.
  alarm.check(tables, nowMs, now)
}

async function unbind({ ledgers, owner }: SweepParts, sids: readonly Sid[]): Promise<void> {
  if (sids.length === 0) return
  if (owner === undefined) {
    // Without its owner the directory would delete entries of others.
    logLine('ledger.owner_unknown', { sessions: sids.length })
    return
  }
  // The entries of a ledger's sessions are in the jurisdiction of the ledger.
  const shards = Map.groupBy(sids, (sid) => directoryOf(sid, jurisdictionOf(owner)))
  for (const [shard, members] of shards) await ledgers.call(shard, 'unbindSessions', { sids: members, owner })
}

/** Returns session ids that will have neither a session nor a grant once the expired rows are deleted. */
function departing(tables: Tables, now: Seconds): readonly Sid[] {
  const rows = tables.select(
    'sessions',
    ['sid'],
    `WHERE expires <= ?1 UNION SELECT sid FROM grants WHERE expires <= ?1
     EXCEPT SELECT sid FROM grants WHERE expires IS NULL OR expires > ?1 OR ${conditions(tables).restedOn}
     EXCEPT SELECT sid FROM sessions WHERE expires IS NULL OR expires > ?1 LIMIT ${BATCH.sids}`,
    now,
  )
  return rows.map((row) => row.sid)
}

/** Deletes what is left of sessions that depart: nothing of them is alive. */
function deleteSessions(tables: Tables, sids: readonly Sid[]): void {
  for (const sid of sids)
    tables.deleteWhere('grants', 'WHERE id >= ? AND id < ? AND sid = ?', ...grantsOf(sid), sid)
  tables.delete('sessions', sids)
}

/** A month, as long as the alarm waits for the rows of a login (alarm.ts), seconds. */
const MONTH = 31 * 86_400

/** Sessions that live on, and end within a month, or not. */
const ENDING = `SELECT sid FROM sessions WHERE expires > ?1 AND expires <= ?1 + ${MONTH}`
const LASTING = `SELECT sid FROM sessions WHERE expires IS NULL OR expires > ?1 + ${MONTH}`

/** Kept besides: what alone says that a session tells a client of its end, if that is near. */
const UNTOLD = `AND (notify = '' OR sid NOT IN (${ENDING}))`

/** Conditions for the expired rows that may be deleted, by table. */
const deletable = (tables: Tables): { readonly [Table in TableName]?: string } => ({
  // Kept: a consent that live grants rest on.
  grants: `AND NOT ${conditions(tables).restedOn} ${isIndexed({ tables }) ? '' : UNTOLD}`,
  // Kept: a session that a grant names. A code that comes late must find that the session was ended.
  sessions: 'AND sid NOT IN (SELECT sid FROM grants)',
  // Kept: what rows that were not yet cleaned are compared with, and a number that none may be below.
  epochs: tables.exists('sweeps', '') ? 'AND FALSE' : 'AND value < (SELECT MAX(value) FROM epochs)',
})

/** Returns whether there may be more. */
function deleteExpired(tables: Tables, now: Seconds): boolean {
  if (!isIndexed({ tables })) indexRecipients({ tables }, `AND expires <= ?1 AND sid IN (${LASTING})`, now)
  const conditionOf = deletable(tables)
  const more = tables
    .expiring()
    .filter((table) =>
      tables.deleteSome(table, BATCH.rows, `WHERE expires <= ?1 ${conditionOf[table] ?? ''}`, now),
    )
  return deleteForgotten(tables) || more.length > 0
}

/** Deletes the notes of which consent is remembered whose grant is gone. Returns whether there may be more. */
const deleteForgotten = (tables: Tables): boolean =>
  tables.has('grants') &&
  tables.deleteSome(
    'remembered',
    BATCH.rows,
    'WHERE NOT EXISTS (SELECT 1 FROM grants WHERE grants.id = remembered.id)',
  )

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
