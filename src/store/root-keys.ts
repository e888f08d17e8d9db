import { and, asc, eq, sql } from 'drizzle-orm'
import type { RootKeyRow, RootKeySource } from '../crypto/types.ts'
import { type Database, openDatabase } from './d1.ts'
import { rootKeys } from './schema.ts'
import type { Sources } from './sources.ts'
import { VersionedRows } from './versioned-rows.ts'

/** The name of the only set of root keys, and of its counter. */
const ALL_KEYS = 'root_keys'

/** The root keys in D1 and their copies. Every method throws `temporarily_unavailable` if storage fails. */
export class RootKeyStore implements RootKeySource {
  readonly #db: Database
  readonly #rows: VersionedRows<RootKeyRow>

  constructor(sources: Sources) {
    const db = openDatabase(sources.d1)
    this.#db = db
    this.#rows = new VersionedRows(db, sources, {
      name: 'root-keys',
      counterOf: (all) => all,
      select: () => db.select().from(rootKeys).orderBy(asc(rootKeys.createdAt), asc(rootKeys.id)),
    })
  }

  /** Returns all rows, oldest first. */
  list(fresh: boolean): Promise<readonly RootKeyRow[]> {
    return this.#rows.list(ALL_KEYS, fresh)
  }

  async insertFirst({ id, sealed, createdAt }: RootKeyRow): Promise<readonly RootKeyRow[]> {
    const row = sql`SELECT ${id}, ${sealed}, ${createdAt} WHERE NOT EXISTS (SELECT 1 FROM ${rootKeys})`
    return (await this.#rows.change(ALL_KEYS, this.#db.insert(rootKeys).select(row))).rows
  }

  async rewrap(id: string, from: string, to: string): Promise<void> {
    const wrapped = and(eq(rootKeys.id, id), eq(rootKeys.sealed, from))
    await this.#rows.change(ALL_KEYS, this.#db.update(rootKeys).set({ sealed: to }).where(wrapped))
  }
}
