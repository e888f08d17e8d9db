import { toBase64url } from '../util/base64url.ts'
import { type Milliseconds, milliseconds } from '../util/clock.ts'
import { sha256 } from '../util/digest.ts'
import { logFailure } from './d1.ts'
import type { Sources } from './sources.ts'

/**
 * The format of the copies in KV. A new format gets a new number, so old and new code never read each other's copies.
 */
const FORMAT = 5

/** How long KV keeps a copy, seconds. After `MAX_AGE_MS` the copy is used only while D1 cannot be reached. */
const KEEP_SECONDS = 86_400

/** How long a copy may be used after the read of D1 that made it, milliseconds (design rule 5). */
export const MAX_AGE_MS = milliseconds(60_000)

/** How much newer a copy of the same version must be to replace the one in KV, milliseconds. */
const REPLACE_AFTER_MS = 20_000

/** A value that counts its writes. */
export interface Versioned {
  readonly version: number
}

/** A copy of a value. */
export interface Copy<T extends Versioned> {
  readonly value: T
  /** When the read of D1 that returned the value began, ms since the epoch. */
  readonly readAt: Milliseconds
}

/**
 * Whether the first copy replaces the second: the higher version, or the later read of the same version. Copies that
 * were read further apart than `MAX_AGE_MS` are compared by time alone, so a restored database replaces newer copies in
 * the end.
 */
export function isNewer(left: Copy<Versioned>, right: Copy<Versioned>): boolean {
  const lead = left.readAt - right.readAt
  if (Math.abs(lead) >= MAX_AGE_MS || left.value.version === right.value.version) return lead > 0
  return left.value.version > right.value.version
}

/** The regional copies in KV. They are an optimisation: a failure is logged and counts as "no answer". */
export interface KvCache<T extends Versioned> {
  /** Returns the copy in KV, whatever its age; null if KV has none, `undefined` if it does not answer. */
  get(id: string): Promise<Copy<T> | null | undefined>
  /** Stores a copy unless KV holds a newer one, or a recent one of the same version. */
  put(id: string, copy: Copy<T>): Promise<void>
  /** Removes the copy. */
  drop(id: string): Promise<void>
}

/** Returns the copies in KV whose keys begin with a name. While KV is silent only probes ask it. */
export function kvCache<T extends Versioned>(
  name: string,
  { kv, kvBreaker }: Pick<Sources, 'kv' | 'kvBreaker'>,
): KvCache<T> {
  /** A KV key holds at most 512 bytes, and an id may be longer, so the key contains a digest. */
  const keyOf = (id: string): string => `${name}:${FORMAT}:${toBase64url(sha256(id))}`

  async function attempt<R>(what: string, run: () => Promise<R>): Promise<R | undefined> {
    if (!kvBreaker.mayAsk()) return undefined
    try {
      return await run()
    } catch (error) {
      logFailure(`cache.kv_${what}`, error)
      return undefined
    }
  }

  const get = (id: string): Promise<Copy<T> | null | undefined> =>
    attempt('get', () => kv.get<Copy<T>>(keyOf(id), 'json'))

  return {
    get,
    async put(id, copy) {
      const known = await get(id)
      if (known) {
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
