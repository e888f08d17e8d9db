import { waitUntil } from 'cloudflare:workers'
import { OAuthError } from '../errors/oauth-error.ts'
import { BoundedMap } from '../util/bounded-map.ts'
import { nowMs } from '../util/clock.ts'
import { type Copy, isNewer, KvCopies, MAX_AGE_MS, type Versioned } from './copies-kv.ts'
import { askSource } from './source.ts'

/** How long memory answers before KV is asked for something newer, milliseconds. */
const MEMORY_MS = 20_000
/** Least time between two reads of the source for one id, where a refusal asks for them; also the pause after a failed one. */
const ASK_AGAIN_MS = 1000
/** A read that takes longer is not joined any more: the request that began it may be gone. */
const JOIN_MS = 5000
/** Reads of the source one isolate has under way at most. */
const MAX_READS = 64
const MAX_ENTRIES = 1000
/** Bound of what memory holds, in characters of JSON. */
const MAX_CHARACTERS = 8 * 1024 * 1024

interface Held<T extends Versioned> extends Copy<T> {
  /** Until when memory answers alone; KV is asked afterwards. */
  trustedUntil: number
  /** Until when an overlong copy answers because the source failed just now. */
  stretchedUntil: number
}

interface Reading<T> {
  readonly startedAt: number
  readonly result: Promise<T | undefined>
}

/** Highest version known to be deleted, and when that became known. */
interface Deletion {
  readonly version: number
  readonly at: number
}

interface Asked {
  readonly at: number
  readonly outcome: 'found' | 'absent' | 'failed'
}

/**
 * Versioned copies of rows of D1: D1 is the truth, KV the regional copy, memory the isolate's. A copy may say yes
 * for 60 s after its primary read, and longer only while the source is unreachable; an older version never replaces
 * a newer one; an absent id is never remembered (design rule 5 and section 2).
 */
export class Copies<T extends Versioned> {
  readonly #kv: KvCopies<T>
  readonly #source: (id: string) => Promise<T | undefined>
  readonly #memory = new BoundedMap<Held<T>>(MAX_ENTRIES, MAX_CHARACTERS)
  readonly #deletions = new BoundedMap<Deletion>(MAX_ENTRIES)
  readonly #asked = new BoundedMap<Asked>(MAX_ENTRIES)
  readonly #loads = new Map<string, Reading<T>>()
  readonly #reads = new Map<string, Reading<T>>()

  /** `name` prefixes the keys in KV; `source` reads one value from the primary. */
  constructor(name: string, kv: KVNamespace, source: (id: string) => Promise<T | undefined>) {
    this.#kv = new KvCopies(name, kv)
    this.#source = source
  }

  /** The value from memory, KV or D1, in this order. Throws `temporarily_unavailable` when none can tell. */
  async find(id: string): Promise<T | undefined> {
    const held = this.#memory.get(id)
    const now = nowMs()
    if (held !== undefined && isYoung(held, now) && now < held.trustedUntil) return held.value
    if (held !== undefined && now < held.stretchedUntil) return held.value
    return this.#share(this.#loads, id, () => this.#load(id))
  }

  /**
   * The value from the source, asked at most once a second per id: within it, the last answer holds.
   * Throws `temporarily_unavailable` when the source cannot be asked.
   */
  async fresh(id: string): Promise<T | undefined> {
    const asked = this.#asked.get(id)
    if (asked !== undefined && nowMs() - asked.at < ASK_AGAIN_MS) {
      if (asked.outcome === 'failed') throw unavailable()
      const held = this.#memory.get(id)
      if (held !== undefined) return held.value
      if (asked.outcome === 'absent') return undefined
    }
    return this.#share(this.#reads, id, () => this.read(id))
  }

