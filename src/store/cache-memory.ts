import { between } from '../util/backoff.ts'
import { BoundedMap } from '../util/bounded-map.ts'
import { type Milliseconds, milliseconds, msAfter, nowMs } from '../util/clock.ts'
import { ASK_AGAIN_MS } from './asked.ts'
import { type Copy, isNewer, MAX_AGE_MS, mayBeVouchedFor, READ_AGAIN_MS, type Versioned } from './cache-kv.ts'
import { feedKey, type Tag } from './feed.ts'
import type { Counter } from './versions.ts'

/** The largest number of ids in memory. */
export const MAX_ENTRIES = 1000

/** The largest total size of the copies in memory, in characters of JSON. */
const MAX_CHARACTERS = 8 * 1024 * 1024

/** At which age of a copy the primary is read whatever the feed says, ms: isolates do not read it together. */
const READ_AT_AGE_MS = [READ_AGAIN_MS, 2 * READ_AGAIN_MS] as const

/**
 * When a copy is read again of whose value the feed says that it is being changed, ms after it was read; or the pause
 * before another try to read one that is merely old.
 */
export const IN_DOUBT_MS = [25_000, 45_000] as const

/** What the feed said of a value. */
export interface Heard {
  readonly tag: Tag
  /** When it was asked, ms since the epoch. */
  readonly at: Milliseconds
}

/** A copy in memory. */
export interface Held<T extends Versioned> extends Copy<T> {
  /** The key of the value in the feed. */
  readonly key: string
  readonly counter: Counter
  /** When D1 was last read, or it was last asked whether the value changed, and it had not; ms since the epoch. */
  vouchedAt: Milliseconds
  /** What the feed said last; `undefined` if it was not asked. */
  heard: Heard | undefined
  usedAt: Milliseconds
  /** Until when no request tries to replace the copy, ms since the epoch. */
  renewAfter: Milliseconds
  /** Whether it was tried in vain to replace the copy with what KV has. */
  isDeferred: boolean
  /** Until when the copy is used although it is too old, because the source has just failed; ms since the epoch. */
  stretchedUntil: Milliseconds
  /** From when on the primary is read whatever the feed says, ms since the epoch. */
  readonly readAgainAt: Milliseconds
}

/** Whether the feed knows of a change since the copy was made, or of one under way. */
export const isOutdated = ({ heard, tag }: Held<Versioned>): boolean =>
  heard !== undefined && (heard.tag === null || heard.tag !== tag)

/** How old a copy is, ms. One from the future was made before the clock was set back, and may be of any age. */
export const ageOf = (vouchedAt: Milliseconds, now: Milliseconds): number =>
  vouchedAt > now ? Number.POSITIVE_INFINITY : now - vouchedAt

/** Whether a copy may be used without a question: it is young enough, or the source has just failed. */
export const isUsable = (held: Held<Versioned>, now: Milliseconds): boolean =>
  ageOf(held.vouchedAt, now) < MAX_AGE_MS ||
  (now < held.stretchedUntil && held.stretchedUntil - now <= ASK_AGAIN_MS)

/** The deletion of a value. */
interface Deletion {
  /** The highest version that was deleted. */
  readonly version: number
  /** When this isolate learned of it, ms since the epoch. */
  readonly at: Milliseconds
}

/** The copies of one isolate. */
export interface Memory<T extends Versioned> {
  get(id: string): Held<T> | undefined
  /** Returns all copies. */
  all(): readonly Held<T>[]
  /**
   * Keeps a copy unless there is a newer one. Returns false if the value was deleted.
   * @param vouchedAt when it was last known that the value is the present one, ms since the epoch.
   * @param heard what the feed said last, if it was asked for this copy.
   */
  accept(id: string, copy: Copy<T>, vouchedAt: Milliseconds, heard?: Heard): boolean
  /** Forgets a deleted value. Later calls of `accept` refuse copies up to this version. */
  forget(id: string, version: number): void
}

/** Returns an empty memory. */
export function emptyMemory<T extends Versioned>(
  name: string,
  counterOf: (id: string) => Counter,
): Memory<T> {
  const memory = new BoundedMap<Held<T>>(MAX_ENTRIES, MAX_CHARACTERS)
  const deletions = new BoundedMap<Deletion>(MAX_ENTRIES)

  function isDeleted(id: string, { value, readAt }: Copy<T>): boolean {
    const deletion = deletions.get(id)
    return deletion !== undefined && value.version <= deletion.version && readAt - deletion.at < MAX_AGE_MS
  }

  return {
    get: (id) => memory.get(id),
    all: () => memory.values(),
    accept(id, copy, vouchedAt, told) {
      if (isDeleted(id, copy)) return false
      const now = nowMs()
      const held = memory.get(id)
      const heard = laterOf(told, held?.heard)
      // The tag decides where it is known: after a restore the present value may have a lower version.
      const isTagged = heard !== undefined && heard.tag !== null && heard.tag === copy.tag
      const isPresent = isTagged && mayBeVouchedFor(copy, now)
      // A copy from the future was made before the clock was set back: it must not keep others out.
      const replaces = held === undefined || held.readAt > now || (isPresent && held.tag !== copy.tag)
      if (!replaces && isNewer(held, copy)) return true
      // A read that nothing was heard before, of the version that is here, is of what the tag says.
      const isSame = held?.value.version === copy.value.version
      const next: Held<T> = {
        ...copy,
        tag: copy.tag ?? (isSame ? held.tag : null),
        key: held?.key ?? feedKey(name, id),
        counter: held?.counter ?? counterOf(id),
        vouchedAt,
        heard,
        usedAt: now,
        renewAfter: heard?.tag === null ? msAfter(now, between(...IN_DOUBT_MS)) : milliseconds(0),
        isDeferred: heard?.tag === null,
        stretchedUntil: milliseconds(0),
        // A copy of KV is as old as it is: nobody may take it for a new one time and again.
        readAgainAt: msAfter(milliseconds(Math.min(copy.readAt, now)), between(...READ_AT_AGE_MS)),
      }
      memory.set(id, next, JSON.stringify(copy.value).length)
      return true
    },
    forget(id, version) {
      memory.delete(id)
      const known = deletions.get(id)?.version ?? 0
      deletions.set(id, { version: Math.max(version, known), at: nowMs() })
    },
  }
}

function laterOf(left: Heard | undefined, right: Heard | undefined): Heard | undefined {
  if (left === undefined || right === undefined) return left ?? right
  return left.at >= right.at ? left : right
}
