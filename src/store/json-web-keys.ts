import { and, asc, desc, eq, gt, inArray, sql } from 'drizzle-orm'
import type { KeySource, SigningKeyRow } from '../crypto/types.ts'
import { type Database, openDatabase } from './d1.ts'
import { jsonWebKeys } from './schema.ts'
import type { Sources } from './sources.ts'
import { VersionedRows } from './versioned-rows.ts'

/** The signing keys in D1 and their copies, newest first. Throws `temporarily_unavailable` if storage fails. */
export class JsonWebKeyStore extends VersionedRows<SigningKeyRow> implements KeySource {
  readonly #db: Database

  constructor(sources: Sources) {
    const db = openDatabase(sources.d1)
    super(db, sources, {
      name: 'json-web-keys',
      counterOf: (set) => `json_web_keys:${set}`,
      // Keys that were made in the same second are in the order in which they were stored.
      select: (set) =>
        db
          .select()
          .from(jsonWebKeys)
          .where(eq(jsonWebKeys.set, set))
          .orderBy(desc(jsonWebKeys.createdAt), sql`rowid DESC`),
      selectAll: (names) =>
        db
          .select()
          .from(jsonWebKeys)
          .where(inArray(jsonWebKeys.set, names))
          .orderBy(desc(jsonWebKeys.createdAt), sql`rowid DESC`),
      setOf: ({ set }) => set,
      sets: async (after, limit) => {
        const { set } = jsonWebKeys
        const named = db.selectDistinct({ set }).from(jsonWebKeys).where(gt(set, after))
        return (await named.orderBy(asc(set)).limit(limit)).map((row) => row.set)
      },
    })
    this.#db = db
  }

  async insertFirst(row: SigningKeyRow, unable: readonly string[]): Promise<readonly SigningKeyRow[]> {
    return (await this.change(row.set, this.#insert([row], unable))).rows
  }

  async add(row: SigningKeyRow): Promise<boolean> {
    const { returned } = await this.change(row.set, this.#insert([row], null))
    return returned.length === 1
  }

  async addAll(set: string, rows: readonly SigningKeyRow[]): Promise<void> {
    await this.change(set, this.#insert(rows.toReversed(), null))
  }

  async replace(set: string, kid: string | null, rows: readonly SigningKeyRow[]): Promise<readonly string[]> {
    const named = kid === null ? undefined : eq(jsonWebKeys.kid, kid)
    const remove = this.#db
      .delete(jsonWebKeys)
      .where(and(eq(jsonWebKeys.set, set), named))
      .returning({ kid: jsonWebKeys.kid })
    const { removed } = await this.exchange(set, remove, this.#insert(rows.toReversed(), null))
    return removed.map((row) => row.kid)
  }

  /**
   * With a list of kids, stores nothing if the set has a key of another kid. One parameter holds all rows, since D1
   * accepts few parameters.
   */
  #insert(rows: readonly SigningKeyRow[], unable: readonly string[] | null) {
    const { set, kid } = jsonWebKeys
    const others = sql`SELECT 1 FROM ${jsonWebKeys} AS other WHERE other.${sql.identifier(set.name)} = given.value->>'set'
      AND other.${sql.identifier(kid.name)} NOT IN (SELECT value FROM json_each(${JSON.stringify(unable)}))`
    const allowed = unable === null ? sql`true` : sql`NOT EXISTS (${others})`
    const members = sql.join(
      ['set', 'kid', 'alg', 'publicJwk', 'privateSealed', 'createdAt'].map(
        (member) => sql`given.value->>${member}`,
      ),
      sql`, `,
    )
    return this.#db
      .insert(jsonWebKeys)
      .select(
        sql`SELECT ${members} FROM json_each(${JSON.stringify(rows)}) AS given WHERE ${allowed} ORDER BY given.key`,
      )
      .onConflictDoNothing()
      .returning({ kid })
  }
}
