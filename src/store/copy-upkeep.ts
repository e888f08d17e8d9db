import { OAuthError } from '../errors/oauth-error.ts'
import type { Seconds } from '../util/clock.ts'
import type { JsonObject } from '../util/json.ts'
import type { RootKeyStore } from './root-keys.ts'
import type { Sources } from './sources.ts'
import type { UpkeepNotes } from './upkeep.ts'

/** How many values of each kind one run looks at: each is a read of KV. */
const PAGE = 100

/** A page of values that was looked at. */
export interface FilledPage {
  /** The name of the last value; null at the end. */
  readonly last: string | null
  /** The names of those that cannot be read. */
  readonly unreadable: readonly string[]
}

/** Values that have copies, in the order of their names. */
export interface Filled {
  /** Gives KV the copies that it lacks, for values after a name. */
  fill(after: string | null, limit: number): Promise<FilledPage>
}

/** What the upkeep of copies works with. */
interface UpkeepParts {
  readonly sources: Sources
  readonly notes: UpkeepNotes
  readonly rootKeys: RootKeyStore
  /** The values with copies, by kind. */
  readonly kinds: Readonly<Record<string, Filled>>
}

/** Keeps the copies in KV: reads do not write them, so what a deployment or an outage left out is put there. */
export class CopyUpkeep {
  readonly #parts: UpkeepParts

  constructor(parts: UpkeepParts) {
    this.#parts = parts
  }

  /**
   * Fills a page of each kind, where the last run stopped. Throws `temporarily_unavailable`; and `server_error`, after all
   * was done, if there was something that cannot be read.
   */
  async fill(now: Seconds): Promise<void> {
    const { notes, rootKeys, kinds } = this.#parts
    const place = await notes.readPlace()
    await rootKeys.fill()
    const next: Record<string, string | null> = {}
    const damaged: string[] = []
    for (const [kind, values] of Object.entries(kinds)) {
      const after = place[kind]
      const { last, unreadable } = await values.fill(typeof after === 'string' ? after : null, PAGE)
      next[kind] = last
      if (unreadable.length > 0) damaged.push(kind)
    }
    if (hasMoved(place, next)) await notes.writePlace(now, next)
    if (damaged.length > 0)
      throw new OAuthError('server_error', 'stored_unreadable', { place: damaged.join(', ') })
  }

  /**
   * Makes every copy everywhere worth nothing within 60 s, and here at once: D1 was restored, or changed by hand. Throws
   * `temporarily_unavailable`.
   */
  async renew(): Promise<void> {
    const { sources, rootKeys } = this.#parts
    await sources.feed.renew(crypto.randomUUID())
    sources.vouching.doubtAll()
    await rootKeys.fill()
  }
}

const hasMoved = (place: JsonObject, next: JsonObject): boolean =>
  Object.entries(next).some(([kind, name]) => (place[kind] ?? null) !== name)
