import type { SigningAlgorithm } from '../config/types.ts'
import { nowSeconds } from '../util/clock.ts'
import type { Envelopes } from './envelope.ts'
import { SharedLoad } from './shared-load.ts'
import { makeSigningKey, type OpenedKey, openSigningKey } from './signing-key.ts'
import type { SigningKeyRow, SigningKeySource } from './types.ts'

type Rows = readonly SigningKeyRow[]
type Keys = readonly OpenedKey[]

/**
 * One set of keys as this isolate knows it, newest first and never empty; its first key is made on first use. How
 * old rows may be is the source's business; what is kept here are the opened keys, as long as their rows are there.
 */
export class KeySet {
  readonly #name: string
  readonly #source: SigningKeySource
  readonly #envelopes: Envelopes
  readonly #algorithm: SigningAlgorithm
  readonly #making = new SharedLoad<Rows>()
  #opened: ReadonlyMap<string, OpenedKey> = new Map()

  constructor(name: string, source: SigningKeySource, envelopes: Envelopes, algorithm: SigningAlgorithm) {
    this.#name = name
    this.#source = source
    this.#envelopes = envelopes
    this.#algorithm = algorithm
  }

  /** All keys. */
  async keys(): Promise<Keys> {
    const rows = await this.#source.list(this.#name, false)
    return rows.length > 0 ? this.#open(rows) : this.fresh()
  }

  /** All keys as the source has them, asked at most once a second. */
  async fresh(): Promise<Keys> {
    const rows = await this.#source.list(this.#name, true)
    return rows.length > 0 ? this.#open(rows) : this.#make([])
  }

  /** The keys that may sign; one is made where there are only public ones. */
  async signable(): Promise<Keys> {
    const known = (await this.keys()).filter(({ signs }) => signs)
    if (known.length > 0) return known
    const all = await this.fresh()
    const current = all.some(({ signs }) => signs) ? all : await this.#make(all.map(({ kid }) => kid))
    return current.filter(({ signs }) => signs)
  }

  /** Stores a new key unless the set meanwhile has others than those that cannot sign. */
  async #make(unable: readonly string[]): Promise<Keys> {
    const rows = await this.#making.join(async () => {
      const row = await makeSigningKey(this.#envelopes, this.#name, this.#algorithm, nowSeconds())
      return this.#source.insertFirst(row, unable)
    })
    return this.#open(rows)
  }

  // Keys opened before are kept as they are: their imported form goes with them.
  async #open(rows: Rows): Promise<Keys> {
    const before = this.#opened
    const opened = await Promise.all(
      rows.map(async (row) => {
        const { kid, createdAt, privateSealed } = row
        const name = `${kid} ${createdAt} ${privateSealed}`
        return [name, before.get(name) ?? (await openSigningKey(this.#envelopes, row))] as const
      }),
    )
    this.#opened = new Map(opened)
    return opened.map(([, key]) => key)
  }
}
