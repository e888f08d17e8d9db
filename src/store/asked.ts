import { BoundedMap } from '../util/bounded-map.ts'
import { type Milliseconds, milliseconds, nowMs } from '../util/clock.ts'

/** The shortest time between two reads of the source for one id, before a refusal or after a failed read, ms. */
export const ASK_AGAIN_MS = milliseconds(1000)

/** How many ids are remembered that are or were there, and how many others. */
const MAX_IDS = 1000

export type Outcome = 'found' | 'absent' | 'failed'

interface Asked {
  readonly at: Milliseconds
  readonly outcome: Outcome
}

/** When the source was last asked for an id, and what became of it. */
export interface AskedIds {
  /** Notes the outcome of a read that began at `at`. */
  note(id: string, at: Milliseconds, outcome: Outcome): void
  /** The outcome of the last read, if it began less than a second ago. */
  lately(id: string): Outcome | undefined
  /** Whether the source has had the id. */
  wasFound(id: string): boolean
}

/**
 * Returns an empty memory of reads. Ids that were never found have a memory of their own: a stranger can make up any
 * number of them, and must not push out the others.
 */
export function askedIds(): AskedIds {
  const found = new BoundedMap<Asked>(MAX_IDS)
  const strange = new BoundedMap<Asked>(MAX_IDS)
  return {
    note(id, at, outcome) {
      const isKnown = outcome === 'found' || found.get(id) !== undefined
      const ids = isKnown ? found : strange
      ids.set(id, { at, outcome })
      if (isKnown) strange.delete(id)
    },
    lately(id) {
      const last = found.get(id) ?? strange.get(id)
      return last !== undefined && Math.abs(nowMs() - last.at) < ASK_AGAIN_MS ? last.outcome : undefined
    },
    wasFound: (id) => found.get(id) !== undefined,
  }
}
