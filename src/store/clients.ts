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
import type { Sources } from './sources.ts'
import type { ClientRecord } from './types.ts'

/**
 * Registered clients. Most requests read copies (`find`); before a refusal the source is asked (`fresh`), and admin
 * requests always ask it (`read`, `list`, `count`). Every method throws `temporarily_unavailable` if storage fails.
 */
export class ClientStore {
  readonly #db: Database
  readonly #copies: ReadThroughCache<ClientRecord>

  constructor(sources: Sources) {
    const db = openDatabase(sources.d1)
    this.#db = db
    this.#copies = readThroughCache('clients', sources, (id) => selectClient(db, id))
  }

  /** Returns the client from the nearest copy that may still be used. */
  async find(id: string): Promise<ClientRecord | undefined> {
    return isClientId(id) ? this.#copies.find(id) : undefined
  }

  /** Returns the client from the source, which is asked at most once a second per id. For use before a refusal. */
  async fresh(id: string): Promise<ClientRecord | undefined> {
    return isClientId(id) ? this.#copies.fresh(id) : undefined
  }

  /** Reads the client from the source. */
  async read(id: string): Promise<ClientRecord | undefined> {
    return isClientId(id) ? this.#copies.read(id) : undefined
  }

  /** Stores a new client. Returns it with its version; `undefined` if the id is taken. */
  async insert(record: Omit<ClientRecord, 'version'>): Promise<ClientRecord | undefined> {
    const writtenAt = nowMs()
    const stored = await queryD1(() => insertClient(this.#db, record))
    if (stored === undefined) return undefined
    await this.#copies.put(record.id, stored, writtenAt)
    return stored
  }

  /** Replaces a client if its stored version is the one before `record.version`. Returns whether it did. */
  async replace(record: ClientRecord): Promise<boolean> {
    const writtenAt = nowMs()
    const replaced = await queryD1(() => replaceClient(this.#db, record))
    if (!replaced) return false
    await this.#copies.put(record.id, record, writtenAt)
    return true
  }

  /** Deletes a client if it has a version; null is any. Returns false if there was no such client. */
  async remove(id: string, version: number | null = null): Promise<boolean> {
    if (!isClientId(id)) return false
    const deleted = await queryD1(() => deleteClient(this.#db, id, version))
    if (deleted === undefined) return false
    await this.#copies.drop(id, deleted)
    return true
  }

  /** Returns one page of clients, ordered by id. */
  async list(page: ClientPage): Promise<readonly ClientRecord[]> {
    return queryD1(() => listClients(this.#db, page))
  }

  /** Returns the different lifetimes, as Go durations, that clients have for their access and ID tokens. */
  async tokenLifespans(): Promise<readonly string[]> {
    return queryD1(() => selectLifespans(this.#db))
  }

  /** Counts the clients that pass a filter. */
  async count(filter: ClientFilter): Promise<number> {
    return queryD1(() => countClients(this.#db, filter))
  }
}
