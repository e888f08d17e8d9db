import type { SigningAlgorithm } from '../config/types.ts'
import { OAuthError } from '../errors/oauth-error.ts'
import { nowMs, nowSeconds } from '../util/clock.ts'
import type { Envelopes } from './envelope.ts'
import { askSource, SharedLoad } from './shared-load.ts'
import { makeSigningKey, type OpenedKey, openSigningKey } from './signing-key.ts'
import type { SigningKeyRow, SigningKeySource } from './types.ts'

/** How long opened rows are used without asking the source, in milliseconds. */
const MEMORY_MS = 20_000

type Keys = readonly OpenedKey[]

/** One set of signing keys as this isolate knows it, newest first and never empty; its first key is made on first use. */
export class KeySet {
  readonly #name: string
  readonly #source: SigningKeySource
  readonly #envelopes: Envelopes
  readonly #algorithm: SigningAlgorithm
  readonly #reads = new SharedLoad<Keys>()
  readonly #freshReads = new SharedLoad<Keys>()
  readonly #bySealed = new Map<string, OpenedKey>()
  #known: { readonly keys: Keys; readonly readAt: number } | undefined

  constructor(name: string, source: SigningKeySource, envelopes: Envelopes, algorithm: SigningAlgorithm) {
    this.#name = name
    this.#source = source
    this.#envelopes = envelopes
    this.#algorithm = algorithm
  }

  /** All keys. Those in memory serve on while the source cannot be asked (design section 8). */
  async keys(): Promise<Keys> {
    const known = this.#known
    if (known !== undefined && Math.abs(nowMs() - known.readAt) < MEMORY_MS) return known.keys
    try {
      return await this.#reads.run(() => this.#read(false))
    } catch (thrown) {
      const unreachable = thrown instanceof OAuthError && thrown.code === 'temporarily_unavailable'
      if (known === undefined || !unreachable) throw thrown
      return known.keys
    }
  }

  /** All keys as the source has them, asked at most once a second. */
  fresh(): Promise<Keys> {
    return this.#freshReads.run(() => this.#read(true))
  }

  async #read(fresh: boolean): Promise<Keys> {
    let rows = await this.#list(fresh)
    if (rows.length === 0 && !fresh) rows = await this.#list(true)
    if (rows.length === 0) rows = await this.#makeFirst()
    const keys = await Promise.all(rows.map((row) => this.#open(row)))
    if (keys.length === 0) throw new OAuthError('temporarily_unavailable')
    keys.sort((a, b) => b.createdAt - a.createdAt)
    this.#known = { keys, readAt: nowMs() }
    return keys
  }

  async #makeFirst(): Promise<readonly SigningKeyRow[]> {
    const row = await makeSigningKey(this.#envelopes, this.#name, this.#algorithm, nowSeconds())
    return askSource('signing_keys', () => this.#source.insertFirst(row))
  }

  // Keys opened before are kept as they are: they hold the imported CryptoKeys.
  async #open(row: SigningKeyRow): Promise<OpenedKey> {
    const known = this.#bySealed.get(row.privateSealed)
    if (known !== undefined && known.kid === row.kid) return known
    const key = await openSigningKey(this.#envelopes, row)
    this.#bySealed.set(row.privateSealed, key)
    return key
  }

  #list(fresh: boolean): Promise<readonly SigningKeyRow[]> {
    return askSource('signing_keys', () => this.#source.list(this.#name, fresh))
  }
}
