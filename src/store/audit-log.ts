import { and, asc, desc, eq, gte, inArray, lt, type SQL, sql } from 'drizzle-orm'
import { type Milliseconds, milliseconds, msOf, type Seconds, secondsOf } from '../util/clock.ts'
import { type Database, openDatabase, queryD1 } from './d1.ts'
import { auditLog } from './schema.ts'

/** How long rows are kept, days: a year, and what it takes to look back at it. */
export const KEPT_DAYS = 400
const KEPT_MS = milliseconds(KEPT_DAYS * 86_400_000)

/** Digits of the time in an id: enough until the year 2286. */
const TIME_DIGITS = 13

/** The largest number of batches in one purge, so that a backlog does not exhaust the scheduled handler. */
const PURGE_BATCHES = 20

/** What an audit line says, under an id that `auditId` made. */
export interface AuditEntry {
  readonly id: string
  readonly entry: Readonly<Record<string, unknown>>
}

/** Which rows are listed; null is any. Times in seconds since the epoch. */
export interface AuditFilter {
  readonly event: string | null
  readonly actor: string | null
  readonly subHash: string | null
  readonly clientId: string | null
  /** The rows from this time on. */
  readonly since: Seconds | null
  /** The rows before this time. */
  readonly until: Seconds | null
}

/** A page of the list, which begins with the newest row. */
export interface AuditPage extends AuditFilter {
  /** The page begins after the row of this id; null for the beginning. */
  readonly after: string | null
  readonly offset: number
  readonly limit: number
}

/**
 * The changes that operators made, in D1: copies of audit lines, which say the same and are the truth. Every method
 * throws `temporarily_unavailable` if storage fails.
 */
export class AuditLog {
  readonly #db: Database

  constructor(d1: D1Database) {
    this.#db = openDatabase(d1)
  }

  /**
   * Adds entries in one statement. An entry whose id is there already is left as it is. One parameter holds them all,
   * since D1 accepts few parameters.
   */
  async record(entries: readonly AuditEntry[]): Promise<void> {
    const members = sql.join(
      ['event', 'actor', 'sub_hash', 'client_id'].map((member) => sql`given.value->'entry'->>${member}`),
      sql`, `,
    )
    const given = sql`json_each(${JSON.stringify(entries)}) AS given`
    await queryD1(() =>
      this.#db
        .insert(auditLog)
        .select(sql`SELECT given.value->>'id', ${members}, given.value->'entry' FROM ${given} WHERE true`)
        .onConflictDoNothing()
        .run(),
    )
  }

  /** Returns one page of rows, the newest first. */
  async list({ after, offset, limit, ...filter }: AuditPage): Promise<readonly AuditEntry[]> {
    const rest = after === null ? undefined : lt(auditLog.id, after)
    return queryD1(() =>
      this.#db
        .select({ id: auditLog.id, entry: auditLog.entry })
        .from(auditLog)
        .where(and(matching(filter), rest))
        .orderBy(desc(auditLog.id))
        .limit(limit)
        .offset(offset),
    )
  }

  /** Counts the rows that a filter lets through. */
  async count(filter: AuditFilter): Promise<number> {
    return queryD1(() => this.#db.$count(auditLog, matching(filter)))
  }

  /**
   * Deletes rows that are too old, the oldest first, in a bounded number of batches. Returns how many it deleted.
   *
   * @param now - milliseconds since the epoch
   * @param batch - the largest number of rows in one batch
   */
  async purge(now: Milliseconds, batch: number): Promise<number> {
    const due = this.#db
      .select({ id: auditLog.id })
      .from(auditLog)
      .where(lt(auditLog.id, timeText(milliseconds(now - KEPT_MS))))
      .orderBy(asc(auditLog.id))
      .limit(batch)
    let purged = 0
    for (let round = 0; round < PURGE_BATCHES; round += 1) {
      const { meta } = await queryD1(() => this.#db.delete(auditLog).where(inArray(auditLog.id, due)).run())
      purged += meta.changes
      if (meta.changes < batch) break
    }
    return purged
  }
}

/**
 * Returns the id of an entry: the same for the same event of a request, so that a row that is written twice is one.
 *
 * @param at - milliseconds since the epoch
 * @param index - the place of the event among those of its request
 */
export const auditId = (at: Milliseconds, requestId: string, index: number): string =>
  `${timeText(at)}-${requestId}-${String(index).padStart(3, '0')}`

/** Returns the time that an id begins with. */
export const auditTime = (id: string): Seconds => secondsOf(milliseconds(Number(id.slice(0, TIME_DIGITS))))

const timeText = (at: Milliseconds): string => String(Math.max(0, at)).padStart(TIME_DIGITS, '0')

function matching({ event, actor, subHash, clientId, since, until }: AuditFilter): SQL | undefined {
  return and(
    ...[
      [auditLog.event, event] as const,
      [auditLog.actor, actor] as const,
      [auditLog.subHash, subHash] as const,
      [auditLog.clientId, clientId] as const,
    ].map(([column, value]) => (value === null ? undefined : eq(column, value))),
    since === null ? undefined : gte(auditLog.id, timeText(msOf(since))),
    until === null ? undefined : lt(auditLog.id, timeText(msOf(until))),
  )
}