  /** The value from the source, asked now. Throws `temporarily_unavailable` when it cannot be asked. */
  async read(id: string): Promise<T | undefined> {
    const readAt = nowMs()
    let value: T | undefined
    try {
      value = await askSource(() => this.#source(id))
    } catch (error) {
      this.#asked.set(id, { at: readAt, outcome: 'failed' })
      throw error
    }
    this.#asked.set(id, { at: readAt, outcome: value === undefined ? 'absent' : 'found' })
    if (value === undefined) {
      const held = this.#memory.get(id)
      if (held !== undefined && held.readAt <= readAt) this.#forget(id, held.value.version)
      return undefined
    }
    const copy = { value, readAt }
    this.#accept(id, copy)
    if (!this.#isDeleted(id, copy)) waitUntil(this.#kv.put(id, copy))
    return this.#newest(id, copy)
  }

  /** Takes the value a write just stored into memory and KV. */
  async put(id: string, value: T, writtenAt: number): Promise<void> {
    const copy = { value, readAt: writtenAt }
    this.#accept(id, copy)
    await this.#kv.put(id, copy)
  }

  /** Forgets a value that was just deleted at the given version; copies up to it are refused from now on. */
  async drop(id: string, version: number): Promise<void> {
    this.#forget(id, version)
    await this.#kv.delete(id)
  }

  async #load(id: string): Promise<T | undefined> {
    const copy = await this.#kv.get(id)
    const now = nowMs()
    // A clock that runs ahead elsewhere must not lengthen the copy's use here: its time is worth nothing.
    if (copy !== undefined) this.#accept(id, copy.readAt > now ? { ...copy, readAt: 0 } : copy)
    const held = this.#memory.get(id)
    if (held !== undefined && isYoung(held, now)) {
      held.trustedUntil = now + MEMORY_MS
      return held.value
    }
    try {
      return await this.#share(this.#reads, id, () => this.read(id))
    } catch (error) {
      const last = this.#memory.get(id)
      if (last === undefined) throw error
      last.stretchedUntil = nowMs() + ASK_AGAIN_MS
      return last.value
    }
  }

  /** Lets callers for one id share one piece of work, which also outlives the request that began it. */
  #share(
    under: Map<string, Reading<T>>,
    id: string,
    work: () => Promise<T | undefined>,
  ): Promise<T | undefined> {
    const now = nowMs()
    const running = under.get(id)
    if (running !== undefined && now - running.startedAt < JOIN_MS) return running.result
    // Only the source is spared: what memory or KV can answer is answered whatever else is asked.
    if (under === this.#reads && under.size >= MAX_READS) return Promise.reject(unavailable())
    const reading: Reading<T> = { startedAt: now, result: work() }
    under.set(id, reading)
    const settled = (): void => {
      if (under.get(id) === reading) under.delete(id)
    }
    waitUntil(reading.result.then(settled, settled))
    return reading.result
  }

  #accept(id: string, copy: Copy<T>): void {
    if (this.#isDeleted(id, copy)) return
    const held = this.#memory.get(id)
    if (held !== undefined && !isNewer(copy, held)) return
    const trusted = { ...copy, trustedUntil: nowMs() + MEMORY_MS, stretchedUntil: 0 }
    this.#memory.set(id, trusted, JSON.stringify(copy.value).length)
  }

  #forget(id: string, version: number): void {
    this.#memory.delete(id)
    const known = this.#deletions.get(id)?.version ?? 0
    this.#deletions.set(id, { version: Math.max(version, known), at: nowMs() })
  }

  #isDeleted(id: string, copy: Copy<T>): boolean {
    const deletion = this.#deletions.get(id)
    return (
      deletion !== undefined &&
      copy.value.version <= deletion.version &&
      copy.readAt - deletion.at < MAX_AGE_MS
    )
  }

  /** A write may have overtaken a read: the newer value counts, and a deletion over both. */
  #newest(id: string, copy: Copy<T>): T | undefined {
    const held = this.#memory.get(id)
    if (held !== undefined && isNewer(held, copy)) return held.value
    return this.#isDeleted(id, copy) ? undefined : copy.value
  }
}

const isYoung = (copy: Copy<Versioned>, now: number): boolean => now - copy.readAt < MAX_AGE_MS

const unavailable = (): OAuthError =>
  new OAuthError('temporarily_unavailable', 'The database cannot be reached.')
