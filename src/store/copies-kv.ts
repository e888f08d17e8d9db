import { toBase64url } from '../util/base64url.ts'
import { sha256 } from '../util/digest.ts'
import { logFailure } from './source.ts'

/** Format of what KV holds; a new one gets a new number, so old and new code never read each other's copies. */
const FORMAT = 2

/** How long KV keeps a copy, seconds: beyond its 60 s of use it serves only while D1 is unreachable. */
const KEEP_SECONDS = 86_400

/** Longest use of a copy after the primary read that made it, milliseconds (design rule 5). */
export const MAX_AGE_MS = 60_000

/** A copy this much older, in milliseconds, is worth replacing by one of the same version. */
const REPLACE_AFTER_MS = 20_000

/** A value that counts its writes. */
export interface Versioned {
  readonly version: number
}

/** A value and when the read of the primary that gave it began, in milliseconds since the epoch. */
export interface Copy<T extends Versioned> {
  readonly value: T
  readonly readAt: number
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
export class KvCopies<T extends Versioned> {
  readonly #name: string
  readonly #kv: KVNamespace

  constructor(name: string, kv: KVNamespace) {
    this.#name = name
    this.#kv = kv
  }

  /** The copy KV holds, of whatever age. */
  async get(id: string): Promise<Copy<T> | undefined> {
    try {
      return (await this.#kv.get<Copy<T>>(this.#key(id), 'json')) ?? undefined
    } catch (error) {
      logFailure('copies.kv_get', error)
      return undefined
    }
  }

  /** Stores a copy unless KV holds a newer one, or one of the same version that is still recent. */
  async put(id: string, copy: Copy<T>): Promise<void> {
    const known = await this.get(id)
    if (known !== undefined) {
      if (isNewer(known, copy)) return
      const recent = copy.readAt - known.readAt < REPLACE_AFTER_MS
      if (known.value.version === copy.value.version && recent) return
    }
    try {
      await this.#kv.put(this.#key(id), JSON.stringify(copy), { expirationTtl: KEEP_SECONDS })
    } catch (error) {
      logFailure('copies.kv_put', error)
    }
  }

  /** Removes the copy. */
  async delete(id: string): Promise<void> {
    try {
      await this.#kv.delete(this.#key(id))
    } catch (error) {
      logFailure('copies.kv_delete', error)
    }
  }

  /** KV keys hold 512 bytes, ids may be longer: the key holds a digest. */
  #key(id: string): string {
    return `${this.#name}:${FORMAT}:${toBase64url(sha256(id))}`
  }
}
