import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { readThroughCache } from '../../src/store/cache.ts'
import { kvCache } from '../../src/store/cache-kv.ts'
import { sourcesOf } from '../../src/store/sources.ts'
import { milliseconds, nowMs } from '../../src/util/clock.ts'
import { testEnv } from '../support/bindings.ts'
import { withHanging } from '../support/outage.ts'

interface Item {
  readonly version: number
  readonly text: string
}

const env = testEnv()
const kv = env.COPIES
let names = 0

/** A source in memory that counts how often it is asked, and isolates over it that share one KV. */
function makeSource() {
  names += 1
  const name = `copies-test-${names}`
  const rows = new Map<string, Item>()
  const state = { reads: 0, down: false, gate: Promise.resolve() }
  const read = async (id: string): Promise<Item | undefined> => {
    state.reads += 1
    if (state.down) throw new Error('down')
    const row = rows.get(id)
    await state.gate
    return row
  }
  return { name, rows, state, isolate: () => readThroughCache<Item>(name, sourcesOf(env), read) }
}

/** Waits until KV has the copy that a read leaves behind. */
const inKv = (name: string): Promise<unknown> =>
  vi.waitUntil(async () => (await kv.list({ prefix: `${name}:` })).keys.length > 0)

const item = (version: number): Item => ({ version, text: `v${version}` })
const later = (milliseconds: number): void => {
  vi.setSystemTime(Date.now() + milliseconds)
}

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date'] })
  vi.spyOn(console, 'log').mockImplementation(() => undefined)
})
afterEach(() => {
  vi.useRealTimers()
  vi.restoreAllMocks()
})

describe('find', () => {
  it('asks the source once, and renews the copy for later callers before it is too old', async () => {
    const { name, rows, state, isolate } = makeSource()
    const copies = isolate()
    rows.set('a', item(1))
    expect(await copies.find('a')).toEqual(item(1))
    await inKv(name)
    rows.set('a', item(2))
    for (const step of [0, 19_000, 20_000, 10_000]) {
      later(step)
      expect(await copies.find('a')).toEqual(item(1))
    }
    expect(state.reads).toBe(1)
    later(2000)
    expect(await copies.find('a')).toEqual(item(1))
    await vi.waitFor(async () => expect(await copies.find('a')).toEqual(item(2)))
    expect(state.reads).toBe(2)
  })

  it('uses no copy that was read 60 s ago', async () => {
    const { rows, isolate } = makeSource()
    const copies = isolate()
    rows.set('a', item(1))
    await copies.find('a')
    rows.set('a', item(2))
    later(60_000)
    expect(await copies.find('a')).toEqual(item(2))
  })

  it('uses no copy whose time is not known, because the clock was set back', async () => {
    const { rows, isolate } = makeSource()
    const copies = isolate()
    rows.set('a', item(1))
    await copies.find('a')
    rows.set('a', item(2))
    later(-3_600_000)
    expect(await copies.find('a')).toEqual(item(2))
    rows.set('a', item(3))
    later(60_000)
    expect(await copies.find('a')).toEqual(item(3))
  })

  it('shares one read among concurrent callers', async () => {
    const { rows, state, isolate } = makeSource()
    rows.set('a', item(1))
    const copies = isolate()
    await Promise.all(Array.from({ length: 20 }, () => copies.find('a')))
    expect(state.reads).toBe(1)
  })

  it('remembers for a second that an id is unknown, unless it is made here', async () => {
    const { rows, state, isolate } = makeSource()
    const copies = isolate()
    for (const id of ['a', 'b', 'a', 'b']) expect(await copies.find(id)).toBeUndefined()
    expect(state.reads).toBe(2)
    await copies.put('b', item(1), nowMs())
    expect(await copies.find('b')).toEqual(item(1))
    rows.set('a', item(1))
    expect(await copies.find('a')).toBeUndefined()
    later(1000)
    expect(await copies.find('a')).toEqual(item(1))
  })

  it('lets another isolate use the copy in KV, counted from the first read', async () => {
    const { name, rows, state, isolate } = makeSource()
    rows.set('a', item(1))
    const [first, second] = [isolate(), isolate()]
    await first.find('a')
    await inKv(name)
    later(59_000)
    expect(await second.find('a')).toEqual(item(1))
    rows.set('a', item(2))
    later(1001)
    expect(await second.find('a')).toEqual(item(2))
    expect(state.reads).toBe(2)
  })

  it('sees a write of another isolate through KV from 20 s on', async () => {
    const { rows, isolate } = makeSource()
    rows.set('a', item(1))
    const [reader, writer] = [isolate(), isolate()]
    await reader.find('a')
    later(10)
    rows.set('a', item(2))
    await writer.put('a', item(2), nowMs())
    expect(await reader.find('a')).toEqual(item(1))
    later(20_000)
    expect(await reader.find('a')).toEqual(item(1))
    await vi.waitFor(async () => expect(await reader.find('a')).toEqual(item(2)))
  })

  it('trusts no copy from a clock that runs ahead, except while the source is unreachable', async () => {
    const { name, rows, state, isolate } = makeSource()
    rows.set('a', item(2))
    await kvCache<Item>(name, sourcesOf(env)).put('a', {
      value: item(1),
      readAt: milliseconds(nowMs() + 50_000),
    })
    expect(await isolate().find('a')).toEqual(item(2))
    state.down = true
    expect((await isolate().find('a'))?.version).toBeGreaterThan(0)
  })
})

