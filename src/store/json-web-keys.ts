import type { SigningKeyRow, SigningKeySource } from '../crypto/types.ts'
import { nowMs } from '../util/clock.ts'
import { Copies } from './copies.ts'
import type { jsonWebKeys } from './schema.ts'
import { askSource } from './source.ts'
import { bumpVersion } from './versions.ts'

const INSERT_FIRST = `INSERT INTO json_web_keys ("set", kid, alg, public_jwk, private_sealed, created_at)
  SELECT ?1, ?2, ?3, ?4, ?5, ?6 WHERE NOT EXISTS (SELECT 1 FROM json_web_keys WHERE "set" = ?1)`

const SELECT = `SELECT "set", kid, alg, public_jwk AS publicJwk, private_sealed AS privateSealed,
    created_at AS createdAt, coalesce((SELECT value FROM versions WHERE name = ?2), 0) AS version
  FROM json_web_keys WHERE "set" = ?1 ORDER BY created_at DESC, kid DESC`

/** A signing key, its JSON as text, with the version of its set, which one statement reads together. */
type SelectedRow = Omit<typeof jsonWebKeys.$inferSelect, 'publicJwk'> & {
  readonly publicJwk: string
  readonly version: number
}

interface SigningKeySet {
  readonly version: number
  readonly rows: readonly SigningKeyRow[]
}

/** Signing keys in D1 with their copies, read set by set. Throws `temporarily_unavailable` when storage fails. */
export class JsonWebKeyStore implements SigningKeySource {
  readonly #db: D1Database
  readonly #copies: Copies<SigningKeySet>

  constructor(db: D1Database, kv: KVNamespace) {
    this.#db = db
    this.#copies = new Copies('json-web-keys', kv, (set) => this.#select(set))
  }

  /** The keys of a set, newest first; none before the first one is stored. */
  async list(set: string, fresh: boolean): Promise<readonly SigningKeyRow[]> {
    const found = await (fresh ? this.#copies.fresh(set) : this.#copies.find(set))
    return found?.rows ?? []
  }

  async insertFirst(row: SigningKeyRow): Promise<readonly SigningKeyRow[]> {
    const { set, kid, alg, publicJwk, privateSealed, createdAt } = row
    const values = [set, kid, alg, JSON.stringify(publicJwk), privateSealed, createdAt]
    await askSource(() =>
      this.#db.batch([this.#db.prepare(INSERT_FIRST).bind(...values), bumpVersion(this.#db, counterOf(set))]),
    )
    const readAt = nowMs()
    const stored = await askSource(() => this.#select(set))
    if (stored === undefined) return []
    await this.#copies.put(set, stored, readAt)
    return stored.rows
  }

  async #select(set: string): Promise<SigningKeySet | undefined> {
    const { results } = await this.#db.prepare(SELECT).bind(set, counterOf(set)).all<SelectedRow>()
    const [first] = results
    return first === undefined ? undefined : { version: first.version, rows: results.map(toKey) }
  }
}

function toKey({ version: _version, publicJwk, ...row }: SelectedRow): SigningKeyRow {
  return { ...row, publicJwk: JSON.parse(publicJwk) }
}

const counterOf = (set: string): string => `json_web_keys:${set}`
