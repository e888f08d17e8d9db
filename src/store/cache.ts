import { waitUntil } from 'cloudflare:workers'
import { OAuthError } from '../errors/oauth-error.ts'
import { BoundedMap } from '../util/bounded-map.ts'
import { type Milliseconds, milliseconds, msAfter, nowMs } from '../util/clock.ts'
import { followed } from '../util/shared-load.ts'
import { type Copy, kvCache, MAX_AGE_MS, type Versioned } from './cache-kv.ts'
import { emptyMemory, type Held, MAX_ENTRIES, MEMORY_MS } from './cache-memory.ts'
import { queryD1 } from './d1.ts'

/** The shortest time between two reads of the source for one id, before a refusal or after a failed read, ms. */
const ASK_AGAIN_MS = milliseconds(1000)
/** How long other requests may join a read, ms. After that the request that began the read may be gone. */
const JOIN_MS = 5000
/** The largest number of concurrent reads of the source in one isolate. Copies are used beyond it. */
const MAX_READS = 64

interface Reading<T> {
  readonly startedAt: Milliseconds
  readonly result: Promise<T | undefined>
}

interface Asked {
  readonly at: Milliseconds
  readonly outcome: 'found' | 'absent' | 'failed'
}

/**
 * Versioned copies of rows of D1. D1 is the source; KV holds copies for a region, memory for an isolate. A copy is used
 * for 60 s after it was read from D1, and longer only while D1 cannot be reached. An older version never replaces a
 * newer one. That an id is absent is never remembered (design rule 5 and section 2).
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
  kv: KVNamespace,
  source: (id: string) => Promise<T | undefined>,
): ReadThroughCache<T> {
  const regional = kvCache<T>(name, kv)
  const memory = emptyMemory<T>()
  const asked = new BoundedMap<Asked>(MAX_ENTRIES)
  const shareLoad = sharing<T>(Number.POSITIVE_INFINITY)
  const shareRead = sharing<T>(MAX_READS)

  async function read(id: string): Promise<T | undefined> {
    const readAt = nowMs()
    const note = (outcome: Asked['outcome']): void => asked.set(id, { at: readAt, outcome })
    const value = await queryD1(() => source(id)).catch((error: unknown) => {
      note('failed')
      throw error
    })
    note(value === undefined ? 'absent' : 'found')
    if (value === undefined) {
      const held = memory.get(id)
      if (held !== undefined && held.readAt <= readAt) memory.forget(id, held.value.version)
      return undefined
    }
    const copy = { value, readAt }
    if (memory.accept(id, copy)) waitUntil(regional.put(id, copy))
    else note('absent')
    // A write may have overtaken the read: its value counts, and a deletion counts over both.
    return memory.get(id)?.value
  }

  async function load(id: string): Promise<T | undefined> {
    const copy = await regional.get(id)
    const now = nowMs()
    // The clock that set the time may be ahead, which must not lengthen the use of the copy: such a time is ignored.
    if (copy !== undefined) memory.accept(id, copy.readAt > now ? { ...copy, readAt: milliseconds(0) } : copy)
    const held = memory.get(id)
    if (held !== undefined && isYoung(held, now)) {
      held.trustedUntil = msAfter(now, MEMORY_MS)
      return held.value
    }
    return shareRead(id, read)
  }

  return {
    read,
    async find(id) {
      const held = memory.get(id)
      const now = nowMs()
      if (held !== undefined && mayAnswer(held, now)) return held.value
      return shareLoad(id, load).catch((error: unknown) => stretch(memory.get(id), error))
    },
    async fresh(id) {
      const last = asked.get(id)
      if (last !== undefined && nowMs() - last.at < ASK_AGAIN_MS) {
        if (last.outcome === 'failed') throw unavailable()
        const held = memory.get(id)
        if (held !== undefined) return held.value
        if (last.outcome === 'absent') return undefined
      }
      return shareRead(id, read)
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

/**
 * Lets callers for one id share one piece of work. The work goes on if the request that began it ends; the others do not
 * wait for it longer than `followed` does. With `limit` ids in progress, further ones are refused.
 */
function sharing<T>(limit: number) {
  const under = new Map<string, Reading<T>>()
  return (id: string, work: (id: string) => Promise<T | undefined>): Promise<T | undefined> => {
    const now = nowMs()
    const running = under.get(id)
    if (running !== undefined && now - running.startedAt < JOIN_MS) return followed(running.result)
    if (under.size >= limit) return Promise.reject(unavailable())
    const reading: Reading<T> = { startedAt: now, result: work(id) }
    under.set(id, reading)
    const settled = (): void => {
      if (under.get(id) === reading) under.delete(id)
    }
    waitUntil(reading.result.then(settled, settled))
    return reading.result
  }
}

const isYoung = (copy: Copy<Versioned>, now: Milliseconds): boolean => now - copy.readAt < MAX_AGE_MS

/** Whether a copy in memory may be used without asking KV. */
const mayAnswer = (held: Held<Versioned>, now: Milliseconds): boolean =>
  now < held.stretchedUntil || (isYoung(held, now) && now < held.trustedUntil)

const unavailable = (): OAuthError => new OAuthError('temporarily_unavailable', 'storage_unreachable')
