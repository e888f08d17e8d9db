import { and, asc, eq, notExists, sql } from 'drizzle-orm'
import { type DrizzleD1Database, drizzle } from 'drizzle-orm/d1'
import type { RootKeyRow, RootKeySource } from '../crypto/types.ts'
import { nowMs } from '../util/clock.ts'
import { Copies } from './copies.ts'
import { rootKeys, versions } from './schema.ts'
import { askSource } from './source.ts'
import { bumpVersion } from './versions.ts'

const ALL = 'root_keys'

interface RootKeySet {
  readonly version: number
  readonly rows: readonly RootKeyRow[]
}

/** Root keys in D1 with their copies, always read as a whole. Throws `temporarily_unavailable` when storage fails. */
export class RootKeyStore implements RootKeySource {
  readonly #db: DrizzleD1Database
  readonly #copies: Copies<RootKeySet>

  constructor(db: D1Database, kv: KVNamespace) {
    this.#db = drizzle(db)
    this.#copies = new Copies('root-keys', kv, () => this.#select())
  }

  /** All rows, oldest first; none before the first one is stored. */
  async list(fresh: boolean): Promise<readonly RootKeyRow[]> {
    const set = await (fresh ? this.#copies.fresh(ALL) : this.#copies.find(ALL))
    return set?.rows ?? []
  }

  async insertFirst(row: RootKeyRow): Promise<readonly RootKeyRow[]> {
    const anyRow = this.#db.select({ one: sql`1` }).from(rootKeys)
    const values = this.#db
      .select({
        id: sql<string>`${row.id}`.as('id'),
        sealed: sql<string>`${row.sealed}`.as('sealed'),
        createdAt: sql<number>`${row.createdAt}`.as('created_at'),
      })
      .from(sql`(select 1)`)
      .where(notExists(anyRow))
    const insert = this.#db.insert(rootKeys).select(values)
    await askSource(() => this.#db.batch([insert, bumpVersion(this.#db, ALL)]))
    return this.#republish()
  }

  async rewrap(id: string, from: string, to: string): Promise<void> {
    const unchanged = and(eq(rootKeys.id, id), eq(rootKeys.sealed, from))
    const update = this.#db.update(rootKeys).set({ sealed: to }).where(unchanged)
    await askSource(() => this.#db.batch([update, bumpVersion(this.#db, ALL)]))
    await this.#republish()
  }

  async #republish(): Promise<readonly RootKeyRow[]> {
    const readAt = nowMs()
    const set = await askSource(() => this.#select())
    if (set === undefined) return []
    await this.#copies.put(ALL, set, readAt)
    return set.rows
  }

  async #select(): Promise<RootKeySet | undefined> {
    const [[counter], rows] = await this.#db.batch([
      this.#db.select().from(versions).where(eq(versions.name, ALL)),
      this.#db.select().from(rootKeys).orderBy(asc(rootKeys.createdAt), asc(rootKeys.id)),
    ])
    return rows.length === 0 ? undefined : { version: counter?.value ?? 0, rows }
  }
}
