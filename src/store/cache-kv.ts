import { toBase64url } from '../util/base64url.ts'
import { type Milliseconds, milliseconds } from '../util/clock.ts'
import { sha256 } from '../util/digest.ts'
import { logFailure } from './d1.ts'
import type { Tag } from './feed.ts'
import type { Sources } from './sources.ts'

/**
 * The format of the copies in KV. A new format gets a new number, so old and new code never read each other's copies.
 */
const FORMAT = 6

/** How long KV keeps a copy, seconds: long enough for any outage. The scheduled job renews those that are used up. */
const KEEP_SECONDS = 7 * 86_400

/**
 * The age from which D1 is read again whatever the feed says, ms: somebody may have changed it by hand. The scheduled job
 * renews copies in KV at it, so each costs a write a day; the free plan has 1,000.
 */
export const READ_AGAIN_MS = 86_400_000

/**
 * How old a copy may be, counted from its read of D1, for the feed to vouch for it, ms. The feed knows what changed in
 * four days (ledger/changes.ts); the one between is for clocks of other machines. An older copy is read again.
 */
const MAX_VOUCHED_AGE_MS = 3 * 86_400_000

/** How long KV keeps what a change made of a value, seconds: by then every isolate that had another copy has it. */
const KEEP_CHANGE_SECONDS = 3600

/** How long a copy may be used after it was last known to be the present value, milliseconds (design rule 5). */
export const MAX_AGE_MS = milliseconds(60_000)

/** A value that counts its writes. */
export interface Versioned {
  readonly version: number
}

/** A copy of a value. */
export interface Copy<T extends Versioned> {
  readonly value: T
  /** When the read of D1 that returned the value began, or the write that made it; ms since the epoch. */
  readonly readAt: Milliseconds
  /** What the feed had said of the value before that; null if nothing was known. Equal tags mean equal values. */
  readonly tag: Tag
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

/** Whether the scheduled job writes a copy again, so that isolates which take it need not read D1; or its age is unknown. */
export const isUsedUp = ({ readAt }: Copy<Versioned>, now: Milliseconds): boolean =>
  Math.abs(now - readAt) >= READ_AGAIN_MS

/** Whether equal tags say at a time (ms since the epoch) that a copy is of the present value. */
export const mayBeVouchedFor = ({ readAt }: Copy<Versioned>, at: Milliseconds): boolean =>
  Math.abs(at - readAt) < MAX_VOUCHED_AGE_MS

/**
 * The copies in KV, which writes of values make, never reads. A failure is logged and counts as "no answer". KV may
 * return what it had a minute ago, so a copy counts by its tag.
 */
export interface KvCache<T extends Versioned> {
  /** Returns the copy of a value; null if KV has none, `undefined` if it does not answer. */
  get(id: string): Promise<Copy<T> | null | undefined>
  /** Returns what the change of this tag made of a value. Nobody asks for it before it is there. */
  getChange(id: string, tag: string): Promise<Copy<T> | null | undefined>
  /** Stores a copy. */
  put(id: string, copy: Copy<T>): Promise<void>
  /** Stores a copy, and the same as what a change made. */
  putChange(id: string, copy: Copy<T>): Promise<void>
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
  const changeOf = (id: string, tag: Tag): string => `${keyOf(id)}:${tag}`

  async function attempt<R>(what: string, run: () => Promise<R>): Promise<R | undefined> {
    if (!kvBreaker.mayAsk()) return undefined
    try {
      return await run()
    } catch (error) {
      logFailure(`cache.kv_${what}`, error)
      return undefined
    }
  }

  const get = (key: string): Promise<Copy<T> | null | undefined> =>
    attempt('get', () => kv.get<Copy<T>>(key, 'json'))

  async function put(key: string, copy: Copy<T>, expirationTtl: number): Promise<void> {
    await attempt('put', () => kv.put(key, JSON.stringify(copy), { expirationTtl }))
  }

  return {
    get: (id) => get(keyOf(id)),
    getChange: (id, tag) => get(changeOf(id, tag)),
    put: (id, copy) => put(keyOf(id), copy, KEEP_SECONDS),
    async putChange(id, copy) {
      await Promise.all([
        put(keyOf(id), copy, KEEP_SECONDS),
        put(changeOf(id, copy.tag), copy, KEEP_CHANGE_SECONDS),
      ])
    },
    drop: (id) => attempt('delete', () => kv.delete(keyOf(id))),
  }
}
