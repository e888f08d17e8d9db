import { OAuthError } from '../errors/oauth-error.ts'
import { logLine } from '../http/log.ts'
import { nowSeconds } from '../util/clock.ts'
import { SharedLoad } from '../util/shared-load.ts'
import { RootKey } from './root-key.ts'
import { RootKeySeal } from './root-key-seal.ts'
import type { RootKeyRow, RootKeySource } from './types.ts'

export type { RootKey } from './root-key.ts'

/** The root keys that an isolate has opened; at least one. */
interface OpenedKeys {
  readonly oldest: RootKey
  readonly newest: RootKey
  readonly byId: ReadonlyMap<string, RootKey>
}

/**
 * The root keys of this installation (design section 5). They are random and stored in rows that are sealed under the
 * system secrets. The first key is made on first use. Opened keys stay in memory. A row that does not open is an error
 * and is never replaced.
 *
 * An id is three random bytes and a tag over them under the oldest key, which is therefore never retired. An unknown id
 * with a valid tag may belong to a key that another isolate has just made, so it is looked up. An id with another tag
 * is forged, and is refused without a look-up.
 */
export class RootKeys {
  readonly #source: RootKeySource
  readonly #seals: readonly RootKeySeal[]
  readonly #first = new SharedLoad<OpenedKeys>()
  readonly #again = new SharedLoad<OpenedKeys>()
  #opened: OpenedKeys | undefined

  /** @param secrets - the system secrets: the first seals, all of them open */
  constructor(source: RootKeySource, secrets: readonly string[]) {
    this.#source = source
    this.#seals = secrets.map((secret) => new RootKeySeal(secret))
  }

  /**
   * Returns the newest key, which seals.
   *
   * @throws `misconfiguration` if a row does not open, `temporarily_unavailable` if storage fails
   */
  async current(): Promise<RootKey> {
    return (await this.#ready()).newest
  }

  /**
   * Returns the oldest key, which is never retired: for what must stay the same for ever. Throws like `current`.
   */
  async oldest(): Promise<RootKey> {
    return (await this.#ready()).oldest
  }

  /**
   * Returns the key of an id; `undefined` for a forged id, without asking the source.
   *
   * @throws `temporarily_unavailable` if the id is unknown but has a valid tag, and the source cannot be asked
   */
  async byId(id: string): Promise<RootKey | undefined> {
    const opened = await this.#ready()
    const known = opened.byId.get(id)
    if (known !== undefined || !(await opened.oldest.knows(id))) return known
    const fresh = await this.#again.run(async () => this.#keep(await this.#source.list(true)))
    return fresh.byId.get(id)
  }

  /** Seals every row again that is not sealed under the first secret. Returns how many. For the scheduled handler. */
  async rewrap(): Promise<number> {
    const [first] = this.#seals
    if (first === undefined) throw unreadable()
    let count = 0
    for (const row of await this.#source.list(true)) {
      if ((await first.open(row.id, row.sealed)) !== undefined) continue
      const sealed = await first.seal(row.id, await this.#open(row))
      await this.#source.rewrap(row.id, row.sealed, sealed)
      count += 1
    }
    return count
  }

  async #ready(): Promise<OpenedKeys> {
    return this.#opened ?? (await this.#first.run(() => this.#load()))
  }

  async #load(): Promise<OpenedKeys> {
    const copies = await this.#source.list(false)
    // A copy may be older than the rows, or than their present seal: only the source may refuse.
    const opened = await Promise.all(copies.map((row) => this.#tryOpen(row)))
    if (copies.length > 0 && opened.every((key) => key !== undefined)) return this.#keep(copies)
    const rows = await this.#source.list(true)
    return this.#keep(rows.length > 0 ? rows : await this.#makeFirst())
  }

  async #makeFirst(): Promise<readonly RootKeyRow[]> {
    const [seal] = this.#seals
    if (seal === undefined) throw unreadable()
    const { root, key } = await RootKey.makeFirst(nowSeconds())
    const row = { id: root.id, sealed: await seal.seal(root.id, key), createdAt: root.createdAt }
    return this.#source.insertFirst(row)
  }

  /** Opens rows and keeps their keys in memory. Keys that were opened before stay. */
  async #keep(rows: readonly RootKeyRow[]): Promise<OpenedKeys> {
    const unknown = rows.filter(({ id }) => this.#opened?.byId.has(id) !== true)
    const keys = await Promise.all(
      unknown.map(async (row) => new RootKey(row.id, row.createdAt, await this.#open(row))),
    )
    // What was opened before stays the same object, with the keys that it derived.
    const byId = new Map([...keys.map((key) => [key.id, key] as const), ...(this.#opened?.byId ?? [])])
    const ordered = [...byId.values()].sort((a, b) => a.createdAt - b.createdAt || (a.id < b.id ? -1 : 1))
    const [oldest] = ordered
    const newest = ordered.at(-1)
    if (oldest === undefined || newest === undefined)
      throw new OAuthError('temporarily_unavailable', 'storage_unreachable')
    this.#opened = { oldest, newest, byId }
    return this.#opened
  }

  async #open(row: RootKeyRow): Promise<Uint8Array> {
    const key = await this.#tryOpen(row)
    if (key !== undefined) return key
    logLine('root_key.unreadable', { root_key: row.id })
    throw unreadable()
  }

  async #tryOpen(row: RootKeyRow): Promise<Uint8Array | undefined> {
    for (const seal of this.#seals) {
      const key = await seal.open(row.id, row.sealed)
      if (key !== undefined) return key
    }
    return undefined
  }
}

const unreadable = (): OAuthError =>
  new OAuthError('misconfiguration', 'setting_unusable', {
    problems: 'SECRETS_SYSTEM must list the secret under which the stored root keys were sealed.',
  })
