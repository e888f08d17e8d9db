import { between } from '../util/backoff.ts'
import { milliseconds, msAfter, nowMs } from '../util/clock.ts'
import { Late, withTimeout } from '../util/with-timeout.ts'
import type { Source } from './cache.ts'
import { type Copy, type KvCache, MAX_AGE_MS, mayBeVouchedFor, type Versioned } from './cache-kv.ts'
import { ageOf, type Heard, isOutdated, isUsable, type Memory } from './cache-memory.ts'
import { feedKey, isOfChange } from './feed.ts'
import { unavailable } from './sharing.ts'
import type { SourceReader } from './source-reader.ts'
import type { Sources } from './sources.ts'
import { take } from './vouching.ts'

/** How long before a copy may no longer be used it is replaced from D1 at the latest, ms. */
const IN_TIME_MS = 10_000

/** Loads values for a cache. */
export interface Loader<T> {
  /** Loads a value that is not in memory, or whose copy there is too old. */
  load(id: string): Promise<T | undefined>
  /**
   * Replaces a copy whose value changed: by what KV has, or else from D1 at some time before the copy may no longer be
   * used, since all isolates learn of a change at about the same time.
   */
  replace(id: string): Promise<T | undefined>
}

/** What a loader works with. */
interface LoaderParts<T extends Versioned> extends Pick<SourceReader<T>, 'readShared'> {
  readonly source: Source<T>
  readonly sources: Sources
  readonly memory: Memory<T>
  readonly regional: KvCache<T>
}

/** Returns the loader of a cache. */
export function loader<T extends Versioned>(parts: LoaderParts<T>): Loader<T> {
  const { source, memory, regional, readShared } = parts
  const { d1Breaker, deadlines, vouching } = parts.sources

  /** Takes what the change of this tag made of a value, if KV has it. Returns whether it did. */
  async function takeChange(id: string, heard: Heard | undefined): Promise<boolean> {
    if (typeof heard?.tag !== 'string' || !isOfChange(heard.tag)) return false
    const change = await regional.getChange(id, heard.tag)
    if (!change || change.tag !== heard.tag) return false
    return memory.accept(id, change, heard.at, heard)
  }

  /** Keeps the copy that KV has, as the present value only if the feed says so. */
  function keep(id: string, copy: Copy<T>, heard: Heard | undefined): void {
    const isSame = heard !== undefined && heard.tag !== null && heard.tag === copy.tag
    const isPresent = isSame && mayBeVouchedFor(copy, heard.at)
    memory.accept(id, copy, isPresent ? heard.at : milliseconds(0), heard)
  }

  async function load(id: string): Promise<T | undefined> {
    const key = feedKey(source.name, id)
    const isCold = memory.get(id) === undefined
    const [copy, before] = isCold ? await Promise.all([regional.get(id), vouching.before(key)]) : [null]
    // Nobody has the feed asked for an id that was made up.
    if (!copy && memory.get(id) === undefined) return readShared(id, before)
    const heard = await vouching.hear(key)
    if (copy) keep(id, copy, heard)
    const held = memory.get(id)
    if (held === undefined) return readShared(id, heard)
    if (heard !== undefined) take(held, heard)
    if (isUsable(held, nowMs()) && !isOutdated(held)) return held.value
    if (await takeChange(id, heard)) return memory.get(id)?.value
    // D1 has just been asked in vain.
    if (vouching.isDown(nowMs()) && !isOutdated(held)) throw unavailable()
    const { timesHeard } = d1Breaker
    return withTimeout(readShared(id, heard), deadlines.cached).catch((error: unknown) => {
      if (!(error instanceof Late)) throw error
      d1Breaker.silent(timesHeard)
      throw unavailable()
    })
  }

  async function replace(id: string): Promise<T | undefined> {
    const held = memory.get(id)
    if (held === undefined) return undefined
    if (isOutdated(held) && (await takeChange(id, held.heard))) return memory.get(id)?.value
    const now = nowMs()
    const left = MAX_AGE_MS - IN_TIME_MS - ageOf(held.vouchedAt, now)
    if (held.isDeferred || left <= 0) return readShared(id, held.heard)
    held.isDeferred = true
    held.renewAfter = msAfter(now, between(0, left))
    return held.value
  }

  return { load, replace }
}
