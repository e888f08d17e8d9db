import { waitUntil } from 'cloudflare:workers'
import { between } from '../util/backoff.ts'
import { type Milliseconds, msAfter, nowMs } from '../util/clock.ts'
import { ASK_AGAIN_MS } from './asked.ts'
import { kvCache, MAX_AGE_MS, type Versioned } from './cache-kv.ts'
import { loader } from './cache-load.ts'
import { emptyMemory, type Held, IN_DOUBT_MS, isOutdated, isUsable } from './cache-memory.ts'
import { type CacheWrites, cacheWrites } from './cache-writes.ts'
import { sharing, unavailable } from './sharing.ts'
import { sourceReader } from './source-reader.ts'
import type { Sources } from './sources.ts'
import type { Counter } from './versions.ts'

/**
 * Versioned copies of rows of D1. D1 is the source; KV holds copies for all isolates, memory for one. The feed knows
 * which values changed, so a copy in use is not read again: it is used for 60 s after it was last known to be the
 * present value, and longer only while neither the feed nor D1 can be reached. Isolates ask before that, behind their
 * requests, so that those who have a copy wait for nobody. Reads write nothing to KV. That an id is absent is remembered
 * for a second (design rule 5 and section 2).
 */
export interface ReadThroughCache<T extends Versioned> extends CacheWrites<T> {
  /** Returns the value from memory, KV or D1, in this order. Throws `temporarily_unavailable` if none can answer. */
  find(id: string): Promise<T | undefined>
  /**
   * Returns the value from the source, which is asked at most once a second per id; in between the last answer counts.
   * Throws `temporarily_unavailable` if the source cannot be asked.
   */
  fresh(id: string): Promise<T | undefined>
  /** Reads the value from the source. Throws `temporarily_unavailable` if the source cannot be asked. */
  read(id: string): Promise<T | undefined>
}

/** Where the values of a cache come from. */
export interface Source<T> {
  /** The prefix of the keys in KV. */
  readonly name: string
  /** Reads one value from D1. */
  readonly read: (id: string) => Promise<T | undefined>
  /** Reads some values from D1 in one query, as far as they are there: the free plan allows a run of the job 50. */
  readonly readAll: (ids: readonly string[]) => Promise<ReadonlyMap<string, T>>
  /** Returns where D1 counts the writes of a value. */
  readonly counterOf: (id: string) => Counter
}

/** Returns a cache with its own memory. */
export function readThroughCache<T extends Versioned>(
  sources: Sources,
  source: Source<T>,
): ReadThroughCache<T> {
  const { d1Breaker, vouching } = sources
  const regional = kvCache<T>(source.name, sources)
  const memory = emptyMemory<T>(source.name, source.counterOf)
  vouching.watch(memory.all)
  const { mend, ...writes } = cacheWrites({ source, sources, memory, regional })
  const { asked, read, readShared } = sourceReader<T>({
    source: source.read,
    memory,
    vouching,
    d1Breaker,
    mend,
  })
  const loads = sharing<T>(Number.POSITIVE_INFINITY)

  const { load, replace } = loader({ source, sources, memory, regional, readShared })

  /** Does behind a request what is due for a copy in use. */
  function maintain(id: string, held: Held<T>, now: Milliseconds): void {
    vouching.poll(now, held.vouchedAt)
    if (!(isOutdated(held) || now >= held.readAgainAt)) return
    if (now < held.renewAfter && held.renewAfter - now <= MAX_AGE_MS) return
    held.renewAfter = msAfter(now, isOutdated(held) ? ASK_AGAIN_MS : between(...IN_DOUBT_MS))
    if (!loads.has(id)) waitUntil(loads.run(id, replace).catch(() => undefined))
  }

  return {
    ...writes,
    read: (id) => read(id),
    async find(id) {
      const held = memory.get(id)
      if (held === undefined && asked.lately(id) === 'absent') return undefined
      const now = nowMs()
      if (held !== undefined) held.usedAt = now
      if (held !== undefined && (isUsable(held, now) || (vouching.isDown(now) && !isOutdated(held)))) {
        maintain(id, held, now)
        return held.value
      }
      return loads.run(id, load).catch((error: unknown) => stretch(memory.get(id), error))
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
  }
}

/**
 * Uses the last copy for another second, although it is too old; throws the error if there is none, or if the feed knows
 * of a change.
 */
function stretch<T extends Versioned>(last: Held<T> | undefined, error: unknown): T {
  if (last === undefined || isOutdated(last)) throw error
  last.stretchedUntil = msAfter(nowMs(), ASK_AGAIN_MS)
  return last.value
}