describe('versions', () => {
  it('keeps a newer version in KV when an older one arrives later', async () => {
    const { name } = makeSource()
    const store = kvCache<Item>(name, sourcesOf(env))
    await store.put('a', { value: item(3), readAt: nowMs() })
    await store.put('a', { value: item(2), readAt: milliseconds(nowMs() + 5000) })
    expect((await store.get('a'))?.value).toEqual(item(3))
    await store.put('a', { value: item(4), readAt: nowMs() })
    expect((await store.get('a'))?.value).toEqual(item(4))
  })

  it('keeps what a write stored while an older read was under way', async () => {
    const { rows, state, isolate } = makeSource()
    const copies = isolate()
    const gate = Promise.withResolvers<void>()
    state.gate = gate.promise
    rows.set('a', item(1))
    const reading = copies.find('a')
    await vi.waitUntil(() => state.reads === 1)
    await copies.put('a', item(2), nowMs())
    gate.resolve()
    expect(await reading).toEqual(item(2))
    expect(await copies.find('a')).toEqual(item(2))
  })

  it('does not bring a deleted value back from a read that was under way, nor from KV', async () => {
    const { name, rows, state, isolate } = makeSource()
    const copies = isolate()
    const gate = Promise.withResolvers<void>()
    state.gate = gate.promise
    rows.set('a', item(1))
    const reading = copies.find('a')
    await vi.waitUntil(() => state.reads === 1)
    rows.delete('a')
    await copies.drop('a', 1)
    gate.resolve()
    expect(await reading).toBeUndefined()
    await kvCache<Item>(name, sourcesOf(env)).put('a', { value: item(1), readAt: nowMs() })
    expect(await copies.find('a')).toBeUndefined()
    rows.set('a', item(2))
    later(1000)
    expect(await copies.find('a')).toEqual(item(2))
  })

  it('sees from 20 s on that another isolate deleted a value', async () => {
    const { name, rows, isolate } = makeSource()
    rows.set('a', item(1))
    const [reader, writer] = [isolate(), isolate()]
    await reader.find('a')
    await inKv(name)
    later(10)
    rows.delete('a')
    await writer.drop('a', 1)
    later(20_000)
    expect(await reader.find('a')).toEqual(item(1))
    await vi.waitFor(async () => expect(await reader.find('a')).toBeUndefined())
  })

  it('follows a restored database whose versions went back, after 60 s', async () => {
    const { rows, isolate } = makeSource()
    const copies = isolate()
    rows.set('a', item(9))
    await copies.find('a')
    rows.set('a', item(3))
    later(60_001)
    expect(await copies.find('a')).toEqual(item(3))
  })
})

