import { BoundedMap } from '../util/bounded-map.ts'
import { type Milliseconds, milliseconds, nowMs } from '../util/clock.ts'
import type { Source } from './cache.ts'
import type { Copy, Versioned } from './cache-kv.ts'
import type { CacheWrites, Written } from './cache-writes.ts'
import { queryD1 } from './d1.ts'
import { type Feed, feedKey } from './feed.ts'

/** How often an isolate looks into contradictions of one value at most, ms, and of how many values it knows when. */
const LOOK_EVERY_MS = milliseconds(600_000)
const MAX_IDS = 1000

/** Makes known that D1 has not what a copy says, if the feed knows of no change of it. Throws `temporarily_unavailable`. */
export type Mend<T extends Versioned> = (id: string, copy: Copy<T>) => Promise<void>

/** What D1 has by now, as if it had just been written over a version. Throws `temporarily_unavailable`. */
export async function asItIs<T extends Versioned>(
  source: Source<T>,
  id: string,
  version: number,
): Promise<Written<null, T>> {
  const value = await queryD1(() => source.read(id))
  return value === undefined ? { result: null, deleted: version } : { result: null, kept: value }
}

/**
 * Returns what heals all isolates, and KV, of a change of D1 that nobody announced: by hand, or by an older release. It is
 * called after a read of D1 that contradicts a copy. A change is announced before D1 is written, so if the feed still has
 * the tag of the copy there was none; any other isolate that looks after this one finds another tag.
 */
export function mending<T extends Versioned>(
  source: Source<T>,
  feed: Feed,
  change: CacheWrites<T>['change'],
): Mend<T> {
  const lookedAt = new BoundedMap<Milliseconds>(MAX_IDS)
  return async (id, { tag, value }) => {
    const [now, last] = [nowMs(), lookedAt.get(id)]
    if (last !== undefined && Math.abs(now - last) < LOOK_EVERY_MS) return
    lookedAt.set(id, now)
    const key = feedKey(source.name, id)
    const told = await feed.ask([key])
    if (told.tagOf(key) === tag) await change(id, () => asItIs(source, id, value.version))
  }
}
