import { runInDurableObject } from 'cloudflare:test'
import { describe, expect, it } from 'vitest'
import { feedKey } from '../../src/store/feed.ts'
import { testEnv } from '../support/bindings.ts'
import { COPIES_A_SECOND } from '../support/prices.ts'
import { Fleet, type Part, RARE, type Second, type Shape } from './fleet.ts'
import { feedOwner, ledgerFeed } from './ledger-feed.ts'

const SMALL: readonly Shape[] = [
  { locations: 30, isolates: 10, keys: 10, perSecond: 494, lifeMinutes: 30 },
  { locations: 100, isolates: 10, keys: 10, perSecond: 494, lifeMinutes: 30 },
]
const LARGE: Shape = { locations: 200, isolates: 20, keys: 20, perSecond: 2500, lifeMinutes: 30 }

/** How many reads of D1 a fleet of the largest size may make, a second and in the worst second. */
const WITH_FEED = [30, 90] as const

/** The same while the feed is away, when every isolate asks D1 in its place. */
const WITHOUT_FEED = [160, 240] as const

/** How long isolates need to find that what was away is back, seconds. */
const AFTER = 10

const sum = (seconds: readonly Second[], what: keyof Second): number =>
  seconds.reduce((total, second) => total + (second?.[what] ?? 0), 0)
const mean = (seconds: readonly Second[], what: keyof Second): number => sum(seconds, what) / seconds.length
const worst = (seconds: readonly Second[], what: keyof Second): number =>
  Math.max(...seconds.map((second) => second?.[what] ?? 0))

/** Holds what a fleet did to the bounds. */
function expectBounds(seconds: readonly Second[], [most, peak]: readonly [number, number] = WITH_FEED): void {
  expect(sum(seconds, 'kvPut') / sum(seconds, 'find')).toBeLessThan(0.001)
  expect(mean(seconds, 'd1')).toBeLessThanOrEqual(most)
  expect(worst(seconds, 'd1')).toBeLessThanOrEqual(peak)
}

/** Runs a fleet with the clock of the simulation, over the real ledger of the feed. */
async function simulate(shape: Shape, run: (fleet: Fleet) => Promise<void>): Promise<Fleet> {
  const stub = testEnv().LEDGER.getByName(feedOwner)
  return runInDurableObject(stub, async (_ledger, { storage }) => {
    const fleet = new Fleet(shape, ledgerFeed(storage))
    await fleet.during(async () => {
      await fleet.fill()
      fleet.wait()
      await run(fleet)
    })
    return fleet
  })
}

/** Changes, deletes and half-way changes, with look-ups for a minute after. */
async function change(fleet: Fleet): Promise<readonly Second[]> {
  await fleet.change('client-0', 'new')
  const [gone, halfWay] = RARE
  await fleet.change(gone, null)
  await fleet.announceOnly(feedKey('clients', halfWay))
  const before = await fleet.run(10)
  // Who announced it is gone, and D1 makes the change late.
  fleet.write(halfWay, 2)
  const after = await fleet.run(70)
  expect(fleet.stalestMs).toBeGreaterThan(0)
  return [...before, ...after]
}

describe.each(SMALL)('a fleet of $locations x $isolates isolates', (shape) => {
  it('asks as often as docs/cost.md pays for', async () => {
    await simulate(shape, async (fleet) => {
      // Until then the isolates are younger than those of a fleet that has run for long.
      await fleet.run(600)
      const { locations, isolates } = shape
      const paid = Object.entries(COPIES_A_SECOND).find(
        ([name]) => name === `${locations} x ${isolates}`,
      )?.[1]
      const seconds = await fleet.run(600)
      expect({ feed: mean(seconds, 'feed').toFixed(1), kv: mean(seconds, 'kvGet').toFixed(1) }).toEqual({
        feed: paid?.feed.toFixed(1),
        kv: paid?.kv.toFixed(1),
      })
      expect([mean(seconds, 'd1'), mean(seconds, 'kvPut')]).toEqual([0, 0])
    })
  }, 120_000)

  it('reads D1 seldom and writes nothing, changes and outages included, and is nowhere stale beyond 60 s', async () => {
    const fleet = await simulate(shape, async (fleet) => {
      expectBounds(await fleet.run(60))
      expectBounds(await change(fleet))
      // What nobody settled is closed, and the scheduled job comes by.
      expectBounds(await fleet.run(120))
      await fleet.fill()
      for (const part of ['d1', 'kv', 'feed'] as const) {
        fleet.down.add(part)
        expectBounds(await fleet.run(70), part === 'feed' ? WITHOUT_FEED : WITH_FEED)
        fleet.down.delete(part)
        expectBounds(await fleet.run(AFTER), WITHOUT_FEED)
        expectBounds(await fleet.run(30))
      }
      await bothDown(fleet)
    })
    expect(fleet.stalestMs).toBeLessThanOrEqual(60_000)
  }, 120_000)
})

async function bothDown(fleet: Fleet): Promise<void> {
  const parts: readonly Part[] = ['d1', 'feed']
  for (const part of parts) fleet.down.add(part)
  const during = await fleet.run(90)
  expect(sum(during, 'failed') / sum(during, 'find')).toBeLessThan(0.01)
  for (const part of parts) fleet.down.delete(part)
  expectBounds(await fleet.run(60))
}

describe('a fleet of 200 x 20 isolates', () => {
  it('reads D1 at most 30 times a second, and 90 times in the worst one', async () => {
    const fleet = await simulate(LARGE, async (fleet) => {
      expectBounds(await fleet.run(45))
      expectBounds(await change(fleet))
      fleet.down.add('feed')
      expectBounds(await fleet.run(60), WITHOUT_FEED)
      fleet.down.delete('feed')
      expectBounds(await fleet.run(AFTER), WITHOUT_FEED)
      expectBounds(await fleet.run(15))
    })
    expect(fleet.stalestMs).toBeLessThanOrEqual(60_000)
  }, 240_000)

  it('does not storm D1 after an outage of it, nor after one of the feed too', async () => {
    await simulate(LARGE, async (fleet) => {
      await fleet.run(45)
      fleet.down.add('d1')
      expectBounds(await fleet.run(70))
      fleet.down.delete('d1')
      expectBounds(await fleet.run(15))
      await bothDown(fleet)
    })
  }, 240_000)
})
