import { count, eq, sql } from 'drizzle-orm'
import type { Seconds } from '../util/clock.ts'
import type { JsonObject } from '../util/json.ts'
import { type Database, openDatabase, queryD1 } from './d1.ts'
import { auditLog, clients, trustedIssuers, upkeep } from './schema.ts'

/** How the scheduled job went. */
export interface UpkeepNote {
  /** When it last ran, seconds since the epoch. */
  readonly ranAt: Seconds
  /** When it last ran without a failure, seconds since the epoch; null for never. */
  readonly succeededAt: Seconds | null
  readonly result: JsonObject
}

/** The row of the scheduled job, and that of how far it came with the copies. */
const NAME = 'cron'
const COPIES = 'copies'

/** What the scheduled job noted about its last run, in D1. Every method throws `temporarily_unavailable`. */
export class UpkeepNotes {
  readonly #db: Database

  constructor(d1: D1Database) {
    this.#db = openDatabase(d1)
  }

  /** Notes a run. The time of the last success stays if this was none. */
  write(note: UpkeepNote): Promise<void> {
    return this.#write(NAME, note)
  }

  /** Returns the note of the last run; `undefined` before the first. */
  read(): Promise<UpkeepNote | undefined> {
    return this.#read(NAME)
  }

  /** Notes how far the last run came with the copies. */
  writePlace(ranAt: Seconds, place: JsonObject): Promise<void> {
    return this.#write(COPIES, { ranAt, succeededAt: ranAt, result: place })
  }

  /** Returns how far the last run came with the copies; empty for their beginning. */
  async readPlace(): Promise<JsonObject> {
    return (await this.#read(COPIES))?.result ?? {}
  }

  async #write(name: string, { ranAt, succeededAt, result }: UpkeepNote): Promise<void> {
    const set = { ranAt, result, succeededAt: sql`coalesce(${succeededAt}, ${upkeep.succeededAt})` }
    await queryD1(() =>
      this.#db
        .insert(upkeep)
        .values({ name, ranAt, succeededAt, result })
        .onConflictDoUpdate({ target: upkeep.name, set })
        .run(),
    )
  }

  async #read(name: string): Promise<UpkeepNote | undefined> {
    const { ranAt, succeededAt, result } = upkeep
    return queryD1(() =>
      this.#db.select({ ranAt, succeededAt, result }).from(upkeep).where(eq(upkeep.name, name)).get(),
    )
  }

  /** Counts the rows of tables that grow by what operators and clients do. D1 reads all of them, so not often. */
  async counts(): Promise<Readonly<Record<'clients' | 'trusted_issuers' | 'audit_log', number>>> {
    const rowsOf = (table: typeof clients | typeof trustedIssuers | typeof auditLog) =>
      queryD1(() => this.#db.select({ total: count() }).from(table).get()).then((row) => row?.total ?? 0)
    const [ofClients, ofIssuers, ofLog] = await Promise.all([
      rowsOf(clients),
      rowsOf(trustedIssuers),
      rowsOf(auditLog),
    ])
    return { clients: ofClients, trusted_issuers: ofIssuers, audit_log: ofLog }
  }
}
