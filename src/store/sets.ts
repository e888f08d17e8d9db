import { nowMs } from '../util/clock.ts'
import { type Copies, copiesOf } from './copies.ts'
import { askSource } from './source.ts'
import { bumpVersion } from './versions.ts'

interface VersionedSet<Row> {
  readonly version: number
  readonly rows: readonly Row[]
}

type Version = { readonly version: number }

/** What a write did. */
export interface Written<Stored, Row> {
  /** The rows that each statement returned. */
  readonly returned: readonly (readonly Stored[])[]
  /** The whole set after it. */
  readonly rows: readonly Row[]
}

/**
 * Rows of D1 that are read set by set, with a counter of each set's writes and copies of each set. The counter stays
 * when the last row goes, so an empty set outranks older copies that had some.
 * Every method throws `temporarily_unavailable` when storage fails.
 */
export class Sets<Stored, Row> {
  readonly #db: D1Database
  readonly #copies: Copies<VersionedSet<Row>>
  readonly #counterOf: (set: string) => string
  readonly #select: (set: string) => D1PreparedStatement
  readonly #parse: (stored: Stored) => Row

  /**
   * @param name - prefixes the keys in KV
   * @param counterOf - the name of a set's counter
   * @param select - the statement that reads a set
   * @param parse - makes a row of what that gives
   */
  constructor(
    db: D1Database,
    kv: KVNamespace,
    name: string,
    counterOf: (set: string) => string,
    select: (set: string) => D1PreparedStatement,
    parse: (stored: Stored) => Row,
  ) {
    this.#db = db
    this.#counterOf = counterOf
    this.#select = select
    this.#parse = parse
    this.#copies = copiesOf(name, kv, async (set) =>
      this.#toSet(await db.batch<Stored & Version>(this.#reading(set))),
    )
  }

  /** The rows of a set: from a copy, or `fresh` from the source, asked at most once a second. */
  async list(set: string, fresh: boolean): Promise<readonly Row[]> {
    return (await (fresh ? this.#copies.fresh(set) : this.#copies.find(set)))?.rows ?? []
  }

  /** The rows of a set from the source, asked now. */
  async read(set: string): Promise<readonly Row[]> {
    return (await this.#copies.read(set))?.rows ?? []
  }

  /** Changes a set in one transaction, and takes what it is then into the copies. */
  async write(set: string, ...statements: readonly D1PreparedStatement[]): Promise<Written<Stored, Row>> {
    const writtenAt = nowMs()
    const all = [...statements, bumpVersion(this.#db, this.#counterOf(set)), ...this.#reading(set)]
    const results = await askSource(() => this.#db.batch<Stored & Version>(all))
    const written = this.#toSet(results.slice(-2)) ?? { version: 0, rows: [] }
    if (written.rows.length > 0) await this.#copies.put(set, written, writtenAt)
    else await this.#copies.drop(set, written.version)
    return { returned: results.map((result) => result.results), rows: written.rows }
  }

  #reading(set: string): D1PreparedStatement[] {
    const version = 'SELECT coalesce(max(value), 0) AS version FROM versions WHERE name = ?'
    return [this.#db.prepare(version).bind(this.#counterOf(set)), this.#select(set)]
  }

  #toSet([counter, found]: readonly D1Result<Stored & Version>[]): VersionedSet<Row> | undefined {
    const version = counter?.results[0]?.version ?? 0
    const rows = (found?.results ?? []).map(this.#parse)
    return version > 0 || rows.length > 0 ? { version, rows } : undefined
  }
}
