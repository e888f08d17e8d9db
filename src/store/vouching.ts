import { waitUntil } from 'cloudflare:workers'
import { Backoff, between } from '../util/backoff.ts'
import type { Breaker } from '../util/breaker.ts'
import { type Milliseconds, milliseconds, nowMs } from '../util/clock.ts'
import { followed } from '../util/shared-load.ts'
import { Late, withTimeout } from '../util/with-timeout.ts'
import { mayBeVouchedFor, type Versioned } from './cache-kv.ts'
import { ageOf, type Heard, type Held } from './cache-memory.ts'
import type { Feed, Told } from './feed.ts'
import type { VersionsOf } from './versions.ts'

/** The age of a copy in use from which the feed is asked, ms. Isolates and turns differ, so that they do not ask together. */
const POLL_MS = [25_000, 35_000] as const

/** The age from which D1 is asked instead while the feed cannot be reached, and the pause after an answer, ms. */
const CHECK_AT_MS = 40_000
const CHECK_EVERY_MS = [40_000, 50_000] as const

/** The longest pause between two questions to D1 that fail, ms: when it is back, not everybody asks at once. */
const LONGEST_PAUSE_MS = milliseconds(60_000)

/** Copies that were used this lately are asked about, ms, and how many of them. Others are when they are used again. */
const IN_USE_MS = 600_000
const MAX_KEYS = 1000

/**
 * For how long after its next try was due a source counts as down, ms. After an idle time nobody knows whether it still
 * is, and a copy of any age must not be used unless it is.
 */
const KNOWN_DOWN_MS = milliseconds(8000)

/** After this time a question that was asked behind a request may have gone with it, ms. */
const GONE_MS = milliseconds(10_000)

/** What may be asked. */
export interface VouchingParts {
  readonly feed: Feed
  readonly versionsOf: VersionsOf
  /** How long a request waits for an answer, ms. */
  readonly patience: Milliseconds
  readonly d1Breaker: Breaker
}

/** What the feed told, and when it was asked, ms since the epoch. */
interface Answer {
  readonly told: Told
  readonly at: Milliseconds
}

/**
 * Asks for one isolate whether its copies are still the present values: the feed, for all that are in use at once and
 * seldom, or D1 for their versions while the feed cannot be reached. An isolate that nobody uses asks nothing.
 */
export class Vouching {
  readonly #parts: VouchingParts
  readonly #watched: (() => readonly Held<Versioned>[])[] = []
  readonly #feed = new Backoff(milliseconds(1000), milliseconds(8000))
  readonly #d1 = new Backoff(milliseconds(4000), LONGEST_PAUSE_MS)
  #pollAge = between(...POLL_MS)
  #polledAt: Milliseconds | undefined
  #last: Answer | undefined
  #checking: Promise<void> | undefined

  constructor(parts: VouchingParts) {
    this.#parts = parts
  }

  /** Adds the copies of one cache to those that are asked about. */
  watch(copies: () => readonly Held<Versioned>[]): void {
    this.#watched.push(copies)
  }

