import type { Residency } from '../config/residency.ts'
import type { Network } from '../http/network.ts'
import { type Owner, ownerOf } from '../ledger/owner.ts'
import type { Allowance } from '../ledger/types.ts'
import { toBase64url } from '../util/base64url.ts'
import { milliseconds } from '../util/clock.ts'
import { sha256 } from '../util/digest.ts'

/** How often something may be done: `burst` times at once, and as often again in each `seconds`. */
export interface Rate {
  readonly burst: number
  readonly seconds: number
}

/** What a network may do so often, counted in the network's guesser ledger. */
export interface Budget {
  /** Names it in the memory of an isolate, for the wide network as a whole. */
  readonly wideKey: string
  /** Names it there for the narrow network. */
  readonly key: string
  /** How long until a piece that was spent is there again, ms. */
  readonly everyMs: number
  /** Returns where it is counted. Made on demand: most requests need only the memory. */
  ledger(): { readonly owner: Owner; readonly allowances: readonly Allowance[] }
}

/** How many times the rate of a /64 its /48 has. It may be one site, or many subscribers of a mobile network. */
const WIDE_SHARE = 4

/** Where a budget is counted: the guesser ledger of a wide network, and the narrow one in it if it has such. */
export interface Place {
  /** Names the ledger. */
  readonly wide: string
  readonly narrow: string | null
  owner(): Owner
}

/** Returns where a network's budgets are counted. */
export const placeOf = ({ wide, narrow }: Network, { jurisdiction }: Residency): Place => ({
  wide,
  narrow,
  owner: () => ownerOf('guesser', wide, jurisdiction),
})

/**
 * Returns the budget of a network for one purpose. An IPv6 address counts for its /64 and, with a multiple of the rate,
 * for its /48: a /48 has 65,536 of the others.
 *
 * @param name - what within the purpose, such as a client id; '' for nothing
 */
export function budgetOf(
  purpose: 'registration' | 'secret' | 'user_code',
  name: string,
  rate: Rate,
  place: Place,
): Budget {
  const wideKey = `${purpose} ${place.wide} ${name}`
  const allowance = (id: string, burst: number): Allowance => ({
    id: toBase64url(sha256(id)),
    burst,
    everyMs: milliseconds(Math.floor((rate.seconds * 1000) / burst)),
  })
  return {
    wideKey,
    key: `${place.narrow ?? ''} ${wideKey}`,
    everyMs: (rate.seconds * 1000) / rate.burst,
    ledger: () => {
      const id = `${purpose}\0${name}\0`
      const one = [allowance(id + (place.narrow ?? ''), rate.burst)]
      const both = [...one, allowance(`${id}/48`, rate.burst * WIDE_SHARE)]
      return { owner: place.owner(), allowances: place.narrow === null ? one : both }
    },
  }
}
