import { and, asc, count, eq, gt, inArray, lte, type SQL, sql } from 'drizzle-orm'
import { nowSeconds } from '../util/clock.ts'
import type { FilledPage } from './copy-upkeep.ts'
import { type Database, openDatabase, queryD1 } from './d1.ts'
import { bytesOf, onPage } from './page.ts'
import { trustedIssuers } from './schema.ts'
import type { Sources } from './sources.ts'
import { VersionedRows } from './versioned-rows.ts'

/** Longest name of an issuer, in characters. */
export const MAX_ISSUER = 2048

/** An issuer whose assertions are accepted for one subject, or for any if `subject` is empty. Times are seconds. */
export type TrustedIssuer = Readonly<typeof trustedIssuers.$inferSelect>

/** A page of the list, which is ordered by id. */
export interface IssuerPage {
  /** The issuer whose entries are listed; null for all. */
  readonly issuer: string | null
  /** The page begins after this id; null for the beginning. */
  readonly after: string | null
  /** How many entries are skipped. */
  readonly offset: number
  /** The largest number of entries on the page. */
  readonly limit: number
}

/**
 * The trusted issuers of JWT bearer assertions in D1, with copies for each issuer. An expired entry counts as absent.
 * Every method throws `temporarily_unavailable` if storage fails.
 */
export class TrustedIssuerStore {
  readonly #db: Database
  readonly #rows: VersionedRows<TrustedIssuer>

  constructor(sources: Sources) {
    const db = openDatabase(sources.d1)
    this.#db = db
    this.#rows = new VersionedRows(db, sources, {
      name: 'issuers',
      counterOf: (issuer) => `trusted_issuers:${issuer}`,
      select: (issuer) => db.select().from(trustedIssuers).where(eq(trustedIssuers.issuer, issuer)),
      selectAll: (names) => db.select().from(trustedIssuers).where(inArray(trustedIssuers.issuer, names)),
      setOf: ({ issuer }) => issuer,
      sets: async (after, limit) => {
        const { issuer } = trustedIssuers
        const named = db.selectDistinct({ issuer }).from(trustedIssuers).where(gt(issuer, after))
        return (await named.orderBy(asc(issuer)).limit(limit)).map((row) => row.issuer)
      },
    })
  }

  /**
   * Returns the entries of an issuer from a copy, or if `fresh` from the source, which is asked at most once a second.
   * Too long a name is neither looked up nor remembered, since anybody may send one.
   */
  async find(issuer: string, fresh: boolean): Promise<readonly TrustedIssuer[]> {
    if (issuer.length > MAX_ISSUER) return []
    const now = nowSeconds()
    return (await this.#rows.list(issuer, fresh)).filter(({ expiresAt }) => expiresAt > now)
  }

  /** Stores a new entry. Returns false if its issuer has the key for this subject, or another key of this `kid`. */
  async insert(entry: TrustedIssuer): Promise<boolean> {
    const { issuer, createdAt } = entry
    const expired = this.#db
      .delete(trustedIssuers)
      .where(and(eq(trustedIssuers.issuer, issuer), lte(trustedIssuers.expiresAt, createdAt)))
    const { added } = await this.#rows.exchange(issuer, expired, this.#insert(entry))
    return added.length === 1
  }

  /** Gives KV the copies that it lacks, for issuers after one. */
  fill(after: string | null, limit: number): Promise<FilledPage> {
    return this.#rows.fill(after, limit)
  }

  /** Reads the entry of an id from the source. */
  async read(id: string): Promise<TrustedIssuer | undefined> {
    return queryD1(() =>
      this.#db
        .select()
        .from(trustedIssuers)
        .where(and(eq(trustedIssuers.id, id), alive()))
        .get(),
    )
  }

  /** Deletes an entry. Returns false if there was none. */
  async remove(id: string): Promise<boolean> {
    const named = eq(trustedIssuers.id, id)
    const { issuer } = trustedIssuers
    const found = await queryD1(() => this.#db.select({ issuer }).from(trustedIssuers).where(named).get())
    if (found === undefined) return false
    const remove = this.#db.delete(trustedIssuers).where(named).returning({ id: trustedIssuers.id })
    return (await this.#rows.change(found.issuer, remove)).returned.length === 1
  }

  /** Returns one page of entries, ordered by id, with no more bytes than a page may have. */
  async list({ issuer, after, offset, limit }: IssuerPage): Promise<readonly TrustedIssuer[]> {
    const { id, publicJwk, scope } = trustedIssuers
    const rest = after === null ? undefined : gt(id, after)
    const listed = this.#db
      .select({ id, bytes: bytesOf(publicJwk, scope) })
      .from(trustedIssuers)
      .where(and(alive(), of(issuer), rest))
      .orderBy(asc(id))
      .limit(limit)
      .offset(offset)
    return queryD1(() => this.#db.select().from(trustedIssuers).where(onPage(id, listed)).orderBy(asc(id)))
  }

  /** Counts the entries of an issuer, or of all with null. */
  async count(issuer: string | null): Promise<number> {
    const counted = this.#db
      .select({ total: count() })
      .from(trustedIssuers)
      .where(and(alive(), of(issuer)))
    return (await queryD1(() => counted.get()))?.total ?? 0
  }

  /** Deletes at most `batch` expired rows, the oldest first; returns how many. `now` in seconds since the epoch. */
  async purge(now: number, batch: number): Promise<number> {
    const { id, expiresAt } = trustedIssuers
    const ended = this.#db
      .select({ id })
      .from(trustedIssuers)
      .where(lte(expiresAt, now))
      .orderBy(asc(expiresAt))
      .limit(batch)
    const { meta } = await queryD1(() => this.#db.delete(trustedIssuers).where(inArray(id, ended)).run())
    return meta.changes
  }

  /** Inserts nothing if the issuer has another key of this `kid`, or already has the `kid` for this subject. */
  #insert(entry: TrustedIssuer) {
    const { id, issuer, subject, scope, kid, thumbprint, publicJwk, createdAt, expiresAt } = entry
    const table = trustedIssuers
    const texts = [id, issuer, subject, JSON.stringify(scope), kid, thumbprint, JSON.stringify(publicJwk)]
    const values = sql.join(
      [...texts, createdAt, expiresAt].map((value) => sql`${value}`),
      sql`, `,
    )
    const taken = sql`SELECT 1 FROM ${table} WHERE ${table.issuer} = ${issuer} AND ${table.kid} = ${kid}
      AND (${table.subject} = ${subject} OR ${table.thumbprint} <> ${thumbprint})`
    return this.#db
      .insert(table)
      .select(sql`SELECT ${values} WHERE NOT EXISTS (${taken})`)
      .returning({ id: table.id })
  }
}

const alive = (): SQL => gt(trustedIssuers.expiresAt, nowSeconds())

const of = (issuer: string | null): SQL | undefined =>
  issuer === null ? undefined : eq(trustedIssuers.issuer, issuer)