  /** Whether neither the feed nor D1 could be asked lately. */
  isDown(now: Milliseconds): boolean {
    if (!(this.#feed.isFailing && this.#d1.isFailing)) return false
    const next = Math.max(this.#feed.nextAt, this.#d1.nextAt)
    return now < next + KNOWN_DOWN_MS && next - now <= LONGEST_PAUSE_MS
  }

  /** Notes that D1 answered another question. */
  d1Answered(): void {
    if (this.#d1.isFailing) this.#d1.succeeded(nowMs())
  }

  /** Forgets how old copies are, so that the feed is asked before any is used. */
  doubtAll(): void {
    this.#last = undefined
    for (const held of this.#all()) held.vouchedAt = milliseconds(0)
  }

  /** Asks behind the request if that is due for a copy that was vouched for at some time, ms since the epoch. */
  poll(now: Milliseconds, vouchedAt: Milliseconds): void {
    const age = ageOf(vouchedAt, now)
    if (age < this.#pollAge) return
    if (this.#polledAt !== undefined && ageOf(this.#polledAt, now) < GONE_MS) return
    if (!(this.#feed.mayTry(now) || (age >= CHECK_AT_MS && this.#d1.mayTry(now)))) return
    this.#polledAt = now
    const settled = (): void => {
      this.#polledAt = undefined
    }
    waitUntil(this.#ask([]).then(settled, settled))
  }

  /**
   * Returns what the feed says of a value, for a request that waits: what it said of it lately, or else it is
   * asked, also about the copies in use. `undefined` if it cannot be reached; D1 may then have been asked about the copies.
   */
  async hear(key: string): Promise<Heard | undefined> {
    const last = this.#last
    const lately =
      last !== undefined && ageOf(last.at, nowMs()) < this.#pollAge ? heardIn(last, key) : undefined
    return lately ?? this.#ask([key])
  }

  /**
   * Returns what the feed said of a value before, if the isolate ever heard: it needs no call then but the first time.
   * A read of D1 that begins now is of that value, or of a later one.
   */
  async before(key: string): Promise<Heard | undefined> {
    const last = this.#last
    return last === undefined ? this.hear(key) : heardIn(last, key)
  }

  async #ask(keys: readonly string[]): Promise<Heard | undefined> {
    const now = nowMs()
    const inUse = this.#inUse(now)
    if (this.#feed.mayTry(now)) {
      try {
        return await this.#askFeed(now, inUse, keys)
      } catch {
        // The ledger client has logged it.
        this.#feed.failed(now)
      }
    }
    await this.#askD1(now, inUse)
    return undefined
  }

  async #askFeed(
    at: Milliseconds,
    inUse: readonly Held<Versioned>[],
    keys: readonly string[],
  ): Promise<Heard | undefined> {
    const { feed, patience } = this.#parts
    const all = [...new Set([...keys, ...inUse.map(({ key }) => key)])]
    const told = await withTimeout(feed.ask(all, this.#last?.told), patience)
    const answer = { told, at }
    if (this.#last === undefined || this.#last.at <= at || this.#last.at > nowMs()) this.#last = answer
    this.#feed.succeeded(at)
    this.#pollAge = between(...POLL_MS)
    for (const held of this.#all()) {
      const heard = heardIn(answer, held.key)
      if (heard !== undefined) take(held, heard)
    }
    const [key] = keys
    return key === undefined ? undefined : heardIn(answer, key)
  }

  /** Asks D1 in the feed's place, seldom: all isolates do so at the same time. Never throws. */
  async #askD1(at: Milliseconds, inUse: readonly Held<Versioned>[]): Promise<void> {
    if (this.#checking !== undefined) return followed(this.#checking).catch(() => undefined)
    const isDue = inUse.some(({ vouchedAt }) => ageOf(vouchedAt, at) >= CHECK_AT_MS)
    if (!(isDue && this.#d1.mayTry(at))) return
    const checking = this.#check(at, inUse)
    this.#checking = checking
    await checking
    if (this.#checking === checking) this.#checking = undefined
  }

  async #check(at: Milliseconds, inUse: readonly Held<Versioned>[]): Promise<void> {
    const { versionsOf, patience, d1Breaker } = this.#parts
    const { timesHeard } = d1Breaker
    try {
      const versionOf = await withTimeout(versionsOf(inUse.map(({ counter }) => counter)), patience)
      this.#d1.succeeded(at, between(...CHECK_EVERY_MS))
      for (const held of inUse) if (versionOf(held.counter) === held.value.version) vouch(held, at)
    } catch (error) {
      if (error instanceof Late) d1Breaker.silent(timesHeard)
      // The query has logged it.
      this.#d1.failed(at)
    }
  }

  #inUse(now: Milliseconds): readonly Held<Versioned>[] {
    return this.#all()
      .filter(({ usedAt }) => Math.abs(now - usedAt) < IN_USE_MS)
      .slice(-MAX_KEYS)
  }

  #all(): readonly Held<Versioned>[] {
    return this.#watched.flatMap((copies) => copies())
  }
}

function heardIn({ told, at }: Answer, key: string): Heard | undefined {
  const tag = told.tagOf(key)
  return tag === undefined ? undefined : { tag, at }
}

/** Takes what the feed says of the value of a copy, unless something later is known. */
export function take(held: Held<Versioned>, heard: Heard): void {
  const known = held.heard?.at ?? 0
  if (known > heard.at && known <= nowMs()) return
  if (held.heard?.tag !== heard.tag && heard.tag !== held.tag) {
    held.renewAfter = milliseconds(0)
    held.isDeferred = false
  }
  held.heard = heard
  if (heard.tag !== null && heard.tag === held.tag && mayBeVouchedFor(held, heard.at)) vouch(held, heard.at)
}

function vouch(held: Held<Versioned>, at: Milliseconds): void {
  // A time from the future is from before the clock was set back.
  if (at > held.vouchedAt || held.vouchedAt > nowMs()) held.vouchedAt = at
}
