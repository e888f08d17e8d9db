import { evictDurableObject, runDurableObjectAlarm } from 'cloudflare:test'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { ANYWHERE } from '../../src/config/residency.ts'
import { networkOf } from '../../src/http/network.ts'
import { ownerOf } from '../../src/ledger/owner.ts'
import type { Output } from '../../src/ledger/types.ts'
import { budgetOf, placeOf } from '../../src/limits/budgets.ts'
import { testEnv } from '../support/bindings.ts'
import { countRows, spent } from './rows.ts'
import { advance, callLedger, newAttempt, type PlainInput, stopClock, tablesOf } from './support.ts'

beforeEach(stopClock)
afterEach(() => {
  vi.useRealTimers()
  vi.restoreAllMocks()
})

type Allowances = PlainInput<'left'>['allowances']

/** The ledger of a network of its own. */
class Guesser {
  readonly owner = ownerOf('guesser', crypto.randomUUID(), 'none')
  readonly stub = testEnv().LEDGER.getByName(this.owner)

  spend(allowances: Allowances, attempt = newAttempt()): Promise<Output<'spend'>> {
    return callLedger(testEnv(), this.owner, 'spend', { attempt, allowances })
  }

  left(allowances: Allowances): Promise<Output<'left'>> {
    return callLedger(testEnv(), this.owner, 'left', { allowances })
  }
}

const TEN = { id: 'ten', burst: 10, everyMs: 60_000 }
const TWENTY = { id: 'twenty', burst: 20, everyMs: 30_000 }

describe('an allowance', () => {
  it('is spent piece by piece, and each comes back in its time, though the object is put aside', async () => {
    const guesser = new Guesser()
    expect(await guesser.left([TEN])).toEqual({ free: 10, waitMs: 0, wholeMs: 0 })
    for (let at = 1; at <= 10; at += 1)
      expect(await guesser.spend([TEN])).toEqual({
        spent: true,
        free: 10 - at,
        waitMs: at === 10 ? 60_000 : 0,
        wholeMs: at * 60_000,
      })
    await evictDurableObject(guesser.stub)
    const none = { free: 0, waitMs: 60_000, wholeMs: 600_000 }
    expect(await guesser.spend([TEN])).toEqual({ spent: false, ...none })
    expect(await guesser.left([TEN])).toEqual(none)
    advance(59)
    expect(await guesser.spend([TEN])).toMatchObject({ spent: false, waitMs: 1000 })
    advance(1)
    expect(await guesser.spend([TEN])).toMatchObject({ spent: true, free: 0 })
    expect(await guesser.spend([TEN])).toMatchObject({ spent: false })
    advance(600)
    expect(await guesser.left([TEN])).toEqual({ free: 10, waitMs: 0, wholeMs: 0 })
  })

  it('counts an attempt once, however often it is repeated', async () => {
    const guesser = new Guesser()
    const attempt = newAttempt()
    for (let times = 0; times < 3; times += 1)
      expect(await guesser.spend([TEN], attempt)).toMatchObject({ spent: true, free: 9 })
  })

  it('is spent together with others, or none of them is', async () => {
    const guesser = new Guesser()
    for (let times = 0; times < 10; times += 1) await guesser.spend([TEN, TWENTY])
    expect(await guesser.spend([TEN, TWENTY])).toMatchObject({ spent: false, free: 0 })
    expect(await guesser.left([TWENTY])).toMatchObject({ free: 10 })
    const other = { ...TEN, id: 'other' }
    for (let times = 0; times < 10; times += 1)
      expect(await guesser.spend([other, TWENTY])).toMatchObject({ spent: true })
    expect(await guesser.spend([{ ...TEN, id: 'third' }, TWENTY])).toMatchObject({ spent: false })
    expect(await guesser.left([{ ...TEN, id: 'third' }])).toMatchObject({ free: 10 })
  })

  it('has no more to wait for than all of it, when the setting shrinks or the clock is set back', async () => {
    const guesser = new Guesser()
    for (let times = 0; times < 10; times += 1) await guesser.spend([TEN])
    expect(await guesser.left([{ ...TEN, everyMs: 6000 }])).toEqual({
      free: 0,
      waitMs: 6000,
      wholeMs: 60_000,
    })
    advance(-86_400)
    expect(await guesser.left([TEN])).toEqual({ free: 0, waitMs: 60_000, wholeMs: 600_000 })
  })

  it('has winners as many as pieces among callers at once', async () => {
    const guesser = new Guesser()
    const results = await Promise.all(Array.from({ length: 40 }, () => guesser.spend([TEN])))
    expect(results.filter(({ spent }) => spent)).toHaveLength(10)
  })

  it('is never spent faster than it comes back, whatever happens', async () => {
    const step = fc.oneof(fc.constant('spend' as const), fc.integer({ min: 1, max: 200 }))
    const property = fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
      const guesser = new Guesser()
      const start = Date.now()
      const spentAt: number[] = []
      for (const one of steps) {
        if (one !== 'spend') {
          advance(one)
          continue
        }
        const now = Date.now() - start
        // What the spendings so far leave: a bucket that fills by one a minute.
        let level = 0
        let last = 0
        for (const at of spentAt) {
          level = Math.max(0, level - (at - last) / TEN.everyMs) + 1
          last = at
        }
        level = Math.max(0, level - (now - last) / TEN.everyMs)
        const { spent } = await guesser.spend([TEN])
        expect(spent).toBe(level + 1 <= TEN.burst + 1e-9)
        if (spent) spentAt.push(now)
      }
    })
    await fc.assert(property, { numRuns: 40 })
  })
})

const RATE = { burst: 60, seconds: 600 }
const allowancesAt = (address: string): Allowances => {
  const network = networkOf(new Headers({ 'cf-connecting-ip': address }))
  if (network === null) throw new Error('no network')
  return budgetOf('secret', 'app', RATE, placeOf(network, ANYWHERE)).ledger().allowances
}
const V4 = allowancesAt('192.0.2.1')
const V6 = allowancesAt('2001:db8::1')

describe('the rows of a network', () => {
  it('are one for each allowance, however much is spent, and all go', async () => {
    const guesser = new Guesser()
    const rows = await countRows()
    const written = async (call: () => Promise<unknown>): Promise<number> => (await spent(rows, call)).written
    await guesser.left(V4)
    expect(await tablesOf(guesser.stub)).toEqual([])
    // The table is two, the alarm one.
    expect(await written(() => guesser.spend(V4))).toBe(4)
    for (let times = 1; times < 60; times += 1) expect(await written(() => guesser.spend(V4))).toBe(1)
    expect(await written(() => guesser.spend(V4))).toBe(0)
    expect(await written(() => guesser.left(V4))).toBe(0)
    advance(600 + 3600)
    expect(await runDurableObjectAlarm(guesser.stub)).toBe(true)
    expect(await tablesOf(guesser.stub)).toEqual([])
  })

  it('of IPv6 are two: for its /64 and for its /48', async () => {
    const guesser = new Guesser()
    const rows = await countRows()
    await guesser.spend(V6)
    expect(rows().written).toBe(6)
    for (let times = 1; times < 60; times += 1) await guesser.spend(V6)
    expect(rows().written).toBe(6 + 59 * 2)
    await guesser.spend(V6)
    expect(rows().written).toBe(6 + 59 * 2)
  })
})
