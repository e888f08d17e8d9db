import { BoundedMap } from '../util/bounded-map.ts'
import { type Milliseconds, milliseconds, nowMs, nowSeconds, type Seconds, secondsOf } from '../util/clock.ts'
import { stableText } from '../util/json.ts'
import { type ReadThroughCache, readThroughCache } from './cache.ts'
import { isClientId } from './client-id.ts'
import {
  type ClientFilter,
  type ClientPage,
  countClients,
  deleteClient,
  type Ends,
  insertClient,
  listClients,
  noteClientUse,
  purgeUnusedClients,
  replaceClient,
  selectClient,
  selectClients,
  selectIds,
  selectLifespans,
} from './client-table.ts'
import { hasEnded, NOTED_EVERY } from './client-use.ts'
import type { FilledPage } from './copy-upkeep.ts'
import { type Database, openDatabase, queryD1 } from './d1.ts'
import type { Sources } from './sources.ts'
import type { ClientRecord } from './types.ts'

/** The largest number of batches in one purge: strangers register no faster, and a backlog does not exhaust the job. */
const PURGE_BATCHES = 20

/** How soon a note of use is tried again, ms, and for how many clients that is remembered. */
const TRY_AGAIN_MS = milliseconds(60_000)
const MAX_TRIED = 10_000

/**
 * Registered clients. Most requests read copies (`find`); before a refusal the source is asked (`fresh`), and admin
 * requests always ask it (`read`, `list`, `count`). Every method throws `temporarily_unavailable` if storage fails.
 */
export class ClientStore {
  readonly #db: Database
  readonly #copies: ReadThroughCache<ClientRecord>
  readonly #unusedTtl: Seconds | null
  /** When notes of use were last tried, ms since the epoch. */
  readonly #tried = new BoundedMap<Milliseconds>(MAX_TRIED)

  /** @param unusedTtl - how long a client that registered itself may be unused, seconds; null for ever */
  constructor(sources: Sources, unusedTtl: Seconds | null = null) {
    const db = openDatabase(sources.d1)
    this.#db = db
    this.#unusedTtl = unusedTtl
    this.#copies = readThroughCache(sources, {
      name: 'clients',
      read: (id) => selectClient(db, id),
      readAll: (ids) => selectClients(db, ids),
      counterOf: (name) => ({ of: 'client', name }),
    })
  }

  /** Returns the client from the nearest copy that may still be used. */
  async find(id: string): Promise<ClientRecord | undefined> {
    if (!isClientId(id)) return undefined
    const copy = await this.#copies.find(id)
    // It may have been used since the copy was made.
    return copy === undefined || this.#alive(copy) !== undefined ? copy : this.fresh(id)
  }

  /** Returns the client from the source, which is asked at most once a second per id. For use before a refusal. */
  async fresh(id: string): Promise<ClientRecord | undefined> {
    return isClientId(id) ? this.#alive(await this.#copies.fresh(id)) : undefined
  }

  /** Reads the client from the source. */
  async read(id: string): Promise<ClientRecord | undefined> {
    return isClientId(id) ? this.#alive(await this.#copies.read(id)) : undefined
  }

  /** Stores a new client. Returns it with its version; `undefined` if the id is taken. */
  async insert(record: Omit<ClientRecord, 'version'>): Promise<ClientRecord | undefined> {
    return this.#copies.add(record.id, () => queryD1(() => insertClient(this.#db, record)))
  }

  /** Replaces a client if its stored version is the one before `record.version`. Returns whether it did. */
  async replace(record: ClientRecord): Promise<boolean> {
    return this.#copies.change(record.id, async () => {
      const replaced = await queryD1(() => replaceClient(this.#db, record))
      return replaced ? { result: true, kept: record } : { result: false }
    })
  }

  /** Deletes a client if it has a version; null is any. Returns false if there was no such client. */
  async remove(id: string, version: number | null = null): Promise<boolean> {
    if (!isClientId(id)) return false
    return this.#copies.change(id, async () => {
      const deleted = await queryD1(() => deleteClient(this.#db, id, version))
      return { result: deleted !== undefined, deleted }
    })
  }

  /** Returns one page of clients, ordered by id. */
  async list(page: ClientPage): Promise<readonly ClientRecord[]> {
    return queryD1(() => listClients(this.#db, page, this.#ends))
  }

  /** Returns the different lifetimes, as Go durations, that clients have for their access and ID tokens. */
  async tokenLifespans(): Promise<readonly string[]> {
    return queryD1(() => selectLifespans(this.#db))
  }

  /** Counts the clients that pass a filter. */
  async count(filter: ClientFilter): Promise<number> {
    return queryD1(() => countClients(this.#db, filter, this.#ends))
  }

  /**
   * Notes that a client was used, if that matters and was not noted for a day. Returns `undefined` if there is nothing to
   * do, so that most uses cost nothing.
   */
  noteUse(client: ClientRecord): Promise<void> | undefined {
    const at = nowMs()
    const { usedAt, id } = client
    if (usedAt === null || secondsOf(at) - usedAt < NOTED_EVERY) return undefined
    if (at - (this.#tried.get(id) ?? Number.NEGATIVE_INFINITY) < TRY_AGAIN_MS) return undefined
    this.#tried.set(id, at)
    return this.#noteUse(client, at)
  }

  async #noteUse(client: ClientRecord, at: Milliseconds): Promise<void> {
    const { id } = client
    const noted = await this.#copies.touch(id, () =>
      queryD1(() => noteClientUse(this.#db, client, secondsOf(at))),
    )
    // Another isolate noted it, which the copy here does not know.
    if (noted === undefined) await this.#copies.read(id)
  }

  /** Gives KV the copies that it lacks, for clients after an id. */
  async fill(after: string | null, limit: number): Promise<FilledPage> {
    const ids = await queryD1(() => selectIds(this.#db, after, limit))
    const { unreadable } = await this.#copies.fill(ids, ({ usedAt: _usedAt, ...rest }) => stableText(rest))
    return { last: ids.length < limit ? null : (ids.at(-1) ?? null), unreadable }
  }

  /** Deletes clients that ended because they were not used, in batches of `limit`. Returns how many. */
  async purge(now: Seconds, limit: number): Promise<number> {
    const ttl = this.#unusedTtl
    if (ttl === null) return 0
    let purged = 0
    for (let round = 0; round < PURGE_BATCHES; round += 1) {
      const deleted = await queryD1(() => purgeUnusedClients(this.#db, ttl, now, limit))
      purged += deleted
      if (deleted < limit) break
    }
    return purged
  }

  get #ends(): Ends {
    return { ttl: this.#unusedTtl, now: nowSeconds() }
  }

  /** Returns a client unless it ended because it was not used. */
  #alive(client: ClientRecord | undefined): ClientRecord | undefined {
    return client === undefined || hasEnded(client, this.#unusedTtl, nowSeconds()) ? undefined : client
  }
}
