import type { RootKeyRow, RootKeySource } from '../crypto/types.ts'
import { nowMs } from '../util/clock.ts'
import { Copies } from './copies.ts'
import type { rootKeys } from './schema.ts'
import { askSource } from './source.ts'
import { bumpVersion } from './versions.ts'

const ALL = 'root_keys'

const INSERT_FIRST = `INSERT INTO root_keys (id, sealed, created_at)
  SELECT ?, ?, ? WHERE NOT EXISTS (SELECT 1 FROM root_keys)`

const REWRAP = 'UPDATE root_keys SET sealed = ?3 WHERE id = ?1 AND sealed = ?2'

const SELECT = `SELECT id, sealed, created_at AS createdAt,
    coalesce((SELECT value FROM versions WHERE name = ?), 0) AS version
  FROM root_keys ORDER BY created_at, id`

/** A root key with the version of the whole set, which one statement reads together. */
type SelectedRow = typeof rootKeys.$inferSelect & { readonly version: number }

interface RootKeySet {
  readonly version: number
  readonly rows: readonly RootKeyRow[]
}

/** Root keys in D1 with their copies, always read as a whole. Throws `temporarily_unavailable` when storage fails. */
export class RootKeyStore implements RootKeySource {
  readonly #db: D1Database
  readonly #copies: Copies<RootKeySet>

  constructor(db: D1Database, kv: KVNamespace) {
    this.#db = db
    this.#copies = new Copies('root-keys', kv, () => this.#select())
  }

  /** All rows, oldest first; none before the first one is stored. */
  async list(fresh: boolean): Promise<readonly RootKeyRow[]> {
    const set = await (fresh ? this.#copies.fresh(ALL) : this.#copies.find(ALL))
    return set?.rows ?? []
  }

  async insertFirst(row: RootKeyRow): Promise<readonly RootKeyRow[]> {
    await askSource(() =>
      this.#db.batch([
        this.#db.prepare(INSERT_FIRST).bind(row.id, row.sealed, row.createdAt),
        bumpVersion(this.#db, ALL),
      ]),
    )
    return this.#republish()
  }

  async rewrap(id: string, from: string, to: string): Promise<void> {
    await askSource(() =>
      this.#db.batch([this.#db.prepare(REWRAP).bind(id, from, to), bumpVersion(this.#db, ALL)]),
    )
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
    const { results } = await this.#db.prepare(SELECT).bind(ALL).all<SelectedRow>()
    const [first] = results
    if (first === undefined) return undefined
    return { version: first.version, rows: results.map(({ version: _version, ...row }) => row) }
  }
}
