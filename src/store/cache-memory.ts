import { BoundedMap } from '../util/bounded-map.ts'
import { type Milliseconds, milliseconds, msAfter, nowMs } from '../util/clock.ts'
import { type Copy, isNewer, MAX_AGE_MS, type Versioned } from './cache-kv.ts'

/** How long a copy in memory is used before KV is asked for a newer one, milliseconds. */
export const MEMORY_MS = milliseconds(20_000)

/** The largest number of ids in memory. */
export const MAX_ENTRIES = 1000

/** The largest total size of the copies in memory, in characters of JSON. */
const MAX_CHARACTERS = 8 * 1024 * 1024

/** A copy in memory. */
export interface Held<T extends Versioned> extends Copy<T> {
  /** Until when the copy is used without asking KV, ms since the epoch. */
  trustedUntil: Milliseconds
  /** Until when the copy is used although it is too old, because the source has just failed; ms since the epoch. */
  stretchedUntil: Milliseconds
  /** Until when no other request tries to renew the copy, ms since the epoch. */
  renewAfter: Milliseconds
}

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
  /** Keeps a copy unless there is a newer one. Returns false if the value was deleted. */
  accept(id: string, copy: Copy<T>): boolean
  /** Forgets a deleted value. Later calls of `accept` refuse copies up to this version. */
  forget(id: string, version: number): void
}

/** Returns an empty memory. */
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
      const now = nowMs()
      const held = memory.get(id)
      // A copy from the future was made before the clock was set back: it must not keep others out.
      if (held === undefined || held.readAt > now || !isNewer(held, copy)) {
        const trusted = {
          ...copy,
          trustedUntil: msAfter(now, MEMORY_MS),
          stretchedUntil: milliseconds(0),
          renewAfter: held?.renewAfter ?? milliseconds(0),
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
