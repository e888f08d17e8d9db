import { asc, eq, inArray, lte, sql } from 'drizzle-orm'
import type { Seconds } from '../util/clock.ts'
import type { GrantId } from '../util/ids.ts'
import { type Database, logFailure, openDatabase, queryD1 } from './d1.ts'
import { grants } from './schema.ts'
import type { GrantsBookEntry } from './types.ts'

/** How often a write is tried. */
const TRIES = 3
/** The pause before the second try, milliseconds. Each further pause is twice as long. */
const PAUSE_MS = 100

/** The largest number of ids in one statement, so that no statement occupies the database for long. */
const IDS_PER_STATEMENT = 90

/** How long a revoked grant without an end stays in the book, seconds. */
const REVOKED_KEPT_SECONDS = 90 * 86_400

/** The largest number of batches in one purge, so that a backlog does not exhaust the scheduled handler. */
const PURGE_BATCHES = 20

/**
 * The grants book: one row per grant, for questions across subjects. A write that fails is tried a few times, then
 * logged and dropped. No method but `erase` throws, so no other request fails because of the book (design section 2).
 */
export class GrantsBook {
  readonly #db: Database
  readonly #enabled: boolean

  constructor(d1: D1Database, enabled: boolean) {
    this.#db = openDatabase(d1)
    this.#enabled = enabled
  }

  /** Adds a grant. A second call for the same grant updates its scope and end. */
  async record(entry: GrantsBookEntry): Promise<void> {
    if (!this.#enabled) return
    const { scope, expiresAt } = entry
    await attempt('grants_book.record', () =>
      this.#db
        .insert(grants)
        .values(entry)
        .onConflictDoUpdate({ target: grants.id, set: { scope, expiresAt } }),
    )
  }

  /** Marks grants as revoked at a time (seconds since the epoch). The first revocation of each grant counts. */
  async revoke(ids: readonly GrantId[], at: Seconds): Promise<void> {
    if (!this.#enabled) return
    for (let start = 0; start < ids.length; start += IDS_PER_STATEMENT) {
      const some = ids.slice(start, start + IDS_PER_STATEMENT)
      await attempt('grants_book.revoke', () =>
        this.#db
          .update(grants)
          .set({
            revokedAt: sql`coalesce(${grants.revokedAt}, ${at})`,
            expiresAt: sql`coalesce(${grants.expiresAt}, ${at + REVOKED_KEPT_SECONDS})`,
          })
          .where(inArray(grants.id, some)),
      )
    }
  }

  /**
   * Deletes every row of a subject, also while no more are written. Looks at the whole book, which has no index for it.
   * Throws `temporarily_unavailable`.
   */
  async erase(subject: string): Promise<void> {
    await queryD1(() => this.#db.delete(grants).where(eq(grants.subject, subject)))
  }

  /**
   * Deletes expired rows, the oldest first, in a bounded number of batches. Returns how many it deleted.
   * @param now seconds since the epoch.
   * @param batch the largest number of rows in one batch.
   */
  async purge(now: number, batch: number): Promise<number> {
    const { id, expiresAt } = grants
    const due = this.#db
      .select({ id })
      .from(grants)
      .where(lte(expiresAt, now))
      .orderBy(asc(expiresAt))
      .limit(batch)
    let purged = 0
    for (let round = 0; round < PURGE_BATCHES; round += 1) {
      const ended = await attempt('grants_book.purge', () =>
        this.#db.delete(grants).where(inArray(id, due)).returning({ id }),
      )
      const deleted = ended?.length ?? 0
      purged += deleted
      if (deleted < batch) break
    }
    return purged
  }
}

async function attempt<T>(event: string, write: () => PromiseLike<T>): Promise<T | undefined> {
  for (let tried = 1; ; tried += 1) {
    try {
      return await write()
    } catch (error) {
      if (tried === TRIES) {
        logFailure(event, error)
        return undefined
      }
      await scheduler.wait(PAUSE_MS * 2 ** (tried - 1))
    }
  }
}
