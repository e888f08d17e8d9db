import { eq, inArray, type SQL, sql } from 'drizzle-orm'
import type { BatchItem } from 'drizzle-orm/batch'
import { stableText } from '../util/json.ts'
import { type ReadThroughCache, readThroughCache } from './cache.ts'
import type { FilledPage } from './copy-upkeep.ts'
import { anyOf, type Database, queryD1 } from './d1.ts'
import { versions } from './schema.ts'
import type { Sources } from './sources.ts'

/** A query that D1 can run in a batch. */
type Statement<Result> = BatchItem<'sqlite'> & { readonly _: { readonly result: Result } }

interface VersionedSet<Row> {
  readonly version: number
  readonly rows: readonly Row[]
}

/** The outcome of a change. */
export interface Changed<Result, Row> {
  /** What the statement returned. */
  readonly returned: Result
  /** The whole set after the change. */
  readonly rows: readonly Row[]
}

/** How the sets of a table are named and read. */
export interface SetSource<Row> {
  /** The prefix of the keys in KV. */
  readonly name: string
  /** Returns the name of a set's counter. */
  counterOf(set: string): string
  /** Returns the statement that reads a set. */
  select(set: string): Statement<Row[]>
  /** Returns the statement that reads the sets of some names, the rows of each as `select` orders them. */
  selectAll(names: SQL): Statement<Row[]>
  /** Returns the name of the set that a row is in. */
  setOf(row: Row): string
  /** Returns the names of sets that have rows, after one and in their order. */
  sets(after: string, limit: number): Promise<readonly string[]>
}

/**
 * Rows of D1 that are read in sets. Each set has copies and a counter of its writes. The counter stays when the last
 * row is deleted, so an empty set has a higher version than older copies with rows. Every method throws
 * `temporarily_unavailable` if storage fails.
 */
export class VersionedRows<Row> {
  readonly #db: Database
  readonly #source: SetSource<Row>
  readonly #copies: ReadThroughCache<VersionedSet<Row>>

  constructor(db: Database, sources: Sources, source: SetSource<Row>) {
    this.#db = db
    this.#source = source
    this.#copies = readThroughCache(sources, {
      name: source.name,
      counterOf: (set) => ({ of: 'set', name: source.counterOf(set) }),
      read: async (set) => {
        const [counter, rows] = await db.batch([this.#readVersion(set), source.select(set)])
        return toSet(counter[0]?.value, rows)
      },
      readAll: (sets) => this.#readAll(sets),
    })
  }

  /** Returns the rows of a set from a copy, or if `fresh` from the source, which is asked at most once a second. */
  async list(set: string, fresh: boolean): Promise<readonly Row[]> {
    return (await (fresh ? this.#copies.fresh(set) : this.#copies.find(set)))?.rows ?? []
  }

  /** Reads the rows of a set from the source. */
  async read(set: string): Promise<readonly Row[]> {
    return (await this.#copies.read(set))?.rows ?? []
  }

  /** Changes a set in one transaction, and updates its copies. */
  async change<Result>(set: string, statement: Statement<Result>): Promise<Changed<Result, Row>> {
    return this.#copies.change(set, async () => {
      const [returned, counter, rows] = await queryD1(() =>
        this.#db.batch([statement, this.#raiseVersion(set), this.#source.select(set)]),
      )
      return { result: { returned, rows }, ...written(counter[0]?.value, rows) }
    })
  }

  /** Deletes rows of a set and adds rows in one transaction, and updates its copies. */
  async exchange<Removed, Added>(
    set: string,
    remove: Statement<Removed>,
    add: Statement<Added>,
  ): Promise<{ readonly removed: Removed; readonly added: Added }> {
    return this.#copies.change(set, async () => {
      const [removed, added, counter, rows] = await queryD1(() =>
        this.#db.batch([remove, add, this.#raiseVersion(set), this.#source.select(set)]),
      )
      return { result: { removed, added }, ...written(counter[0]?.value, rows) }
    })
  }

  /** Gives KV the copies that it lacks of the sets after a name. */
  async fill(after: string | null, limit: number): Promise<FilledPage> {
    const sets = await queryD1(() => this.#source.sets(after ?? '', limit))
    const { unreadable } = await this.#copies.fill(sets, stableText)
    return { last: sets.length < limit ? null : (sets.at(-1) ?? null), unreadable }
  }

  async #readAll(sets: readonly string[]): Promise<ReadonlyMap<string, VersionedSet<Row>>> {
    const { counterOf, setOf } = this.#source
    const counters = this.#db
      .select({ name: versions.name, value: versions.value })
      .from(versions)
      .where(inArray(versions.name, anyOf(sets.map((set) => counterOf(set)))))
    const [counted, rows] = await this.#db.batch([counters, this.#source.selectAll(anyOf(sets))])
    const versionOf = new Map(counted.map(({ name, value }) => [name, value]))
    const bySet = Map.groupBy(rows, setOf)
    const read = sets.map((set) => [set, toSet(versionOf.get(counterOf(set)), bySet.get(set) ?? [])] as const)
    return new Map(read.flatMap(([set, value]) => (value === undefined ? [] : [[set, value] as const])))
  }

  #readVersion(set: string) {
    const name = this.#source.counterOf(set)
    return this.#db.select({ value: versions.value }).from(versions).where(eq(versions.name, name))
  }

  #raiseVersion(set: string) {
    return this.#db
      .insert(versions)
      .values({ name: this.#source.counterOf(set), value: 1 })
      .onConflictDoUpdate({ target: versions.name, set: { value: sql`${versions.value} + 1` } })
      .returning({ value: versions.value })
  }
}

/** What a write left of a set: an empty one counts as deleted, and its counter stays. */
const written = <Row>(version = 0, rows: readonly Row[]) =>
  rows.length > 0 ? { kept: { version, rows } } : { deleted: version }

function toSet<Row>(version = 0, rows: readonly Row[]): VersionedSet<Row> | undefined {
  return version > 0 || rows.length > 0 ? { version, rows } : undefined
}
