import { and, asc, eq, gt, inArray, isNull, lte, type SQL, sql } from 'drizzle-orm'
import type { Jurisdiction, Residency } from '../config/residency.ts'
import { after, type Seconds, seconds } from '../util/clock.ts'
import type { ClientId } from '../util/ids.ts'
import { PAGE_BYTES } from '../util/page-bytes.ts'
import { bookedUntil, type Lasting } from './book-ends.ts'
import { endedIn, isAlone, isElsewhere, isNewsFrom, placeOf, placesWith } from './book-places.ts'
import { purgeBook } from './book-walk.ts'
import { type BookWrite, writeBook } from './book-writes.ts'
import { anyOf, type Database, openDatabase, queryD1 } from './d1.ts'
import { isNotErased, markErased } from './erasures.ts'
import { eraseOlder, purgeOlder } from './older-grants.ts'
import { bytesOf } from './page.ts'
import { grantsBook } from './schema.ts'
import type { BookedGrant } from './types.ts'

/** How long a row stays at most after all that it tells of was ended, seconds. */
const ENDED_KEPT = seconds(90 * 86_400)

/** Returns what stands for a subject where its name must not stay. */
export type SubjectHash = (subject: string) => Promise<string>

/** What a grant tells the book. */
export interface BookedEvent extends Lasting, Pick<BookedGrant, 'subject' | 'clientId' | 'scope'> {
  /** When the ledger made the grant. */
  readonly grantedAt: Seconds
  /** Where that ledger is, and where the subject may have others. */
  readonly jurisdiction: Jurisdiction
  readonly jurisdictions: Residency['jurisdictions']
}

/** What is over of a subject, by its ledger. */
export interface BookedEnds {
  readonly subject: string
  /** When it was. */
  readonly at: Seconds
  /** The clients of which nothing is alive there; null for all. */
  readonly clients: readonly ClientId[] | null
  /** Where that ledger is, and where the subject may have others. */
  readonly jurisdiction: Jurisdiction
  readonly jurisdictions: Residency['jurisdictions']
}

/** Which rows are listed; null is any. */
export interface BookFilter {
  readonly subject: string | null
  readonly clientId: ClientId | null
}

/** The place of a row: rows are in the order of subject and client. */
export type BookPlace = Pick<BookedGrant, 'subject' | 'clientId'>

/** The most rows of a subject that are read at once. */
const MOST_OF_SUBJECT = 1000

const { subject, clientId, scope, lastGrantedAt, expiresAt, endedAt } = grantsBook
const NEW = {
  scope: sql`excluded.scope`,
  lastGrantedAt: sql`excluded.last_granted_at`,
  expiresAt: sql`excluded.expires_at`,
}

/**
 * The grants book: one row for each subject and client, for questions across subjects. A write that fails is tried a few
 * times, then logged and dropped: nothing waits for `record`, `renew` and `end`, and they never throw (design section 2).
 */
export class GrantsBook {
  readonly #db: Database
  readonly #all: readonly Database[]
  readonly #enabled: boolean
  readonly #hash: SubjectHash

  /**
   * @param d1 - where the book is
   * @param enabled - whether there is one
   * @param hash - what stands for a subject that was erased
   * @param elsewhere - another database with rows from before the book had one of its own
   */
  constructor(d1: D1Database, enabled: boolean, hash: SubjectHash, elsewhere?: D1Database) {
    this.#db = openDatabase(d1)
    this.#all = [this.#db, ...(elsewhere === undefined ? [] : [openDatabase(elsewhere)])]
    this.#enabled = enabled
    this.#hash = hash
  }

  /** Whether grants are written down. */
  get isKept(): boolean {
    return this.#enabled
  }

