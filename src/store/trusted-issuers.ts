import { and, asc, count, eq, gt, inArray, lte, type SQL, sql } from 'drizzle-orm'
import { nowSeconds } from '../util/clock.ts'
import { type Database, openDatabase, queryD1 } from './d1.ts'
import { trustedIssuers } from './schema.ts'
import { VersionedRows } from './versioned-rows.ts'

/** Longest name of an issuer, in characters. */
export const MAX_ISSUER = 2048

/** An issuer whose assertions count for one subject, or for any with `subject` empty. Times in seconds. */
export type TrustedIssuer = Readonly<typeof trustedIssuers.$inferSelect>

/** A page of the list, ordered by id; `issuer` null shows all. */
export interface IssuerPage {
  readonly issuer: string | null
  readonly after: string | null
  readonly offset: number
  readonly limit: number
}

/**
 * Trusted issuers of JWT bearer assertions in D1, with copies for each issuer. What has expired is absent. Throws
 * `temporarily_unavailable` when storage fails.
 */
export class TrustedIssuerStore {
  readonly #db: Database
  readonly #rows: VersionedRows<TrustedIssuer>

  constructor(d1: D1Database, kv: KVNamespace) {
    const db = openDatabase(d1)
    this.#db = db
    this.#rows = new VersionedRows(db, kv, {
      name: 'issuers',
      counterOf: (issuer) => `trusted_issuers:${issuer}`,
      select: (issuer) => db.select().from(trustedIssuers).where(eq(trustedIssuers.issuer, issuer)),
    })
  }

  /**
   * What an issuer is trusted with: from a copy, or `fresh` from the source, asked at most once a second. Names that are
   * too long are neither looked for nor remembered: anybody may send them.
   */
  async find(issuer: string, fresh: boolean): Promise<readonly TrustedIssuer[]> {
    if (issuer.length > MAX_ISSUER) return []
    const now = nowSeconds()
    return (await this.#rows.list(issuer, fresh)).filter(({ expiresAt }) => expiresAt > now)
  }

  /** Stores a new entry; false when its issuer has the key for this subject, or another key under this `kid`. */
  async insert(entry: TrustedIssuer): Promise<boolean> {
    const { issuer, createdAt } = entry
    const expired = this.#db
      .delete(trustedIssuers)
      .where(and(eq(trustedIssuers.issuer, issuer), lte(trustedIssuers.expiresAt, createdAt)))
    const { added } = await this.#rows.exchange(issuer, expired, this.#insert(entry))
    return added.length === 1
  }

  /** The entry of an id, from the source. */
  async read(id: string): Promise<TrustedIssuer | undefined> {
    return queryD1(() =>
      this.#db
        .select()
        .from(trustedIssuers)
        .where(and(eq(trustedIssuers.id, id), alive()))
        .get(),
    )
  }

  /** Deletes an entry; false when there was none. */
  async remove(id: string): Promise<boolean> {
    const named = eq(trustedIssuers.id, id)
    const { issuer } = trustedIssuers
    const found = await queryD1(() => this.#db.select({ issuer }).from(trustedIssuers).where(named).get())
    if (found === undefined) return false
    const remove = this.#db.delete(trustedIssuers).where(named).returning({ id: trustedIssuers.id })
    return (await this.#rows.change(found.issuer, remove)).returned.length === 1
  }

  /** One page of entries, ordered by id. */
  async list({ issuer, after, offset, limit }: IssuerPage): Promise<readonly TrustedIssuer[]> {
    const rest = after === null ? undefined : gt(trustedIssuers.id, after)
    return queryD1(() =>
      this.#db
        .select()
        .from(trustedIssuers)
        .where(and(alive(), of(issuer), rest))
        .orderBy(asc(trustedIssuers.id))
        .limit(limit)
        .offset(offset),
    )
  }

  /** How many entries there are, of one issuer or of all. */
  async count(issuer: string | null): Promise<number> {
    const counted = this.#db
      .select({ total: count() })
      .from(trustedIssuers)
      .where(and(alive(), of(issuer)))
    return (await queryD1(() => counted.get()))?.total ?? 0
  }

  /** Deletes at most `batch` expired rows, the oldest first, by a time in seconds. */
  async purge(now: number, batch: number): Promise<void> {
    const { id, expiresAt } = trustedIssuers
    const ended = this.#db
      .select({ id })
      .from(trustedIssuers)
      .where(lte(expiresAt, now))
      .orderBy(asc(expiresAt))
      .limit(batch)
    await queryD1(() => this.#db.delete(trustedIssuers).where(inArray(id, ended)).run())
  }

  /** One key id of an issuer stands for one key, and for each subject once. */
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
