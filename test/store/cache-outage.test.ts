import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { readThroughCache } from '../../src/store/cache.ts'
import { sourcesOf } from '../../src/store/sources.ts'
import { milliseconds } from '../../src/util/clock.ts'
import { withHanging } from '../support/outage.ts'
import { env, feed, type Item, item, later, makeSource } from './cache-support.ts'

beforeEach(() => {
  Object.assign(feed, { down: false })
  vi.useFakeTimers({ toFake: ['Date'] })
  vi.spyOn(console, 'log').mockImplementation(() => undefined)
})
afterEach(() => {
  vi.useRealTimers()
  vi.restoreAllMocks()
})

describe('while the source is unreachable', () => {
  const unavailable = { code: 'temporarily_unavailable' }

  it('goes on with what the feed vouches for, in memory and in KV', async () => {
    const { rows, state, isolate, fill } = makeSource()
    rows.set('a', item(1))
    await fill('a')
    const copies = isolate()
    await copies.find('a')
    state.down = true
    later(600_000)
    for (const cache of [copies, isolate()]) expect(await cache.find('a')).toEqual(item(1))
    expect(state.reads).toBe(0)
  })

  it('stretches a known value while the feed cannot be reached either, and returns to the source', async () => {
    const { rows, state, isolate, fill } = makeSource()
    rows.set('a', item(1))
    await fill('a')
    const [copies, cold] = [isolate(), isolate()]
    await copies.find('a')
    state.down = true
    feed.down = true
    later(600_000)
    for (const cache of [copies, cold]) {
      expect(await cache.find('a')).toEqual(item(1))
      expect(await cache.find('a')).toEqual(item(1))
    }
    expect(state.reads).toBe(2)
    rows.set('a', item(2))
    state.down = false
    later(1000)
    expect(await copies.find('a')).toEqual(item(2))
  })

  it('uses no old copy of a value that the feed knows to have changed', async () => {
    const { rows, state, isolate, fill, remove } = makeSource()
    rows.set('a', item(1))
    await fill('a')
    const copies = isolate()
    await copies.find('a')
    await remove(isolate(), 'a')
    state.down = true
    later(60_000)
    await expect(copies.find('a')).rejects.toMatchObject(unavailable)
  })

  it('says neither yes nor no without a copy, and refuses to say no in fresh', async () => {
    const { rows, state, isolate } = makeSource()
    const copies = isolate()
    rows.set('a', item(1))
    await copies.find('a')
    state.down = true
    later(1000)
    await expect(copies.find('b')).rejects.toMatchObject(unavailable)
    await expect(copies.fresh('a')).rejects.toMatchObject(unavailable)
    await expect(copies.fresh('a')).rejects.toMatchObject(unavailable)
    expect(state.reads).toBe(3)
  })

  it.each(['find', 'fresh'] as const)('lets nobody wait forever for the %s of another', async (method) => {
    vi.useFakeTimers({ toFake: ['Date', 'setTimeout', 'clearTimeout'] })
    const { rows, state, isolate } = makeSource()
    rows.set('a', item(1))
    const [cold, warm] = [isolate(), isolate()]
    await warm.find('a')
    feed.down = true
    later(600_000)
    const hanging = Promise.withResolvers<void>()
    state.gate = hanging.promise
    const first = [cold[method]('b'), warm[method]('a')]
    const followers = Promise.allSettled([cold[method]('b'), warm[method]('a')])
    await vi.advanceTimersByTimeAsync(3000)
    const late = { status: 'rejected', reason: expect.objectContaining({ reason: 'load_slow' }) }
    // Who knew the value goes on with it, except before a refusal.
    const known = method === 'find' ? { status: 'fulfilled', value: item(1) } : late
    expect(await followers).toEqual([late, known])
    hanging.resolve()
    expect(await Promise.all(first)).toEqual([undefined, item(1)])
  })

  it('limits how many reads are under way, of ids that were never there more than of others', async () => {
    const { rows, state, isolate } = makeSource()
    const copies = isolate()
    const known = Array.from({ length: 70 }, (_, index) => `known-${index}`)
    for (const id of known) {
      rows.set(id, item(1))
      await copies.find(id)
    }
    state.reads = 0
    const gate = Promise.withResolvers<void>()
    state.gate = gate.promise
    const refusals = async (reads: readonly Promise<unknown>[]): Promise<number> =>
      (await Promise.allSettled(reads)).filter(({ status }) => status === 'rejected').length
    const strange = refusals(Array.from({ length: 100 }, (_, index) => copies.find(`id-${index}`)))
    await vi.waitUntil(() => state.reads === 48)
    later(2000)
    const others = refusals(known.map((id) => copies.fresh(id)))
    await vi.waitUntil(() => state.reads === 48 + 64)
    gate.resolve()
    expect(await Promise.all([strange, others])).toEqual([52, 6])
  })

  it('notes ids that strangers make up apart from those that are there', async () => {
    const { rows, state, isolate } = makeSource()
    const copies = isolate()
    rows.set('a', item(1))
    await copies.find('a')
    for (let index = 0; index < 1100; index += 1) await copies.fresh(`id-${index}`)
    state.reads = 0
    expect(await copies.fresh('a')).toEqual(item(1))
    expect(state.reads).toBe(0)
  })
})

