import { BoundedMap } from '../util/bounded-map.ts'
import { type Milliseconds, milliseconds, msAfter, nowMs } from '../util/clock.ts'
import { type Copy, isNewer, MAX_AGE_MS, type Versioned } from './cache-kv.ts'

/** How long memory answers before KV is asked for something newer, milliseconds. */
export const MEMORY_MS = milliseconds(20_000)

/** Ids of which something is remembered. */
export const MAX_ENTRIES = 1000

/** Bound of what memory holds, in characters of JSON. */
const MAX_CHARACTERS = 8 * 1024 * 1024

/** A copy in memory. */
export interface Held<T extends Versioned> extends Copy<T> {
  /** Until when memory answers alone; KV is asked afterwards. */
  trustedUntil: Milliseconds
  /** Until when an overlong copy answers because the source failed just now. */
  stretchedUntil: Milliseconds
}

/** Highest version known to be deleted, and when that became known. */
interface Deletion {
  readonly version: number
  readonly at: Milliseconds
}

/** The copies of one isolate. */
export interface Memory<T extends Versioned> {
  get(id: string): Held<T> | undefined
  /** Takes a copy unless there is a newer one; false when its value was deleted. */
  accept(id: string, copy: Copy<T>): boolean
  /** Forgets a value that was deleted at a version; copies up to it are refused from now on. */
  forget(id: string, version: number): void
}

/** A memory that is empty. */
export function emptyMemory<T extends Versioned>(): Memory<T> {
  const memory = new BoundedMap<Held<T>>(MAX_ENTRIES, MAX_CHARACTERS)
  const deletions = new BoundedMap<Deletion>(MAX_ENTRIES)

  function isDeleted(id: string, { value, readAt }: Copy<T>): boolean {
    const deletion = deletions.get(id)
    return deletion !== undefined && value.version <= deletion.version && readAt - deletion.at < MAX_AGE_MS
  }

  return {
    get: (id) => memory.get(id),
    accept(id, copy) {
      if (isDeleted(id, copy)) return false
      const held = memory.get(id)
      if (held === undefined || !isNewer(held, copy)) {
        const trusted = {
          ...copy,
          trustedUntil: msAfter(nowMs(), MEMORY_MS),
          stretchedUntil: milliseconds(0),
        }
        memory.set(id, trusted, JSON.stringify(copy.value).length)
      }
      return true
    },
    forget(id, version) {
      memory.delete(id)
      const known = deletions.get(id)?.version ?? 0
      deletions.set(id, { version: Math.max(version, known), at: nowMs() })
    },
  }
}
