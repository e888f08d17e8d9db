import type { RequestContext } from '../context.ts'
import { BoundedMap } from '../util/bounded-map.ts'
import { nowMs } from '../util/clock.ts'
import type { Budget } from './budgets.ts'

/** How many budgets of which something is spent an isolate remembers. */
const MAX_KNOWN = 10_000

/** How long what a ledger said of a budget is believed, ms. */
const BELIEVED_MS = 1000

/** What an isolate knows of a budget. Times are those of its own clock, ms. */
interface Known {
  readonly askedAt: number
  /** When there is a piece again. */
  readonly freeAt: number
  /** The pieces that are there, less those that requests of this isolate hold. */
  free: number
}

/** A piece that a request holds until it is known whether it is spent. */
export interface Held {
  /** How long the network has to wait for a piece, seconds; 0 if it got one. */
  readonly wait: number
  giveBack(): void
}

const FREE: Held = { wait: 0, giveBack: () => undefined }

/**
 * What networks have spent, as far as this isolate saw it; the guesser ledgers have the rest. A budget of which this
 * isolate saw nothing spent lately is taken for whole, so that a right secret costs no call.
 */
export class Spending {
  /** When a budget is whole again, by its wide key. */
  readonly #wholeAt = new BoundedMap<number>(MAX_KNOWN)
  readonly #known = new BoundedMap<Known>(MAX_KNOWN)

  /**
   * Takes a piece of a budget, which the request gives back if it need not spend it: requests that come at once must not
   * all go by the same piece. Asks the ledger only if something was spent lately, at most once a second. A ledger that
   * cannot be reached makes nobody wait.
   */
  async take(ctx: RequestContext, budget: Budget): Promise<Held> {
    const now = nowMs()
    if ((this.#wholeAt.get(budget.wideKey) ?? 0) <= now) return FREE
    let known = this.#known.get(budget.key)
    if (known === undefined || Math.max(known.freeAt, known.askedAt + BELIEVED_MS) <= now)
      known = await this.#ask(ctx, budget)
    return known === undefined ? FREE : hold(known)
  }

  /**
   * Spends a piece of a budget. Returns whether there was one, and how long the network has to wait for the next one, in
   * seconds. If the ledger cannot be reached the piece counts as spent, and the next one takes its time in this isolate.
   */
  async spend({ rt, attempt }: RequestContext, budget: Budget): Promise<{ spent: boolean; wait: number }> {
    // Other requests of this isolate ask the ledger from now on.
    this.#isWholeAt(budget, nowMs() + budget.everyMs)
    const { owner, allowances } = budget.ledger()
    const result = await rt.ledgers.call(owner, 'spend', { attempt, allowances }).catch(() => undefined)
    const { everyMs } = budget
    const { spent, ...left } = result ?? { spent: true, free: 0, waitMs: everyMs, wholeMs: everyMs }
    const { freeAt } = this.#learn(budget, left)
    return { spent, wait: secondsUntil(freeAt) }
  }

  async #ask({ rt }: RequestContext, budget: Budget): Promise<Known | undefined> {
    const { owner, allowances } = budget.ledger()
    const left = await rt.ledgers.call(owner, 'left', { allowances }).catch(() => undefined)
    return left === undefined ? undefined : this.#learn(budget, left)
  }

  #learn(budget: Budget, left: { free: number; waitMs: number; wholeMs: number }): Known {
    const now = nowMs()
    const known = { askedAt: now, freeAt: now + left.waitMs, free: left.free }
    this.#isWholeAt(budget, now + left.wholeMs)
    this.#known.set(budget.key, known)
    return known
  }

  /** Another narrow network of the same wide one may have spent more. */
  #isWholeAt({ wideKey }: Budget, time: number): void {
    this.#wholeAt.set(wideKey, Math.max(time, this.#wholeAt.get(wideKey) ?? 0))
  }
}

function hold(known: Known): Held {
  if (known.free < 1) return { ...FREE, wait: Math.max(1, secondsUntil(known.freeAt)) }
  known.free -= 1
  return {
    wait: 0,
    giveBack: () => {
      known.free += 1
    },
  }
}

const secondsUntil = (time: number): number => Math.max(0, Math.ceil((time - nowMs()) / 1000))
