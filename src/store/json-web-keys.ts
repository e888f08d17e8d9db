import type { KeySource, SigningKeyRow } from '../crypto/types.ts'
import { nowMs } from '../util/clock.ts'
import { Copies } from './copies.ts'
import type { jsonWebKeys } from './schema.ts'
import { askSource } from './source.ts'
import { bumpVersion } from './versions.ts'

const COLUMNS = '"set", kid, alg, public_jwk, private_sealed, created_at'

/** With a list of kids it stores nothing in a set that has any other. */
const INSERT = `INSERT INTO json_web_keys (${COLUMNS})
  SELECT given.value->>'set', given.value->>'kid', given.value->>'alg', given.value->'publicJwk',
    given.value->>'privateSealed', given.value->>'createdAt'
  FROM json_each(?1) AS given WHERE ?2 IS NULL OR NOT EXISTS (SELECT 1 FROM json_web_keys AS other
    WHERE other."set" = given.value->>'set' AND other.kid NOT IN (SELECT value FROM json_each(?2)))
  ORDER BY given.key ON CONFLICT DO NOTHING RETURNING kid`

const REMOVE = 'DELETE FROM json_web_keys WHERE "set" = ?1 AND (?2 IS NULL OR kid = ?2) RETURNING kid'

// Keys of one second are told apart by the order in which they were stored.
const SELECT = `SELECT "set", kid, alg, public_jwk AS publicJwk, private_sealed AS privateSealed,
    created_at AS createdAt, coalesce((SELECT value FROM versions WHERE name = ?2), 0) AS version
  FROM json_web_keys WHERE "set" = ?1 ORDER BY created_at DESC, rowid DESC`

/** A signing key, its JSON as text, with the version of its set, which one statement reads together. */
type SelectedRow = Omit<typeof jsonWebKeys.$inferSelect, 'publicJwk'> & {
  readonly publicJwk: string
  readonly version: number
}

/** What the statements of a write return: keys, or the set's new version. */
type WrittenRow = SelectedRow & { readonly value: number }

interface SigningKeySet {
  readonly version: number
  readonly rows: readonly SigningKeyRow[]
}

/** Signing keys in D1 with their copies, read set by set. Throws `temporarily_unavailable` when storage fails. */
export class JsonWebKeyStore implements KeySource {
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

  async read(set: string): Promise<readonly SigningKeyRow[]> {
    return (await this.#copies.read(set))?.rows ?? []
  }

  async insertFirst(row: SigningKeyRow, unable: readonly string[]): Promise<readonly SigningKeyRow[]> {
    return (await this.#write(row.set, [this.#insert([row], unable)])).rows
  }

  async add(row: SigningKeyRow): Promise<boolean> {
    const { kids } = await this.#write(row.set, [this.#insert([row])])
    return kids.length > 0
  }

  async replace(set: string, kid: string | null, rows: readonly SigningKeyRow[]): Promise<readonly string[]> {
    const remove = this.#db.prepare(REMOVE).bind(set, kid)
    const { kids } = await this.#write(set, [remove, this.#insert(rows.toReversed())])
    return kids
  }

  #insert(rows: readonly SigningKeyRow[], unable: readonly string[] | null = null): D1PreparedStatement {
    return this.#db.prepare(INSERT).bind(JSON.stringify(rows), unable && JSON.stringify(unable))
  }

  /** Writes in one transaction and takes the outcome into the copies; `kids` are those the first statement returned. */
  async #write(
    set: string,
    statements: readonly D1PreparedStatement[],
  ): Promise<{ readonly kids: readonly string[]; readonly rows: readonly SigningKeyRow[] }> {
    const writtenAt = nowMs()
    const all = [...statements, bumpVersion(this.#db, counterOf(set)), this.#selection(set)]
    const results = await askSource(() => this.#db.batch<WrittenRow>(all))
    const version = results.at(-2)?.results[0]?.value ?? 0
    const rows = (results.at(-1)?.results ?? []).map(toKey)
    if (rows.length > 0) await this.#copies.put(set, { version, rows }, writtenAt)
    else await this.#copies.drop(set, version)
    return { kids: (results[0]?.results ?? []).map(({ kid }) => kid), rows }
  }

  #selection(set: string): D1PreparedStatement {
    return this.#db.prepare(SELECT).bind(set, counterOf(set))
  }

  async #select(set: string): Promise<SigningKeySet | undefined> {
    const { results } = await this.#selection(set).all<SelectedRow>()
    const [first] = results
    return first === undefined ? undefined : { version: first.version, rows: results.map(toKey) }
  }
}

function toKey({ version: _version, publicJwk, ...row }: SelectedRow): SigningKeyRow {
  return { ...row, publicJwk: JSON.parse(publicJwk) }
}

const counterOf = (set: string): string => `json_web_keys:${set}`
