import { and, asc, eq, sql } from 'drizzle-orm'
import type { RootKeyRow, RootKeySource } from '../crypto/types.ts'
import { type Database, openDatabase } from './d1.ts'
import { rootKeys } from './schema.ts'
import { VersionedRows } from './versioned-rows.ts'

/** The one set of root keys, and its counter. */
const ALL = 'root_keys'

/** Root keys in D1 with their copies, always read as a whole. Throws `temporarily_unavailable` when storage fails. */
export class RootKeyStore implements RootKeySource {
  readonly #db: Database
  readonly #rows: VersionedRows<RootKeyRow>

  constructor(d1: D1Database, kv: KVNamespace) {
    const db = openDatabase(d1)
    this.#db = db
    this.#rows = new VersionedRows(db, kv, {
      name: 'root-keys',
      counterOf: (all) => all,
      select: () => db.select().from(rootKeys).orderBy(asc(rootKeys.createdAt), asc(rootKeys.id)),
    })
  }

  /** All rows, oldest first; none before the first one is stored. */
  list(fresh: boolean): Promise<readonly RootKeyRow[]> {
    return this.#rows.list(ALL, fresh)
  }

  async insertFirst({ id, sealed, createdAt }: RootKeyRow): Promise<readonly RootKeyRow[]> {
    const row = sql`SELECT ${id}, ${sealed}, ${createdAt} WHERE NOT EXISTS (SELECT 1 FROM ${rootKeys})`
    return (await this.#rows.change(ALL, this.#db.insert(rootKeys).select(row))).rows
  }

  async rewrap(id: string, from: string, to: string): Promise<void> {
    const wrapped = and(eq(rootKeys.id, id), eq(rootKeys.sealed, from))
    await this.#rows.change(ALL, this.#db.update(rootKeys).set({ sealed: to }).where(wrapped))
  }
}
