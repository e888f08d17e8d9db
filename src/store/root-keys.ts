import type { RootKeyRow, RootKeySource } from '../crypto/types.ts'
import { Sets } from './sets.ts'

/** The one set of root keys, and its counter. */
const ALL = 'root_keys'

const INSERT_FIRST = `INSERT INTO root_keys (id, sealed, created_at)
  SELECT ?, ?, ? WHERE NOT EXISTS (SELECT 1 FROM root_keys)`

const REWRAP = 'UPDATE root_keys SET sealed = ?3 WHERE id = ?1 AND sealed = ?2'

const SELECT = 'SELECT id, sealed, created_at AS createdAt FROM root_keys ORDER BY created_at, id'

/** Root keys in D1 with their copies, always read as a whole. Throws `temporarily_unavailable` when storage fails. */
export class RootKeyStore implements RootKeySource {
  readonly #db: D1Database
  readonly #sets: Sets<RootKeyRow, RootKeyRow>

  constructor(db: D1Database, kv: KVNamespace) {
    this.#db = db
    this.#sets = new Sets(
      db,
      kv,
      'root-keys',
      (all) => all,
      () => db.prepare(SELECT),
      (row) => row,
    )
  }

  /** All rows, oldest first; none before the first one is stored. */
  list(fresh: boolean): Promise<readonly RootKeyRow[]> {
    return this.#sets.list(ALL, fresh)
  }

  async insertFirst({ id, sealed, createdAt }: RootKeyRow): Promise<readonly RootKeyRow[]> {
    return (await this.#sets.write(ALL, this.#db.prepare(INSERT_FIRST).bind(id, sealed, createdAt))).rows
  }

  async rewrap(id: string, from: string, to: string): Promise<void> {
    await this.#sets.write(ALL, this.#db.prepare(REWRAP).bind(id, from, to))
  }
}
