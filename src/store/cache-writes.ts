import { nowMs } from '../util/clock.ts'
import type { Source } from './cache.ts'
import { type Fill, filling } from './cache-fill.ts'
import type { KvCache, Versioned } from './cache-kv.ts'
import type { Memory } from './cache-memory.ts'
import { type Mend, mending } from './cache-mend.ts'
import { feedKey } from './feed.ts'
import { unavailable } from './sharing.ts'
import type { Sources } from './sources.ts'

/** What a write did: `kept` is the value after it, `deleted` the version that was deleted; neither if nothing changed. */
export interface Written<R, T> {
  readonly result: R
  readonly kept?: T | undefined
  readonly deleted?: number | undefined
}

/** Writes of values that have copies. All of them write D1 first and the copies after it. */
export interface CacheWrites<T extends Versioned> {
  /**
   * Changes a value. The feed is told before D1 is, and after it: a Worker may stop between the two, and a write may take
   * effect late. Here the new value counts at once, elsewhere within 60 s. Throws `temporarily_unavailable`, before
   * anything is changed, if the feed cannot be told: other isolates would go on with their copies.
   */
  change<R>(id: string, write: () => Promise<Written<R, T>>): Promise<R>
  /** Makes a value with an id that has none: no copy speaks of it, so the feed need not be told. */
  add(id: string, write: () => Promise<T | undefined>): Promise<T | undefined>
  /** Writes something of a value that need not be known elsewhere. */
  touch(id: string, write: () => Promise<T | undefined>): Promise<T | undefined>
  readonly fill: Fill<T>
}

/** What the writes of a cache work with. */
export interface WriteParts<T extends Versioned> {
  readonly source: Source<T>
  readonly sources: Sources
  readonly memory: Memory<T>
  readonly regional: KvCache<T>
}

/** Returns the writes of a cache. */
export function cacheWrites<T extends Versioned>(
  parts: WriteParts<T>,
): CacheWrites<T> & { readonly mend: Mend<T> } {
  const { source, memory, regional } = parts
  const { feed, vouching, d1Breaker } = parts.sources
  const keyOf = (id: string): string => feedKey(source.name, id)

  async function change<R>(id: string, write: () => Promise<Written<R, T>>): Promise<R> {
    // What would be announced and then fail would leave nobody a copy to use. A write may be the probe.
    if (!d1Breaker.mayAsk()) throw unavailable()
    const attempt = crypto.randomUUID()
    const tag = await feed.announce(keyOf(id), attempt)
    const readAt = nowMs()
    const { result, kept, deleted } = await write()
    if (deleted !== undefined) {
      memory.forget(id, deleted)
      await regional.drop(id)
    }
    if (kept !== undefined) {
      memory.accept(id, { value: kept, readAt, tag: null }, readAt, { tag: null, at: nowMs() })
      // Before anybody is told of the tag by which it is asked for.
      await regional.putChange(id, { value: kept, readAt, tag })
    }
    const at = nowMs()
    const hasChanged = kept !== undefined || deleted !== undefined
    // The write was made all the same: nobody who asks takes an old copy for the present value.
    const alone = await feed.settle(keyOf(id), attempt, hasChanged).catch(() => false)
    if (alone && kept !== undefined) memory.accept(id, { value: kept, readAt, tag }, readAt, { tag, at })
    return result
  }

  return {
    change,
    async add(id, write) {
      const heard = await vouching.hear(keyOf(id))
      const readAt = nowMs()
      const value = await write()
      if (value === undefined) return undefined
      const copy = { value, readAt, tag: heard?.tag ?? null }
      memory.accept(id, copy, readAt, heard)
      if (copy.tag !== null) await regional.put(id, copy)
      return value
    },
    async touch(id, write) {
      const heard = memory.get(id)?.heard
      const readAt = nowMs()
      const value = await write()
      if (value !== undefined) memory.accept(id, { value, readAt, tag: heard?.tag ?? null }, readAt, heard)
      return value
    },
    fill: filling(parts, change),
    mend: mending(source, feed, change),
  }
}
