import { and, asc, count, eq, gt, type SQL, sql } from 'drizzle-orm'
import { type DrizzleD1Database, drizzle } from 'drizzle-orm/d1'
import { nowMs } from '../util/clock.ts'
import { isClientId } from './client-id.ts'
import { Copies } from './copies.ts'
import { clients, versions } from './schema.ts'
import { askSource } from './source.ts'
import type { ClientRecord } from './types.ts'

/** Name of the counter that holds the highest version of any deleted client. */
const FLOOR = 'clients'

/** Which clients a list shows; null stands for "any". */
export interface ClientFilter {
  readonly name: string | null
  readonly owner: string | null
}

/** A page of the list, ordered by id: those after an id, or by offset. */
export interface ClientPage extends ClientFilter {
  readonly after: string | null
  readonly offset: number
  readonly limit: number
}

/**
 * Registered clients. Reads on the hot path come from copies (`find`), refusals ask the source (`fresh`), and admin
 * requests always do (`read`, `list`, `count`). Every method throws `temporarily_unavailable` when storage fails.
 */
export class ClientStore {
  readonly #db: DrizzleD1Database
  readonly #copies: Copies<ClientRecord>

  constructor(db: D1Database, kv: KVNamespace) {
    this.#db = drizzle(db)
    this.#copies = new Copies('clients', kv, (id) => this.#select(id))
  }

  /** The client from the nearest copy that may still be used. */
  async find(id: string): Promise<ClientRecord | undefined> {
    return isClientId(id) ? this.#copies.find(id) : undefined
  }

  /** The client from the source, asked at most once a second per id: for use before a refusal. */
  async fresh(id: string): Promise<ClientRecord | undefined> {
    return isClientId(id) ? this.#copies.fresh(id) : undefined
  }

  /** The client from the source, asked now. */
  async read(id: string): Promise<ClientRecord | undefined> {
    return isClientId(id) ? this.#copies.read(id) : undefined
  }

  /** Stores a new client and returns it with the version it got; `undefined` when the id is taken. */
  async insert(record: Omit<ClientRecord, 'version'>): Promise<ClientRecord | undefined> {
    const writtenAt = nowMs()
    const version = sql`coalesce((select ${versions.value} from ${versions} where ${versions.name} = ${FLOOR}), 0) + 1`
    const row = await askSource(() =>
      this.#db
        .insert(clients)
        .values({ ...toColumns(record), version })
        .onConflictDoNothing()
        .returning()
        .get(),
    )
    if (row === undefined) return undefined
    const stored = toRecord(row)
    await this.#copies.put(record.id, stored, writtenAt)
    return stored
  }

  /** Replaces a client if its stored version is the one before `record.version`; false when it is not. */
  async replace(record: ClientRecord): Promise<boolean> {
    const writtenAt = nowMs()
    const unchanged = and(eq(clients.id, record.id), eq(clients.version, record.version - 1))
    const rows = await askSource(() =>
      this.#db
        .update(clients)
        .set({ ...toColumns(record), version: record.version })
        .where(unchanged)
        .returning({ id: clients.id }),
    )
    if (rows.length === 0) return false
    await this.#copies.put(record.id, record, writtenAt)
    return true
  }

  /** Deletes a client; false when there was none. */
  async remove(id: string): Promise<boolean> {
    if (!isClientId(id)) return false
    const last = this.#db
      .select({ name: sql<string>`${FLOOR}`.as('name'), value: clients.version })
      .from(clients)
      .where(eq(clients.id, id))
    const higher = { value: sql`max(${versions.value}, excluded.value)` }
    const raiseFloor = this.#db
      .insert(versions)
      .select(last)
      .onConflictDoUpdate({ target: versions.name, set: higher })
    const remove = this.#db.delete(clients).where(eq(clients.id, id)).returning({ version: clients.version })
    const [, [removed]] = await askSource(() => this.#db.batch([raiseFloor, remove]))
    if (removed === undefined) return false
    await this.#copies.drop(id, removed.version)
    return true
  }

  /** One page of clients, ordered by id. */
  async list(page: ClientPage): Promise<readonly ClientRecord[]> {
    const after = page.after === null ? undefined : gt(clients.id, page.after)
    const rows = await askSource(() =>
      this.#db
        .select()
        .from(clients)
        .where(and(matches(page), after))
        .orderBy(asc(clients.id))
        .limit(page.limit)
        .offset(page.offset)
        .all(),
    )
    return rows.map(toRecord)
  }

  /** How many clients a filter leaves. */
  async count(filter: ClientFilter): Promise<number> {
    const row = await askSource(() =>
      this.#db.select({ total: count() }).from(clients).where(matches(filter)).get(),
    )
    return row?.total ?? 0
  }

  async #select(id: string): Promise<ClientRecord | undefined> {
    const row = await this.#db.select().from(clients).where(eq(clients.id, id)).get()
    return row === undefined ? undefined : toRecord(row)
  }
}

function matches(filter: ClientFilter): SQL | undefined {
  return and(
    filter.name === null ? undefined : eq(clients.name, filter.name),
    filter.owner === null ? undefined : eq(clients.owner, filter.owner),
  )
}

function toColumns(record: Omit<ClientRecord, 'version'>): Omit<typeof clients.$inferSelect, 'version'> {
  const { id, instance, accessEpoch, secretHash, metadata, createdAt, updatedAt } = record
  const { client_name: name, owner } = metadata
  return { id, instance, accessEpoch, secretHash, name, owner, metadata, createdAt, updatedAt }
}

function toRecord(row: typeof clients.$inferSelect): ClientRecord {
  const { name: _name, owner: _owner, ...record } = row
  return record
}