  /** Writes down a grant: a new row costs two written rows, a known one costs one. */
  async record(event: BookedEvent): Promise<void> {
    if (!this.#enabled) return
    const isInOrder = sql`${lastGrantedAt} <= ${NEW.lastGrantedAt}`
    const isNewest = sql`${isInOrder} AND coalesce(${endedAt}, 0) <= ${NEW.lastGrantedAt}`
    // The end of a grant of before may be later. Where that was never, a single ledger remembers only one consent.
    const later = sql`max(${expiresAt}, ${NEW.expiresAt})`
    const ends = isAlone(event)
      ? sql`CASE WHEN ${expiresAt} IS NULL THEN ${NEW.expiresAt} ELSE ${later} END`
      : later
    const lastAt = sql`max(${lastGrantedAt}, ${NEW.lastGrantedAt})`
    await writeBook('grants_book.record', async (once) =>
      this.#db
        .insert(grantsBook)
        .select(await this.#unlessErased(event, event.grantedAt, once))
        .onConflictDoUpdate({
          target: [subject, clientId],
          set: {
            ...{ scope: sql`CASE WHEN ${isInOrder} THEN ${NEW.scope} ELSE ${scope} END` },
            ...{ lastGrantedAt: lastAt, expiresAt: ends, endedAt: null },
            ...{ jurisdictions: placesWith(event.jurisdiction), jurisdictionsAt: lastAt },
            lastWrites: once.marks,
          },
          setWhere: sql`((${isNewest}) OR ${isNewsFrom(event)}) AND ${once.isNew}`,
        }),
    )
  }

  /**
   * Writes down that the tokens of a grant live on. To be called when `outlives` (book-ends.ts) says so; it writes nothing
   * if the row says so already.
   * @param at - when the ledger found the grant alive
   */
  async renew(event: BookedEvent, at: Seconds): Promise<void> {
    if (!this.#enabled) return
    const ends = sql`max(${expiresAt}, ${NEW.expiresAt})`
    const isNews = sql`(${endedAt} IS NOT NULL OR ${expiresAt} IS NOT ${ends} OR ${isElsewhere(event.jurisdiction)})`
    await writeBook('grants_book.renew', async (once) =>
      this.#db
        .insert(grantsBook)
        .select(await this.#unlessErased(event, at, once))
        .onConflictDoUpdate({
          target: [subject, clientId],
          set: {
            ...{ expiresAt: ends, endedAt: null },
            ...{ jurisdictions: placesWith(event.jurisdiction), jurisdictionsAt: lastGrantedAt },
            lastWrites: once.marks,
          },
          setWhere: sql`(${endedAt} IS NULL OR ${endedAt} <= ${at} OR ${isNewsFrom(event)}) AND ${isNews} AND ${once.isNew}`,
        }),
    )
  }

  /**
   * Marks the rows of a subject of which nothing is left in any jurisdiction. They go at the latest 90 days later; where
   * there may be ledgers in several, as they would without: a write of another of them may have been dropped.
   */
  async end(ends: BookedEnds): Promise<void> {
    if (!this.#enabled) return
    const { subject: named, at, clients, jurisdiction, jurisdictions } = ends
    const end = after(at, ENDED_KEPT)
    const ofClients = clients === null ? undefined : inArray(clientId, anyOf(clients))
    const { concerned, isOver, left } = endedIn(jurisdiction, jurisdictions)
    const expiring = sql`min(coalesce(${expiresAt}, ${end}), ${end})`
    await writeBook('grants_book.end', (once) =>
      this.#db
        .update(grantsBook)
        .set({
          endedAt: sql`CASE WHEN ${isOver} THEN ${at} END`,
          ...(isAlone(ends) && { expiresAt: expiring }),
          jurisdictions: left,
          lastWrites: once.marks,
        })
        .where(
          and(eq(subject, named), isNull(endedAt), lte(lastGrantedAt, at), ofClients, concerned, once.isNew),
        ),
    )
  }

  /** The row of an event, or none if the subject was erased since the ledger decided it. */
  async #unlessErased(event: BookedEvent, decidedAt: Seconds, { mark }: BookWrite): Promise<SQL> {
    const row = rowOf(event)
    const times = sql`${row.grantedAt}, ${row.lastGrantedAt}, ${row.expiresAt}, ${row.endedAt}`
    const noted = sql`${placeOf(event.jurisdiction)}, ${row.lastGrantedAt}, ${mark}`
    const isStanding = isNotErased(await this.#hash(event.subject), decidedAt)
    return sql`SELECT ${row.subject}, ${row.clientId}, ${sql.param(row.scope, scope)}, ${times}, ${noted} WHERE ${isStanding}`
  }

  /**
   * Deletes every row of a subject, also while no more are written; a row that is under way is refused then. Throws
   * `temporarily_unavailable`, and what reading the root keys throws.
   * @param at - when its ledger erased it
   */
  async erase(named: string, at: Seconds): Promise<void> {
    const hash = await this.#hash(named)
    for (const db of this.#all) {
      const rows = db.delete(grantsBook).where(eq(subject, named))
      await queryD1(() => db.batch([markErased(db, hash, at), rows]))
      await eraseOlder(db, named)
    }
  }

  /**
   * Returns some rows, in the order of subject and client: no more than fit a page. It reads no other rows.
   *
   * @param place - the rows begin after this place; null for the beginning
   * @throws `temporarily_unavailable`
   */
  list(filter: BookFilter, place: BookPlace | null, limit: number): Promise<readonly BookedGrant[]> {
    return listIn(this.#db, filter, place, limit)
  }

  /** Returns the rows of a subject, in every database, as far as they fit a page. Throws `temporarily_unavailable`. */
  async ofSubject(named: string): Promise<readonly BookedGrant[]> {
    const filter = { subject: named, clientId: null }
    const found = await Promise.all(this.#all.map((db) => listIn(db, filter, null, MOST_OF_SUBJECT)))
    return found.flat()
  }

  /**
   * Deletes expired rows, a part of the table at a time: all of it once a day. Returns how many it deleted.
   * @param now - seconds since the epoch
   * @param batch - the largest number of rows that one statement looks at
   */
  async purge(now: Seconds, batch?: number): Promise<number> {
    let purged = 0
    for (const db of this.#all) purged += (await purgeBook(db, now, batch)) + (await purgeOlder(db, now))
    return purged
  }
}

async function listIn(
  db: Database,
  filter: BookFilter,
  place: BookPlace | null,
  limit: number,
): Promise<readonly BookedGrant[]> {
  const listed = db
    .select({ subject, clientId, bytes: bytesOf(scope) })
    .from(grantsBook)
    .where(and(matching(filter), place === null ? undefined : behind(filter, place)))
    .orderBy(asc(subject), asc(clientId))
    .limit(limit)
  const summed = sql`SELECT subject, client_id, sum(bytes) OVER (ORDER BY subject, client_id) - bytes AS before FROM (${listed})`
  return queryD1(() =>
    db
      .select()
      .from(grantsBook)
      .where(
        sql`(${subject}, ${clientId}) IN (SELECT subject, client_id FROM (${summed}) WHERE before < ${PAGE_BYTES})`,
      )
      .orderBy(asc(subject), asc(clientId)),
  )
}

const rowOf = ({ subject, clientId, scope, grantedAt, expiresAt }: BookedEvent): BookedGrant => ({
  ...{ subject, clientId, scope, grantedAt, lastGrantedAt: grantedAt, endedAt: null },
  expiresAt: bookedUntil({ subject, expiresAt }),
})

const matching = (filter: BookFilter): SQL | undefined =>
  and(
    filter.subject === null ? undefined : eq(subject, filter.subject),
    filter.clientId === null ? undefined : eq(clientId, filter.clientId),
  )

/** The condition for rows behind a place. By one of the columns if the other is given, so that an index leads there. */
function behind(filter: BookFilter, place: BookPlace): SQL {
  if (filter.subject !== null) return gt(clientId, place.clientId)
  if (filter.clientId !== null) return gt(subject, place.subject)
  return sql`(${subject}, ${clientId}) > (${place.subject}, ${place.clientId})`
}
