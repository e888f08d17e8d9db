import { desc, eq, notExists, sql } from 'drizzle-orm'
import { type DrizzleD1Database, drizzle } from 'drizzle-orm/d1'
import type { SigningKeyRow, SigningKeySource } from '../crypto/types.ts'
import { nowMs } from '../util/clock.ts'
import { Copies } from './copies.ts'
import { jsonWebKeys, versions } from './schema.ts'
import { askSource } from './source.ts'
import { bumpVersion } from './versions.ts'

interface SigningKeySet {
  readonly version: number
  readonly rows: readonly SigningKeyRow[]
}

/** Signing keys in D1 with their copies, read set by set. Throws `temporarily_unavailable` when storage fails. */
export class JsonWebKeyStore implements SigningKeySource {
  readonly #db: DrizzleD1Database
  readonly #copies: Copies<SigningKeySet>

  constructor(db: D1Database, kv: KVNamespace) {
    this.#db = drizzle(db)
    this.#copies = new Copies('json-web-keys', kv, (set) => this.#select(set))
  }

  /** The keys of a set, newest first; none before the first one is stored. */
  async list(set: string, fresh: boolean): Promise<readonly SigningKeyRow[]> {
    const found = await (fresh ? this.#copies.fresh(set) : this.#copies.find(set))
    return found?.rows ?? []
  }

  async insertFirst(row: SigningKeyRow): Promise<readonly SigningKeyRow[]> {
    const anyRow = this.#db.select({ one: sql`1` }).from(jsonWebKeys).where(eq(jsonWebKeys.set, row.set))
    const values = this.#db
      .select({
        set: sql<string>`${row.set}`.as('set'),
        kid: sql<string>`${row.kid}`.as('kid'),
        alg: sql<string>`${row.alg}`.as('alg'),
        publicJwk: sql<typeof row.publicJwk>`${JSON.stringify(row.publicJwk)}`.as('public_jwk'),
        privateSealed: sql<string>`${row.privateSealed}`.as('private_sealed'),
        createdAt: sql<number>`${row.createdAt}`.as('created_at'),
      })
      .from(sql`(select 1)`)
      .where(notExists(anyRow))
    const insert = this.#db.insert(jsonWebKeys).select(values)
    await askSource(() => this.#db.batch([insert, bumpVersion(this.#db, counterOf(row.set))]))
    const readAt = nowMs()
    const stored = await askSource(() => this.#select(row.set))
    if (stored === undefined) return []
    await this.#copies.put(row.set, stored, readAt)
    return stored.rows
  }

  async #select(set: string): Promise<SigningKeySet | undefined> {
    const [[counter], rows] = await this.#db.batch([
      this.#db
        .select()
        .from(versions)
        .where(eq(versions.name, counterOf(set))),
      this.#db
        .select()
        .from(jsonWebKeys)
        .where(eq(jsonWebKeys.set, set))
        .orderBy(desc(jsonWebKeys.createdAt), desc(jsonWebKeys.kid)),
    ])
    return rows.length === 0 ? undefined : { version: counter?.value ?? 0, rows }
  }
}

const counterOf = (set: string): string => `json_web_keys:${set}`
