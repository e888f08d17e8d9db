import { OAuthError } from '../../src/errors/oauth-error.ts'
import { type ReadThroughCache, readThroughCache } from '../../src/store/cache.ts'
import type { Feed } from '../../src/store/feed.ts'
import type { Sources } from '../../src/store/sources.ts'
import type { Counter } from '../../src/store/versions.ts'
import { Vouching } from '../../src/store/vouching.ts'
import { Breaker } from '../../src/util/breaker.ts'
import { milliseconds } from '../../src/util/clock.ts'

/** What is simulated: so many isolates at so many locations, and how often values are looked up. */
export interface Shape {
  readonly locations: number
  readonly isolates: number
  readonly keys: number
  readonly perSecond: number
  /** How long an isolate lives, minutes. */
  readonly lifeMinutes: number
}

/** What the isolates asked of storage in one second, and how many look-ups there were. */
export interface Second {
  find: number
  d1: number
  kvGet: number
  kvPut: number
  feed: number
  failed: number
}

interface Item {
  readonly version: number
  readonly text: string
}

type Cache = ReadThroughCache<Item>

interface Isolate {
  readonly location: number
  cache: Cache
  diesAt: number
}

/** Which storage fails. */
export type Part = 'd1' | 'kv' | 'feed'

/** How late a location sees what was written to KV elsewhere, at most, ms. */
const KV_LAG_MS = 60_000

/** Values that are looked up seldom: each look-up of one that was deleted is a read of D1. */
export const RARE = ['rare', 'rarer'] as const
const RARE_SHARE = 0.002

/** Numbers that look random, the same in every run. */
function dice(seed: number): () => number {
  let state = seed
  return () => {
    state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff
    return (state + 0.5) / 0x80000000
  }
}

/**
 * A fleet of isolates over the real cache, with a clock of its own. Storage answers at once; what was written to KV is
 * seen at each other location at some time within a minute.
 */
export class Fleet {
  readonly seconds: Second[] = []
  readonly down = new Set<Part>()
  readonly #random = dice(7)
  readonly #shape: Shape
  readonly #feed: Feed
  readonly #isolates: readonly Isolate[]
  /** The rows of D1, and since when each version was there. */
  readonly #rows = new Map<string, Item>()
  readonly #since = new Map<string, { readonly version: number; readonly at: number }[]>()
  readonly #kv = new Map<string, { readonly text: string | null; readonly seenAt: readonly number[] }[]>()
  readonly #regions: readonly Sources['kv'][]
  readonly #startedAt = 1_800_000_000_000
  #now = this.#startedAt
  #calls = 0
  /** The longest time for which an older value was used, ms, while the feed or D1 could be asked. */
  stalestMs = 0
  /** For how long neither could be asked, ms. */
  #blindMs = 0

