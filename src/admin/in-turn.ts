import type { Owner } from '../ledger/owner.ts'
import type { Listing } from './pagination.ts'

/** A list in one ledger, as `Listing` describes it. */
interface ListInLedger<Item extends { readonly id: string }> {
  readonly placeOf: (item: Item) => string
  readonly page: (
    owner: Owner,
    place: { readonly after: string | null; readonly offset: number; readonly limit: number },
  ) => Promise<readonly Item[]>
  readonly count: (owner: Owner) => Promise<number>
}

/** An item, and by number the ledger that it is in. */
type Placed<Item> = Item & { readonly ledger: number }

/** What the list of several ledgers is made of. */
type ListInTurn<Item extends { readonly id: string }> = Required<
  Pick<Listing<Placed<Item>>, 'placeOf' | 'page' | 'count'>
>

/** Stands before the number of the ledger in a place, and no place in one ledger begins with it. */
const LEDGER = '@'

/** Splits a place into the number of the ledger and the place in it. The first ledger's number is left out. */
export function readLedger(place: string | null): readonly [ledger: number, place: string | null] {
  const [, ledger, rest = ''] = /^@(\d) ?(.*)$/s.exec(place ?? '') ?? []
  return ledger === undefined ? [0, place] : [Number(ledger), rest === '' ? null : rest]
}

/** The reverse of `readLedger`. */
export const writeLedger = (ledger: number, place: string): string =>
  ledger === 0 ? place : `${LEDGER}${ledger} ${place}`.trimEnd()

/** A list of what several ledgers of a subject hold, one ledger after the other. */
export function inTurn<Item extends { readonly id: string }>(
  owners: readonly Owner[],
  list: ListInLedger<Item>,
): ListInTurn<Item> {
  /** Whether a page ends before the ledger does: fewer may have fitted it than were wanted. */
  const isCut = async (owner: Owner, last: Item | undefined): Promise<boolean> => {
    if (last === undefined) return false
    const more = await list.page(owner, { after: list.placeOf(last), offset: 0, limit: 1 })
    return more.length > 0
  }
  return {
    placeOf: (item) => writeLedger(item.ledger, list.placeOf(item)),

    async count() {
      const counts = await Promise.all(owners.map((owner) => list.count(owner)))
      return counts.reduce((sum, count) => sum + count, 0)
    },

    async page({ after, offset, limit }) {
      const [first, place] = readLedger(after)
      let start = { after: place, offset }
      const items: Placed<Item>[] = []
      for (const [ledger, owner] of [...owners.entries()].slice(first)) {
        const isLast = ledger === owners.length - 1
        const count = start.offset === 0 || isLast ? Number.POSITIVE_INFINITY : await list.count(owner)
        if (start.offset >= count) {
          start = { after: null, offset: start.offset - count }
          continue
        }
        const wanted = limit - items.length
        const found = await list.page(owner, { ...start, limit: wanted })
        items.push(...found.map((item) => ({ ...item, ledger })))
        if (isLast || found.length === wanted || (await isCut(owner, found.at(-1)))) break
        start = { after: null, offset: 0 }
      }
      return items
    },
  }
}
