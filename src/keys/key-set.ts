import type { Envelopes } from '../crypto/envelope.ts'
import type { SigningKeyRow, SigningKeySource } from '../crypto/types.ts'
import { SharedLoad } from '../util/shared-load.ts'
import { type OpenedKey, openSigningKey } from './signing-key.ts'

type Rows = readonly SigningKeyRow[]
type Keys = readonly OpenedKey[]

/**
 * Makes the first key of a set in the source, unless the set has got one that signs in the meantime. Throws
 * `temporarily_unavailable` if that is not possible now.
 */
export type MakeFirst = (set: string) => Promise<void>

/**
 * One set of keys, newest first and never empty: its first key is made on first use. The source decides how old rows
 * may be. This isolate keeps the opened keys in memory as long as their rows exist.
 */
export interface KeySet {
  /** Returns all keys. */
  keys(): Promise<Keys>
  /** Returns all keys from the source, which is asked at most once a second. */
  fresh(): Promise<Keys>
  /** Returns the keys that may sign. Makes one if all keys of the set are public. */
  signable(): Promise<Keys>
}

/** Returns the key set of a name. */
export function keySet(
  name: string,
  source: SigningKeySource,
  envelopes: Envelopes,
  makeFirst: MakeFirst,
): KeySet {
  const making = new SharedLoad<Rows>()
  let known: ReadonlyMap<string, OpenedKey> = new Map()
  let last: { readonly rows: Rows; readonly keys: Keys } | undefined

  // Keys that were opened before stay the same objects, since the imported form of each object is kept.
  async function open(rows: Rows): Promise<Keys> {
    // A copy in memory is the same list as long as nothing changed.
    if (last?.rows === rows) return last.keys
    const before = known
    const opened = await Promise.all(
      rows.map(async (row) => {
        const stamp = `${row.kid} ${row.createdAt} ${row.privateSealed}`
        return [stamp, before.get(stamp) ?? (await openSigningKey(envelopes, row))] as const
      }),
    )
    known = new Map(opened)
    const keys = opened.map(([, key]) => key)
    last = { rows, keys }
    return keys
  }

  async function make(): Promise<Keys> {
    const rows = await making.join(async () => {
      await makeFirst(name)
      return source.read(name)
    })
    return open(rows)
  }

  async function fresh(): Promise<Keys> {
    const rows = await source.list(name, true)
    return rows.length > 0 ? open(rows) : make()
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
      return signers(signers(all).length > 0 ? all : await make())
    },
  }
}

const signers = (keys: Keys): Keys => keys.filter(({ signs }) => signs)