  constructor(shape: Shape, feed: Feed) {
    this.#shape = shape
    this.#feed = feed
    this.#regions = Array.from({ length: shape.locations }, (_, at) => this.#kvAt(at))
    for (const id of this.#ids()) this.write(id, 1)
    this.#isolates = Array.from({ length: shape.locations * shape.isolates }, (_, index) => ({
      location: index % shape.locations,
      cache: this.#born(index % shape.locations),
      diesAt: this.#now + this.#random() * shape.lifeMinutes * 60_000,
    }))
  }

  get now(): number {
    return this.#now
  }

  /** Runs the simulation with its clock in the place of the real one. */
  async during<T>(run: () => Promise<T>): Promise<T> {
    const [now, random, log] = [Date.now, Math.random, console.log]
    Date.now = () => this.#now
    Math.random = this.#random
    console.log = () => undefined
    try {
      return await run()
    } finally {
      Object.assign(Date, { now })
      Object.assign(Math, { random })
      Object.assign(console, { log })
    }
  }

  /** Gives KV its copies, as the scheduled job does. */
  async fill(): Promise<void> {
    await this.#anyone().cache.fill(this.#ids(), JSON.stringify)
  }

  /** Lets time go by without look-ups, until KV shows everywhere what was written. */
  wait(): void {
    this.#now += KV_LAG_MS
  }

  /** Lets time go by, with look-ups. */
  async run(seconds: number): Promise<readonly Second[]> {
    const until = this.#now + seconds * 1000
    const from = this.#second
    for (;;) {
      const pause = (-Math.log(this.#random()) / this.#shape.perSecond) * 1000
      if (this.down.has('d1') && this.down.has('feed')) this.#blindMs += pause
      this.#now += pause
      if (this.#now >= until) break
      await this.#lookUp()
    }
    this.#now = until
    return this.seconds.slice(from, this.#second)
  }

  /** Changes a value as an admin's request does; null deletes it. */
  async change(id: string, text: string | null): Promise<void> {
    await this.#anyone().cache.change(id, async () => {
      const version = (this.#rows.get(id)?.version ?? 0) + 1
      if (text === null) {
        this.remove(id)
        return { result: null, deleted: version - 1 }
      }
      return { result: null, kept: this.write(id, version) }
    })
    await this.#settle()
  }

  /** Announces a change, and stops before D1 is written. */
  async announceOnly(key: string): Promise<void> {
    await this.#feed.announce(key, crypto.randomUUID())
  }

  /** Writes D1. */
  write(id: string, version: number): Item {
    const item = { version, text: `${id} ${version}` }
    this.#rows.set(id, item)
    const since = this.#since.get(id) ?? []
    this.#since.set(id, [...since, { version, at: this.#now - this.#blindMs }])
    return item
  }

  /** Deletes a row of D1. */
  remove(id: string): void {
    this.#rows.delete(id)
    this.#since.get(id)?.push({ version: 0, at: this.#now - this.#blindMs })
  }

  get #second(): number {
    return Math.floor((this.#now - this.#startedAt) / 1000)
  }

  #count(what: keyof Second): void {
    const at = this.#second
    this.seconds[at] ??= { find: 0, d1: 0, kvGet: 0, kvPut: 0, feed: 0, failed: 0 }
    this.seconds[at][what] += 1
    this.#calls += 1
  }

  #ids(): readonly string[] {
    return [...RARE, ...Array.from({ length: this.#shape.keys }, (_, index) => `client-${index}`)]
  }

  #anyone(): Isolate {
    const one = this.#isolates[Math.floor(this.#random() * this.#isolates.length)]
    if (one === undefined) throw new Error('an empty fleet')
    return one
  }

  #anyId(): string {
    if (this.#random() < RARE_SHARE) return RARE[this.#random() < 0.5 ? 0 : 1]
    return `client-${Math.floor(this.#random() * this.#shape.keys)}`
  }

  async #lookUp(): Promise<void> {
    const isolate = this.#anyone()
    if (this.#now > isolate.diesAt) {
      isolate.cache = this.#born(isolate.location)
      isolate.diesAt = this.#now + this.#shape.lifeMinutes * 60_000
    }
    const id = this.#anyId()
    this.#count('find')
    const before = this.#calls
    try {
      this.#judge(id, (await isolate.cache.find(id))?.version ?? 0)
    } catch {
      this.#count('failed')
    }
    if (this.#calls > before) await this.#settle()
  }

  /** Lets what goes on behind requests end. */
  async #settle(): Promise<void> {
    for (let turn = 0; turn < 60; turn += 1) await null
  }

  /** Notes for how long a value was used after it had become another one. */
  #judge(id: string, version: number): void {
    const since = this.#since.get(id) ?? []
    const at = since.findLastIndex((one) => one.version === version)
    const next = since[at + 1]
    if (next !== undefined) this.stalestMs = Math.max(this.stalestMs, this.#now - this.#blindMs - next.at)
  }

  /** Counts a call, and fails it where this storage is down. */
  #called(part: Part, what: keyof Second): void {
    this.#count(what)
    if (this.down.has(part)) throw new OAuthError('temporarily_unavailable', 'storage_unreachable')
  }

  #born(location: number): Cache {
    const parts: Pick<Feed, 'ask' | 'announce'> = {
      ask: async (keys, known) => {
        this.#called('feed', 'feed')
        return this.#feed.ask(keys, known)
      },
      announce: async (key, attempt) => {
        this.#called('feed', 'feed')
        return this.#feed.announce(key, attempt)
      },
    }
    const feed: Feed = { ...this.#feed, ...parts }
    const versionsOf = async () => {
      this.#called('d1', 'd1')
      return ({ name }: Counter) => this.#rows.get(name)?.version
    }
    const patience = milliseconds(1000)
    const [d1Breaker, kvBreaker] = [new Breaker(), new Breaker()]
    const vouching = new Vouching({ feed, versionsOf, patience, d1Breaker })
    const deadlines = { cached: patience, storage: patience }
    const kv = this.#regions[location] ?? this.#kvAt(location)
    const sources = {
      d1: kv as unknown as Sources['d1'],
      kv,
      d1Breaker,
      kvBreaker,
      deadlines,
      feed,
      vouching,
    }
    return readThroughCache<Item>(sources, {
      name: 'clients',
      read: async (id) => {
        this.#called('d1', 'd1')
        return this.#rows.get(id)
      },
      readAll: async (ids) => {
        for (const _ of ids) this.#called('d1', 'd1')
        return new Map(
          ids.flatMap((id) => {
            const row = this.#rows.get(id)
            return row === undefined ? [] : [[id, row] as const]
          }),
        )
      },
      counterOf: (name) => ({ of: 'client', name }),
    })
  }

  /** KV as a location sees it. */
  #kvAt(location: number): Sources['kv'] {
    const write = (key: string, text: string | null): void => {
      const seenAt = Array.from({ length: this.#shape.locations }, (_, at) =>
        at === location ? this.#now : this.#now + this.#random() * KV_LAG_MS,
      )
      this.#kv.set(key, [...(this.#kv.get(key) ?? []).slice(-4), { text, seenAt }])
    }
    const kv = {
      get: async (key: string): Promise<unknown> => {
        this.#called('kv', 'kvGet')
        const seen = this.#kv.get(key)?.findLast(({ seenAt }) => (seenAt[location] ?? 0) <= this.#now)
        return seen?.text ? JSON.parse(seen.text) : null
      },
      put: async (key: string, text: string): Promise<void> => {
        this.#called('kv', 'kvPut')
        write(key, text)
      },
      delete: async (key: string): Promise<void> => {
        this.#called('kv', 'kvPut')
        write(key, null)
      },
    }
    return kv as unknown as Sources['kv']
  }
}
