import { and, asc, inArray, isNotNull, lte, sql } from 'drizzle-orm'
import { type DrizzleD1Database, drizzle } from 'drizzle-orm/d1'
import { grants } from './schema.ts'
import { logFailure } from './source.ts'
import type { GrantsBookEntry } from './types.ts'

/** How often a write is tried, and the pause before the second try in milliseconds; each further pause doubles. */
const TRIES = 3
const PAUSE_MS = 100

/** Ids in one statement; D1 binds at most 100 parameters. */
const IDS_AT_ONCE = 90

/** How long a revoked grant without an end stays in the book, seconds. */
const REVOKED_KEPT_SECONDS = 90 * 86_400

/** Batches one purge runs at most, so that a backlog never exhausts the scheduled handler. */
const PURGE_BATCHES = 20

/**
 * The grants book: one row per grant, for questions across subjects. Writes are tried a few times and then given up
 * with a log line; no method throws, so nothing can fail with the book (design section 2).
 */
export class GrantsBook {
  readonly #db: DrizzleD1Database
  readonly #enabled: boolean

  constructor(db: D1Database, enabled: boolean) {
    this.#db = drizzle(db)
    this.#enabled = enabled
  }

  /** Writes a grant down; a second call for the same grant renews its scope and end. */
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

  /** Marks grants as revoked at a time in seconds; the first revocation of each counts. */
  async revoke(ids: readonly string[], at: number): Promise<void> {
    if (!this.#enabled) return
    const revokedAt = sql`coalesce(${grants.revokedAt}, ${at})`
    const expiresAt = sql`coalesce(${grants.expiresAt}, ${at + REVOKED_KEPT_SECONDS})`
    for (let start = 0; start < ids.length; start += IDS_AT_ONCE) {
      const some = ids.slice(start, start + IDS_AT_ONCE)
      await attempt('grants_book.revoke', () =>
        this.#db.update(grants).set({ revokedAt, expiresAt }).where(inArray(grants.id, some)),
      )
    }
  }

  /** Deletes rows whose end has come, oldest first, `batch` at a time and a bounded number of times; returns how many. */
  async purge(now: number, batch: number): Promise<number> {
    const ended = this.#db
      .select({ id: grants.id })
      .from(grants)
      .where(and(isNotNull(grants.expiresAt), lte(grants.expiresAt, now)))
      .orderBy(asc(grants.expiresAt))
      .limit(batch)
    let purged = 0
    for (let round = 0; round < PURGE_BATCHES; round += 1) {
      const rows = await attempt('grants_book.purge', () =>
        this.#db.delete(grants).where(inArray(grants.id, ended)).returning({ id: grants.id }),
      )
      purged += rows?.length ?? 0
      if (rows === undefined || rows.length < batch) break
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
