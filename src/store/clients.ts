import { nowMs } from '../util/clock.ts'
import { type ReadThroughCache, readThroughCache } from './cache.ts'
import { isClientId } from './client-id.ts'
import {
  type ClientFilter,
  type ClientPage,
  countClients,
  deleteClient,
  insertClient,
  listClients,
  replaceClient,
  selectClient,
  selectLifespans,
} from './client-table.ts'
import { type Database, openDatabase, queryD1 } from './d1.ts'
import type { ClientRecord } from './types.ts'

/**
 * Registered clients. Reads on the hot path come from copies (`find`), refusals ask the source (`fresh`), and admin
 * requests always do (`read`, `list`, `count`). Every method throws `temporarily_unavailable` when storage fails.
 */
export class ClientStore {
  readonly #db: Database
  readonly #copies: ReadThroughCache<ClientRecord>

  constructor(d1: D1Database, kv: KVNamespace) {
    const db = openDatabase(d1)
    this.#db = db
    this.#copies = readThroughCache('clients', kv, (id) => selectClient(db, id))
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
    const stored = await queryD1(() => insertClient(this.#db, record))
    if (stored === undefined) return undefined
    await this.#copies.put(record.id, stored, writtenAt)
    return stored
  }

  /** Replaces a client if its stored version is the one before `record.version`; false when it is not. */
  async replace(record: ClientRecord): Promise<boolean> {
    const writtenAt = nowMs()
    const replaced = await queryD1(() => replaceClient(this.#db, record))
    if (!replaced) return false
    await this.#copies.put(record.id, record, writtenAt)
    return true
  }

  /** Deletes a client, of the given version only unless that is null; false when there was none. */
  async remove(id: string, version: number | null = null): Promise<boolean> {
    if (!isClientId(id)) return false
    const deleted = await queryD1(() => deleteClient(this.#db, id, version))
    if (deleted === undefined) return false
    await this.#copies.drop(id, deleted)
    return true
  }

  /** One page of clients, ordered by id. */
  async list(page: ClientPage): Promise<readonly ClientRecord[]> {
    return queryD1(() => listClients(this.#db, page))
  }

  /** The lifespans, as Go durations, that clients have for tokens that are signed. */
  async tokenLifespans(): Promise<readonly string[]> {
    return queryD1(() => selectLifespans(this.#db))
  }

  /** How many clients a filter leaves. */
  async count(filter: ClientFilter): Promise<number> {
    return queryD1(() => countClients(this.#db, filter))
  }
}