describe('fresh', () => {
  it('asks the source at most once a second, and tells the last answer meanwhile', async () => {
    const { rows, state, isolate } = makeSource()
    const copies = isolate()
    rows.set('a', item(1))
    await Promise.all([copies.fresh('a'), copies.fresh('a')])
    rows.set('a', item(2))
    expect(await copies.fresh('a')).toEqual(item(1))
    expect(state.reads).toBe(1)
    later(1000)
    expect(await copies.fresh('a')).toEqual(item(2))
    expect(await copies.find('a')).toEqual(item(2))
    expect(state.reads).toBe(2)
  })

  it('asks no second time for an id that find just found unknown', async () => {
    const { state, isolate } = makeSource()
    const copies = isolate()
    await copies.find('nobody')
    expect(await copies.fresh('nobody')).toBeUndefined()
    expect(state.reads).toBe(1)
  })

  it('forgets what the source no longer has', async () => {
    const { rows, isolate } = makeSource()
    const copies = isolate()
    rows.set('a', item(1))
    await copies.find('a')
    rows.delete('a')
    later(1000)
    expect(await copies.fresh('a')).toBeUndefined()
    expect(await copies.find('a')).toBeUndefined()
  })
})

describe('while the source is unreachable', () => {
  const unavailable = { code: 'temporarily_unavailable' }

  it('stretches a known value, asks again once a second, and returns to the source', async () => {
    const { rows, state, isolate } = makeSource()
    const copies = isolate()
    rows.set('a', item(1))
    await copies.find('a')
    state.down = true
    later(600_000)
    expect(await copies.find('a')).toEqual(item(1))
    expect(await copies.find('a')).toEqual(item(1))
    expect(state.reads).toBe(2)
    rows.set('a', item(2))
    state.down = false
    later(1000)
    expect(await copies.find('a')).toEqual(item(2))
  })

  it('stretches a copy that only KV has', async () => {
    const { name, state, isolate } = makeSource()
    await kvCache<Item>(name, sourcesOf(env)).put('a', {
      value: item(1),
      readAt: milliseconds(nowMs() - 600_000),
    })
    state.down = true
    expect(await isolate().find('a')).toEqual(item(1))
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
    const { name, rows, state } = makeSource()
    const sources = sourcesOf(hanging.env, deadlines)
    const read = async (id: string): Promise<Item | undefined> => {
      state.reads += 1
      await sources.d1.prepare('SELECT 1').first()
      return rows.get(id)
    }
    return { rows, state, hanging, sources, copies: readThroughCache<Item>(name, sources, read) }
  }

  it('waits once for a copy that is too old, then for nothing, and closes by a probe', async () => {
    const { rows, state, hanging, sources, copies } = makeSilent()
    rows.set('a', item(1))
    rows.set('b', item(1))
    await copies.find('a')
    await copies.find('b')
    hanging.d1 = true
    later(600_000)
    expect(await copies.find('a')).toEqual(item(1))
    expect(sources.d1Breaker.isOpen).toBe(true)
    const reads = state.reads
    for (let turn = 0; turn < 20; turn += 1) expect(await copies.find('b')).toEqual(item(1))
    await expect(copies.find('cold')).rejects.toMatchObject({ reason: 'storage_unreachable' })
    expect(state.reads).toBe(reads)
    hanging.d1 = false
    rows.set('b', item(2))
    later(1000)
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

  it('never waits where a copy is renewed in time', async () => {
    const { rows, hanging, copies } = makeSilent()
    rows.set('a', item(1))
    await copies.find('a')
    hanging.d1 = true
    hanging.kv = true
    vi.useFakeTimers({ toFake: ['Date', 'setTimeout', 'clearTimeout'] })
    for (let second = 0; second < 200; second += 1) {
      await vi.advanceTimersByTimeAsync(1000)
      // Time stands still, so what waited for a deadline would not come back.
      expect(await copies.find('a')).toEqual(item(1))
    }
    expect(hanging.calls.d1).toBeGreaterThan(50)
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
    await vi.waitUntil(() => hanging.calls.kv > 2)
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
