import { waitUntil } from 'cloudflare:workers'
import { type Milliseconds, milliseconds, msAfter, nowMs } from '../util/clock.ts'
import { Late, withTimeout } from '../util/with-timeout.ts'
import { ASK_AGAIN_MS } from './asked.ts'
import { type Copy, kvCache, MAX_AGE_MS, type Versioned } from './cache-kv.ts'
import { emptyMemory, type Held, MEMORY_MS } from './cache-memory.ts'
import { sharing, unavailable } from './sharing.ts'
import { sourceReader } from './source-reader.ts'
import type { Sources } from './sources.ts'

/** The age from which a copy is renewed from D1, ms: early enough to be renewed before it may no longer be used. */
const RENEW_AT_MS = 50_000

/**
 * For how long after D1 was silent, or was probed, a copy that is too old is used without waiting, ms: a few probes. After
 * an idle time nobody knows whether D1 is still down, and a copy of any age must not be used unless it is.
 */
const KNOWN_DOWN_MS = milliseconds(8000)

/**
 * Versioned copies of rows of D1. D1 is the source; KV holds copies for a region, memory for an isolate. A copy is used
 * for 60 s after it was read from D1, and longer only while D1 cannot be reached. It is renewed before that, while it is
 * used, so that those who have a copy wait for nobody. An older version never replaces a newer one. That an id is absent
 * is remembered for a second (design rule 5 and section 2).
 */
export interface ReadThroughCache<T extends Versioned> {
  /** Returns the value from memory, KV or D1, in this order. Throws `temporarily_unavailable` if none can answer. */
  find(id: string): Promise<T | undefined>
  /**
   * Returns the value from the source, which is asked at most once a second per id; in between the last answer counts.
   * Throws `temporarily_unavailable` if the source cannot be asked.
   */
  fresh(id: string): Promise<T | undefined>
  /** Reads the value from the source. Throws `temporarily_unavailable` if the source cannot be asked. */
  read(id: string): Promise<T | undefined>
  /**
   * Keeps a value that was just written in memory and KV.
   * @param writtenAt when the write began, ms since the epoch.
   */
  put(id: string, value: T, writtenAt: Milliseconds): Promise<void>
  /** Forgets a value that was just deleted, and refuses copies up to its version. */
  drop(id: string, version: number): Promise<void>
}

/**
 * Returns a cache with its own memory.
 * @param name the prefix of the keys in KV.
 * @param source reads one value from D1.
 */
export function readThroughCache<T extends Versioned>(
  name: string,
  sources: Sources,
  source: (id: string) => Promise<T | undefined>,
): ReadThroughCache<T> {
  const { d1Breaker, deadlines } = sources
  const regional = kvCache<T>(name, sources)
  const memory = emptyMemory<T>()
  const { asked, read, readShared } = sourceReader<T>({ source, memory, regional, d1Breaker })
  const loads = sharing<T>(Number.POSITIVE_INFINITY)

  /** Loads a value; what KV has counts if it is younger than `maxAgeMs`. */
  const load =
    (maxAgeMs: number) =>
    async (id: string): Promise<T | undefined> => {
      const copy = await regional.get(id)
      const now = nowMs()
      // The clock that set the time may be ahead, which must not lengthen the use of the copy: such a time is ignored.
      if (copy) memory.accept(id, copy.readAt > now ? { ...copy, readAt: milliseconds(0) } : copy)
      const held = memory.get(id)
      if (held === undefined) return readShared(id)
      // A copy that is gone from KV may have been deleted.
      if (copy !== null && ageOf(held, now) < maxAgeMs) {
        held.trustedUntil = msAfter(now, MEMORY_MS)
        return held.value
      }
      const { timesHeard } = d1Breaker
      return withTimeout(readShared(id), deadlines.cached).catch((error: unknown) => {
        if (!(error instanceof Late)) throw error
        d1Breaker.silent(timesHeard)
        throw unavailable()
      })
    }

  /** Loads the value for later requests. */
  function renew(id: string, held: Held<T>, now: Milliseconds): void {
    held.renewAfter = msAfter(now, ASK_AGAIN_MS)
    if (!loads.has(id)) waitUntil(loads.run(id, load(RENEW_AT_MS)).catch(() => undefined))
  }

  return {
    read,
    async find(id) {
      const held = memory.get(id)
      if (held === undefined && asked.lately(id) === 'absent') return undefined
      const now = nowMs()
      if (
        held !== undefined &&
        (ageOf(held, now) < MAX_AGE_MS || d1Breaker.wasDown(KNOWN_DOWN_MS) || isStretched(held, now))
      ) {
        if (isDue(held, now)) renew(id, held, now)
        return held.value
      }
      return loads.run(id, load(MAX_AGE_MS)).catch((error: unknown) => stretch(memory.get(id), error))
    },
    async fresh(id) {
      const outcome = asked.lately(id)
      if (outcome === 'failed') throw unavailable()
      if (outcome !== undefined) {
        const held = memory.get(id)
        if (held !== undefined) return held.value
        if (outcome === 'absent') return undefined
      }
      return readShared(id)
    },
    async put(id, value, writtenAt) {
      const copy = { value, readAt: writtenAt }
      memory.accept(id, copy)
      await regional.put(id, copy)
    },
    async drop(id, version) {
      memory.forget(id, version)
      await regional.drop(id)
    },
  }
}

/** Uses the last copy for another second, although it is too old; throws the error if there is none. */
function stretch<T extends Versioned>(last: Held<T> | undefined, error: unknown): T {
  if (last === undefined) throw error
  last.stretchedUntil = msAfter(nowMs(), ASK_AGAIN_MS)
  return last.value
}

/** How old a copy is, ms. One from the future was made before the clock was set back, and may be of any age. */
const ageOf = (copy: Copy<Versioned>, now: Milliseconds): number =>
  copy.readAt > now ? Number.POSITIVE_INFINITY : now - copy.readAt

const isStretched = ({ stretchedUntil }: Held<Versioned>, now: Milliseconds): boolean =>
  now < stretchedUntil && stretchedUntil - now <= ASK_AGAIN_MS

/** Whether a copy in memory should be renewed; at most once a second, and not while it is used for want of better. */
const isDue = (held: Held<Versioned>, now: Milliseconds): boolean =>
  !isStretched(held, now) &&
  (now >= held.renewAfter || held.renewAfter - now > ASK_AGAIN_MS) &&
  (now >= held.trustedUntil || ageOf(held, now) >= RENEW_AT_MS)
