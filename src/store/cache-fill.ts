import { OAuthError } from '../errors/oauth-error.ts'
import { logLine } from '../http/log.ts'
import { type Milliseconds, nowMs } from '../util/clock.ts'
import { mapConcurrent } from '../util/map-concurrent.ts'
import type { Source } from './cache.ts'
import { type Copy, isUsedUp, type Versioned } from './cache-kv.ts'
import { asItIs } from './cache-mend.ts'
import type { CacheWrites, WriteParts } from './cache-writes.ts'
import { queryD1 } from './d1.ts'
import { feedKey } from './feed.ts'

/** How many values are read and held at once: each may be large. */
const GROUP = 25

/** What came of a look at some values. */
export interface Filling {
  /** How many copies were written. */
  readonly written: number
  /** The ids of values that cannot be read: their rows are damaged, or of a newer release. */
  readonly unreadable: readonly string[]
}

/**
 * Gives KV the copies of values that it lacks or will soon drop. A value that was changed in D1 by other means is made
 * known as a change is. One that cannot be read is logged, and keeps none of the others from their copies. Throws
 * `temporarily_unavailable`.
 *
 * @param essence - what of a value has to be the same in its copies, as text
 */
export type Fill<T extends Versioned> = (
  ids: readonly string[],
  essence: (value: T) => string,
) => Promise<Filling>

/** Returns what fills KV for a cache. */
export function filling<T extends Versioned>(
  { source, regional, sources: { feed } }: WriteParts<T>,
  change: CacheWrites<T>['change'],
): Fill<T> {
  const keyOf = (id: string): string => feedKey(source.name, id)

  return async (ids, essence) => {
    const told = await feed.ask(ids.map(keyOf))
    const fillOne = async (
      id: string,
      copy: Copy<T> | null,
      readAt: Milliseconds,
      value: T | undefined,
    ): Promise<number> => {
      const tag = told.tagOf(keyOf(id)) ?? null
      if (copy !== null && copy.tag === tag && (!value || essence(copy.value) !== essence(value))) {
        await change(id, () => asItIs(source, id, copy.value.version))
        return 1
      }
      if (value === undefined) return 0
      if (copy?.tag === tag && !isUsedUp(copy, readAt)) return 0
      await regional.put(id, { value, readAt, tag })
      return 1
    }
    let written = 0
    const unreadable: string[] = []
    const settled = ids.filter((id) => (told.tagOf(keyOf(id)) ?? null) !== null)
    for (let at = 0; at < settled.length; at += GROUP) {
      const group = settled.slice(at, at + GROUP)
      const copies = await mapConcurrent(group, async (id) => [id, await regional.get(id)] as const)
      const given = copies.flatMap(([id, copy]) => (copy === undefined ? [] : [[id, copy] as const]))
      const readAt = nowMs()
      const read = await readGroup(
        source,
        given.map(([id]) => id),
      )
      unreadable.push(...read.unreadable)
      const whole = given.filter(([id]) => !read.unreadable.includes(id))
      const made = await mapConcurrent(whole, ([id, copy]) => fillOne(id, copy, readAt, read.values.get(id)))
      written += made.reduce((sum, one) => sum + one, 0)
    }
    return { written, unreadable }
  }
}

interface ReadGroup<T> {
  readonly values: ReadonlyMap<string, T>
  readonly unreadable: readonly string[]
}

/** Reads values together, or one by one if there is one among them that cannot be read. */
async function readGroup<T>(source: Source<T>, ids: readonly string[]): Promise<ReadGroup<T>> {
  const values = new Map<string, T>()
  const unreadable: string[] = []
  if (ids.length === 0) return { values, unreadable }
  try {
    return { values: await queryD1(() => source.readAll(ids)), unreadable }
  } catch (thrown) {
    if (!isDamage(thrown)) throw thrown
  }
  for (const id of ids) {
    try {
      const value = await queryD1(() => source.read(id))
      if (value !== undefined) values.set(id, value)
    } catch (thrown) {
      if (!isDamage(thrown)) throw thrown
      unreadable.push(id)
      logLine('store.row_unreadable', { table: source.name, key: id, place: String(thrown.facts['place']) })
    }
  }
  return { values, unreadable }
}

const isDamage = (thrown: unknown): thrown is OAuthError =>
  thrown instanceof OAuthError && thrown.reason === 'stored_unreadable'
