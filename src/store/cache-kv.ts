import { toBase64url } from '../util/base64url.ts'
import { type Milliseconds, milliseconds } from '../util/clock.ts'
import { sha256 } from '../util/digest.ts'
import { logFailure } from './d1.ts'

/** Format of what KV holds; a new one gets a new number, so old and new code never read each other's copies. */
const FORMAT = 3

/** How long KV keeps a copy, seconds: beyond its 60 s of use it serves only while D1 is unreachable. */
const KEEP_SECONDS = 86_400

/** Longest use of a copy after the primary read that made it, milliseconds (design rule 5). */
export const MAX_AGE_MS = milliseconds(60_000)

/** A copy this much older, in milliseconds, is worth replacing by one of the same version. */
const REPLACE_AFTER_MS = 20_000

/** A value that counts its writes. */
export interface Versioned {
  readonly version: number
}

/** A value and when the read of the primary that gave it began. */
export interface Copy<T extends Versioned> {
  readonly value: T
  readonly readAt: Milliseconds
}

/**
 * Whether the first copy replaces the second: by version, then by the time of the read. Reads of the primary that
 * are further apart than a copy's use are told by time alone, so that a restored database wins in the end.
 */
export function isNewer(left: Copy<Versioned>, right: Copy<Versioned>): boolean {
  const lead = left.readAt - right.readAt
  if (Math.abs(lead) >= MAX_AGE_MS || left.value.version === right.value.version) return lead > 0
  return left.value.version > right.value.version
}

/** The regional copies in KV. They are an optimisation: every failure is logged and reads as "nothing there". */
export interface KvCache<T extends Versioned> {
  /** The copy KV holds, of whatever age. */
  get(id: string): Promise<Copy<T> | undefined>
  /** Stores a copy unless KV holds a newer one, or one of the same version that is still recent. */
  put(id: string, copy: Copy<T>): Promise<void>
  /** Removes the copy. */
  drop(id: string): Promise<void>
}

/** The copies in KV under keys that begin with a name. */
export function kvCache<T extends Versioned>(name: string, kv: KVNamespace): KvCache<T> {
  /** KV keys hold 512 bytes, ids may be longer: the key holds a digest. */
  const keyOf = (id: string): string => `${name}:${FORMAT}:${toBase64url(sha256(id))}`

  async function attempt<R>(what: string, run: () => Promise<R>): Promise<R | undefined> {
    try {
      return await run()
    } catch (error) {
      logFailure(`cache.kv_${what}`, error)
      return undefined
    }
  }

  const get = async (id: string): Promise<Copy<T> | undefined> =>
    (await attempt('get', () => kv.get<Copy<T>>(keyOf(id), 'json'))) ?? undefined

  return {
    get,
    async put(id, copy) {
      const known = await get(id)
      if (known !== undefined) {
        if (isNewer(known, copy)) return
        const recent = copy.readAt - known.readAt < REPLACE_AFTER_MS
        if (known.value.version === copy.value.version && recent) return
      }
      const text = JSON.stringify(copy)
      await attempt('put', () => kv.put(keyOf(id), text, { expirationTtl: KEEP_SECONDS }))
    },
    drop: (id) => attempt('delete', () => kv.delete(keyOf(id))),
  }
}
