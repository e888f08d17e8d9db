import type { KeySource, SigningKeyRow } from '../crypto/types.ts'
import { columnsOf } from './columns.ts'
import type { jsonWebKeys } from './schema.ts'
import { Sets } from './sets.ts'

const NAMES = ['set', 'kid', 'alg', 'publicJwk', 'privateSealed', 'createdAt'] as const

const { selected, written } = columnsOf(NAMES)

/** With a list of kids it stores nothing in a set that has any other. */
const INSERT = `INSERT INTO json_web_keys (${written})
  SELECT ${NAMES.map((name) => `given.value->>'${name}'`)}
  FROM json_each(?1) AS given WHERE ?2 IS NULL OR NOT EXISTS (SELECT 1 FROM json_web_keys AS other
    WHERE other."set" = given.value->>'set' AND other.kid NOT IN (SELECT value FROM json_each(?2)))
  ORDER BY given.key ON CONFLICT DO NOTHING RETURNING kid`

const REMOVE = 'DELETE FROM json_web_keys WHERE "set" = ?1 AND (?2 IS NULL OR kid = ?2) RETURNING kid'

// Keys of one second are told apart by the order in which they were stored.
const SELECT = `SELECT ${selected} FROM json_web_keys WHERE "set" = ? ORDER BY created_at DESC, rowid DESC`

/** A signing key, its JSON as text. */
type Stored = Omit<typeof jsonWebKeys.$inferSelect, 'publicJwk'> & { readonly publicJwk: string }

/** Signing keys in D1 with their copies, newest first. Throws `temporarily_unavailable` when storage fails. */
export class JsonWebKeyStore extends Sets<Stored, SigningKeyRow> implements KeySource {
  readonly #db: D1Database

  constructor(db: D1Database, kv: KVNamespace) {
    super(
      db,
      kv,
      'json-web-keys',
      (set) => `json_web_keys:${set}`,
      (set) => db.prepare(SELECT).bind(set),
      ({ publicJwk, ...row }) => ({ ...row, publicJwk: JSON.parse(publicJwk) }),
    )
    this.#db = db
  }

  async insertFirst(row: SigningKeyRow, unable: readonly string[]): Promise<readonly SigningKeyRow[]> {
    return (await this.write(row.set, this.#insert([row], unable))).rows
  }

  async add(row: SigningKeyRow): Promise<boolean> {
    const { returned } = await this.write(row.set, this.#insert([row]))
    return returned[0]?.length === 1
  }

  async replace(set: string, kid: string | null, rows: readonly SigningKeyRow[]): Promise<readonly string[]> {
    const remove = this.#db.prepare(REMOVE).bind(set, kid)
    const { returned } = await this.write(set, remove, this.#insert(rows.toReversed()))
    return (returned[0] ?? []).map((removed) => removed.kid)
  }

  #insert(rows: readonly SigningKeyRow[], unable: readonly string[] | null = null): D1PreparedStatement {
    return this.#db.prepare(INSERT).bind(JSON.stringify(rows), unable && JSON.stringify(unable))
  }
}
