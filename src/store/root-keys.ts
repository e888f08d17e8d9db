import { and, asc, eq, sql } from 'drizzle-orm'
import type { RootKeyRow, RootKeySource } from '../crypto/types.ts'
import type { Breaker } from '../util/breaker.ts'
import { nowMs } from '../util/clock.ts'
import { stableText } from '../util/json.ts'
import { isUsedUp, type KvCache, kvCache } from './cache-kv.ts'
import { type Database, openDatabase, queryD1 } from './d1.ts'
import { rootKeys } from './schema.ts'
import { unavailable } from './sharing.ts'
import type { Sources } from './sources.ts'

/** The name of the only set of root keys. */
const ALL_KEYS = 'root_keys'

/** All rows, as KV holds them. */
interface AllRows {
  readonly version: number
  readonly rows: readonly RootKeyRow[]
}

/**
 * The root keys in D1, and a copy in KV. A key never changes what it opens, so a copy that opens is good whatever its
 * age (`crypto/root-keys.ts` asks D1 where none does). Every method throws `temporarily_unavailable` if storage fails.
 */
export class RootKeyStore implements RootKeySource {
  readonly #db: Database
  readonly #copy: KvCache<AllRows>
  readonly #d1Breaker: Breaker

  constructor(sources: Sources) {
    this.#db = openDatabase(sources.d1)
    this.#copy = kvCache('root-keys', sources)
    this.#d1Breaker = sources.d1Breaker
  }

  /** Returns all rows, oldest first: from KV if it has them, or if `fresh` from D1. */
  async list(fresh: boolean): Promise<readonly RootKeyRow[]> {
    const copy = fresh ? undefined : await this.#copy.get(ALL_KEYS)
    if (copy) return copy.value.rows
    if (!this.#d1Breaker.mayAsk()) throw unavailable()
    return queryD1(() => this.#select())
  }

  async insertFirst({ id, sealed, createdAt }: RootKeyRow): Promise<readonly RootKeyRow[]> {
    const row = sql`SELECT ${id}, ${sealed}, ${createdAt} WHERE NOT EXISTS (SELECT 1 FROM ${rootKeys})`
    const insert = this.#db.insert(rootKeys).select(row)
    const [, rows] = await queryD1(() => this.#db.batch([insert, this.#select()]))
    await this.#keep(rows)
    return rows
  }

  async rewrap(id: string, from: string, to: string): Promise<void> {
    const wrapped = and(eq(rootKeys.id, id), eq(rootKeys.sealed, from))
    const update = this.#db.update(rootKeys).set({ sealed: to }).where(wrapped)
    const [, rows] = await queryD1(() => this.#db.batch([update, this.#select()]))
    await this.#keep(rows)
  }

  /** Makes the copy in KV what D1 has, or removes it if D1 has nothing. */
  async fill(): Promise<void> {
    const [rows, copy] = await Promise.all([this.list(true), this.#copy.get(ALL_KEYS)])
    if (rows.length === 0) await this.#copy.drop(ALL_KEYS)
    else if (!copy || stableText(copy.value.rows) !== stableText(rows) || isUsedUp(copy, nowMs()))
      await this.#keep(rows)
  }

  #select() {
    return this.#db.select().from(rootKeys).orderBy(asc(rootKeys.createdAt), asc(rootKeys.id))
  }

  async #keep(rows: readonly RootKeyRow[]): Promise<void> {
    if (rows.length > 0)
      await this.#copy.put(ALL_KEYS, { value: { version: 0, rows }, readAt: nowMs(), tag: null })
  }
}
