import type { SigningAlgorithm } from '../config/types.ts'
import type { Envelopes } from '../crypto/envelope.ts'
import type { SigningKeyRow, SigningKeySource } from '../crypto/types.ts'
import { nowSeconds } from '../util/clock.ts'
import { SharedLoad } from '../util/shared-load.ts'
import { makeSigningKey, type OpenedKey, openSigningKey } from './signing-key.ts'

type Rows = readonly SigningKeyRow[]
type Keys = readonly OpenedKey[]

/**
 * One set of keys as this isolate knows it, newest first and never empty; its first key is made on first use. How
 * old rows may be is the source's business; what is kept here are the opened keys, as long as their rows are there.
 */
export interface KeySet {
  /** All keys. */
  keys(): Promise<Keys>
  /** All keys as the source has them, asked at most once a second. */
  fresh(): Promise<Keys>
  /** The keys that may sign; one is made where there are only public ones. */
  signable(): Promise<Keys>
}

/** The set of a name, whose keys get this algorithm where they are made here. */
export function keySet(
  name: string,
  source: SigningKeySource,
  envelopes: Envelopes,
  algorithm: SigningAlgorithm,
): KeySet {
  const making = new SharedLoad<Rows>()
  let known: ReadonlyMap<string, OpenedKey> = new Map()

  // Keys opened before are kept as they are: their imported form goes with them.
  async function open(rows: Rows): Promise<Keys> {
    const before = known
    const opened = await Promise.all(
      rows.map(async (row) => {
        const stamp = `${row.kid} ${row.createdAt} ${row.privateSealed}`
        return [stamp, before.get(stamp) ?? (await openSigningKey(envelopes, row))] as const
      }),
    )
    known = new Map(opened)
    return opened.map(([, key]) => key)
  }

  /** Stores a new key unless the set meanwhile has others than those that cannot sign. */
  async function make(unable: Keys): Promise<Keys> {
    const rows = await making.join(async () => {
      const row = await makeSigningKey(envelopes, name, algorithm, nowSeconds())
      return source.insertFirst(
        row,
        unable.map(({ kid }) => kid),
      )
    })
    return open(rows)
  }

  async function fresh(): Promise<Keys> {
    const rows = await source.list(name, true)
    return rows.length > 0 ? open(rows) : make([])
  }

  async function keys(): Promise<Keys> {
    const rows = await source.list(name, false)
    return rows.length > 0 ? open(rows) : fresh()
  }

  return {
    keys,
    fresh,
    async signable() {
      const signing = signers(await keys())
      if (signing.length > 0) return signing
      const all = await fresh()
      return signers(signers(all).length > 0 ? all : await make(all))
    },
  }
}

const signers = (keys: Keys): Keys => keys.filter(({ signs }) => signs)