describe('while a source is silent', () => {
  /** Deadlines that nothing but silence misses. */
  const deadlines = { cached: milliseconds(100), storage: milliseconds(200) }

  /** An isolate whose D1 and KV answer nothing while told so. */
  function makeSilent() {
    const hanging = withHanging(env)
    const { rows, state, source } = makeSource()
    const sources = sourcesOf(hanging.env, deadlines)
    const read = async (id: string): Promise<Item | undefined> => {
      state.reads += 1
      await sources.d1.prepare('SELECT 1').first()
      return rows.get(id)
    }
    return { rows, state, hanging, sources, copies: readThroughCache<Item>(sources, { ...source, read }) }
  }

  it('waits once for a copy that is too old, then for nothing, and closes by a probe', async () => {
    const { rows, state, hanging, sources, copies } = makeSilent()
    rows.set('a', item(1))
    rows.set('b', item(1))
    await copies.find('a')
    await copies.find('b')
    hanging.d1 = true
    feed.down = true
    later(600_000)
    expect(await copies.find('a')).toEqual(item(1))
    expect(sources.d1Breaker.isOpen).toBe(true)
    const reads = state.reads
    for (let turn = 0; turn < 20; turn += 1) expect(await copies.find('b')).toEqual(item(1))
    await expect(copies.find('cold')).rejects.toMatchObject({ reason: 'storage_unreachable' })
    expect(state.reads).toBe(reads)
    hanging.d1 = false
    rows.set('b', item(2))
    later(4000)
    expect(await copies.find('b')).toEqual(item(1))
    await vi.waitFor(async () => expect(await copies.find('b')).toEqual(item(2)))
    expect(sources.d1Breaker.isOpen).toBe(false)
  })

  it('asks again after an idle time before it uses a copy of any age, and waits no longer than for one', async () => {
    const { rows, hanging, sources, copies } = makeSilent()
    rows.set('a', item(1))
    rows.set('b', item(1))
    await copies.find('a')
    await copies.find('b')
    hanging.d1 = true
    feed.down = true
    later(600_000)
    expect(await copies.find('a')).toEqual(item(1))
    later(3_600_000)
    const asked = hanging.calls.d1
    expect(await copies.find('a')).toEqual(item(1))
    expect(hanging.calls.d1).toBe(asked + 1)
    // The probe has just found it silent, so nobody else waits.
    expect(await copies.find('b')).toEqual(item(1))
    expect(hanging.calls.d1).toBe(asked + 1)
    // The reads that nobody waits for any more miss their own deadline.
    await scheduler.wait(deadlines.storage + 50)
    hanging.d1 = false
    rows.set('a', item(2))
    later(3_600_000)
    expect(await copies.find('a')).toEqual(item(2))
    expect(sources.d1Breaker.isOpen).toBe(false)
  })

  it('a change is refused before it is announced, and is itself the probe once a second', async () => {
    const { rows, hanging, sources, copies } = makeSilent()
    const write = (version: number) =>
      copies.change('a', async () => {
        await sources.d1.prepare('SELECT 1').first()
        rows.set('a', item(version))
        return { result: null, kept: item(version) }
      })
    hanging.d1 = true
    await expect(write(1)).rejects.toThrow('no answer')
    const announced = feed.asked
    await expect(write(1)).rejects.toMatchObject({ reason: 'storage_unreachable' })
    expect(feed.asked).toBe(announced)
    hanging.d1 = false
    later(1000)
    expect(await write(2)).toBeNull()
    expect(sources.d1Breaker.isOpen).toBe(false)
  })

  it('a call from before the recovery does not make it count as down again', async () => {
    const { hanging, sources } = makeSilent()
    const ask = () => sources.d1.prepare('SELECT 1').first()
    hanging.d1 = true
    const old = expect(ask()).rejects.toThrow('no answer')
    hanging.d1 = false
    await ask()
    await old
    expect(sources.d1Breaker.isOpen).toBe(false)
    hanging.d1 = true
    await expect(ask()).rejects.toThrow('no answer')
    expect(sources.d1Breaker.isOpen).toBe(true)
  })

  it.each([false, true])('never waits for a copy in use, the feed being down: %s', async (down) => {
    const { rows, hanging, copies } = makeSilent()
    rows.set('a', item(1))
    await copies.find('a')
    feed.down = down
    hanging.d1 = true
    hanging.kv = true
    vi.useFakeTimers({ toFake: ['Date', 'setTimeout', 'clearTimeout'] })
    for (let second = 0; second < 200; second += 1) {
      await vi.advanceTimersByTimeAsync(1000)
      // Time stands still, so what waited for a deadline would not come back.
      expect(await copies.find('a')).toEqual(item(1))
    }
    expect(hanging.calls.d1).toBeLessThan(20)
  })

  it('goes on to D1 where KV is silent, and asks KV once a second', async () => {
    const { rows, hanging, copies } = makeSilent()
    hanging.kv = true
    for (const id of ['a', 'b', 'c']) {
      rows.set(id, item(1))
      expect(await copies.find(id)).toEqual(item(1))
    }
    expect(hanging.calls.kv).toBe(1)
    hanging.kv = false
    later(1000)
    rows.set('d', item(1))
    expect(await copies.find('d')).toEqual(item(1))
    expect(hanging.calls.kv).toBe(2)
  })

  it('refuses nothing because a silent source did not say yes', async () => {
    const { rows, hanging, copies } = makeSilent()
    rows.set('a', item(1))
    await copies.find('a')
    hanging.d1 = true
    later(1000)
    await expect(copies.fresh('a')).rejects.toMatchObject({ code: 'temporarily_unavailable' })
    expect(await copies.find('a')).toEqual(item(1))
  })
})
