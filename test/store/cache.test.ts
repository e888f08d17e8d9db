import { runInDurableObject } from 'cloudflare:test'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { Ledger } from '../../src/ledger/object.ts'
import { ownerOf } from '../../src/ledger/owner.ts'
import { kvCache } from '../../src/store/cache-kv.ts'
import { feedKey } from '../../src/store/feed.ts'
import { nowMs } from '../../src/util/clock.ts'
import { testEnv } from '../support/bindings.ts'
import { patient } from '../support/patient.ts'
import { env, feed, type Item, item, later, makeSource, quiet } from './cache-support.ts'

const DAY_MS = 86_400_000
const feedStub = () => testEnv().LEDGER.getByName(ownerOf('feed', 'copies'))

beforeEach(() => {
  Object.assign(feed, { down: false })
  vi.useFakeTimers({ toFake: ['Date'] })
  vi.spyOn(console, 'log').mockImplementation(() => undefined)
})
afterEach(() => {
  vi.useRealTimers()
  vi.restoreAllMocks()
})

describe('find', () => {
  it('asks nobody but the feed for a copy in use, behind the request, and writes nothing', async () => {
    const { name, rows, state, isolate, fill } = makeSource()
    rows.set('a', item(1))
    await fill('a')
    const copies = isolate()
    const put = vi.spyOn(Object.getPrototypeOf(env.COPIES), 'put')
    for (let turn = 0; turn < 60; turn += 1) {
      expect(await copies.find('a')).toEqual(item(1))
      await quiet()
      later(20_000)
    }
    expect([state.reads, put.mock.calls.length]).toEqual([0, 0])
    const before = feed.asked
    for (let turn = 0; turn < 10; turn += 1) {
      later(2000)
      await copies.find('a')
      await quiet()
    }
    expect(feed.asked - before).toBeLessThanOrEqual(1)
    expect((await env.COPIES.list({ prefix: `${name}:` })).keys).toHaveLength(1)
  })

  it('uses a copy for 60 s, and then asks the feed before it is used', async () => {
    const { rows, state, isolate, fill, write } = makeSource()
    rows.set('a', item(1))
    await fill('a')
    const [copies, writer] = [isolate(), isolate()]
    await copies.find('a')
    later(10)
    await write(writer, 'a', item(2))
    expect(await writer.find('a')).toEqual(item(2))
    later(59_000)
    expect(await copies.find('a')).toEqual(item(1))
    later(1000)
    expect(await copies.find('a')).toEqual(item(2))
    expect(state.reads).toBe(0)
  })

  it('sees a change of another isolate behind a request, without D1', async () => {
    const { rows, state, isolate, fill, write } = makeSource()
    rows.set('a', item(1))
    await fill('a')
    const [copies, writer] = [isolate(), isolate()]
    await copies.find('a')
    await write(writer, 'a', item(2))
    later(36_000)
    expect(await copies.find('a')).toEqual(item(1))
    await quiet()
    await vi.waitFor(async () => expect(await copies.find('a')).toEqual(item(2)))
    expect(state.reads).toBe(0)
  })

  it('sees what changed in D1 by hand after a day or two, or when the job looks', async () => {
    const { rows, isolate, fill } = makeSource()
    rows.set('a', item(1))
    await fill('a')
    const [copies, job] = [isolate(), isolate()]
    await copies.find('a')
    rows.set('a', { version: 1, text: 'by hand' })
    later(2 * DAY_MS)
    await copies.find('a')
    await vi.waitFor(async () => {
      later(1000)
      expect(await copies.find('a')).toMatchObject({ text: 'by hand' })
    }, 20_000)
    rows.set('a', { version: 1, text: 'by hand again' })
    expect(await job.fill(['a'], JSON.stringify)).toEqual({ written: 1, unreadable: [] })
    later(60_000)
    expect(await copies.find('a')).toMatchObject({ text: 'by hand again' })
    rows.delete('a')
    await job.fill(['a'], JSON.stringify)
    later(60_000)
    expect(await copies.find('a')).toBeUndefined()
  })

  it('sees everywhere what one isolate found to be deleted in D1 by hand, also where KV has a copy', async () => {
    const { rows, state, name, isolate, fill } = makeSource()
    rows.set('a', item(1))
    await fill('a')
    const [copies, other] = [isolate(), isolate()]
    for (const cache of [copies, other]) await cache.find('a')
    rows.delete('a')
    later(3 * 3_600_000)
    expect(await isolate().find('a')).toEqual(item(1))
    later(2 * DAY_MS)
    // An isolate that begins now takes the copy of KV, and reads D1 behind the next requests.
    const cold = isolate()
    await cold.find('a')
    await vi.waitFor(async () => {
      later(1000)
      expect(await cold.find('a')).toBeUndefined()
    }, 20_000)
    await vi.waitFor(async () => {
      expect(await kvCache<Item>(name, patient(env)).get('a')).toBeNull()
    }, 20_000)
    await quiet()
    later(60_000)
    for (const cache of [copies, other, isolate()]) expect(await cache.find('a')).toBeUndefined()
    // Nobody announces it again.
    const { reads } = state
    const asked = feed.asked
    expect(await isolate().find('a')).toBeUndefined()
    await quiet()
    expect([state.reads - reads, feed.asked - asked]).toEqual([1, 1])
  })

  it('takes a change that it has not heard of for no contradiction, and looks into one seldom', async () => {
    const { rows, isolate, fill, write } = makeSource()
    rows.set('a', item(1))
    await fill('a')
    const [copies, writer] = [isolate(), isolate()]
    await copies.find('a')
    await write(writer, 'a', item(2))
    const head = async (): Promise<string> => (await patient(env).feed.ask(['a'])).head
    const before = await head()
    later(1000)
    expect(await copies.fresh('a')).toEqual(item(2))
    await quiet()
    expect(await head()).toBe(before)
    later(601_000)
    await copies.find('a')
    rows.set('a', item(7))
    expect(await copies.fresh('a')).toEqual(item(7))
    await vi.waitUntil(async () => (await head()) !== before)
    later(60_000)
    expect(await writer.find('a')).toEqual(item(7))
  })

  it('uses no copy whose time is not known, because the clock was set back', async () => {
    const { rows, isolate, write } = makeSource()
    const copies = isolate()
    rows.set('a', item(1))
    await copies.find('a')
    later(-3_600_000)
    await write(isolate(), 'a', item(2))
    expect(await copies.find('a')).toEqual(item(2))
    await write(isolate(), 'a', item(3))
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
    await copies.add('b', async () => item(1))
    expect(await copies.find('b')).toEqual(item(1))
    rows.set('a', item(1))
    expect(await copies.find('a')).toBeUndefined()
    later(1000)
    expect(await copies.find('a')).toEqual(item(1))
  })

  it('takes the copy of KV only if nothing changed since it was made', async () => {
    const { rows, state, name, isolate, fill } = makeSource()
    rows.set('a', item(1))
    await fill('a')
    later(2.9 * DAY_MS)
    expect(await isolate().find('a')).toEqual(item(1))
    expect(state.reads).toBe(0)
    rows.set('a', item(2))
    const old = await kvCache<Item>(name, patient(env)).get('a')
    if (!old) throw new Error('no copy')
    await kvCache<Item>(name, patient(env)).put('a', { ...old, tag: '.another' })
    expect(await isolate().find('a')).toEqual(item(2))
    expect(state.reads).toBe(1)
  })

  it('takes no copy for the present value that is nearly as old as what the feed forgets', async () => {
    const { rows, state, name, isolate, fill, write } = makeSource()
    for (const id of ['a', 'b']) rows.set(id, item(1))
    await fill('a', 'b')
    const put = vi.spyOn(Object.getPrototypeOf(env.COPIES), 'put').mockRejectedValue(new Error('down'))
    const long = isolate()
    await long.find('b')
    await write(isolate(), 'a', item(2))
    await write(isolate(), 'b', item(2))
    put.mockRestore()
    later(4 * DAY_MS + 3_600_000)
    await runInDurableObject(feedStub(), (ledger: Ledger) => ledger.alarm())
    const told = await patient(env).feed.ask([feedKey(name, 'a')])
    const old = await kvCache<Item>(name, patient(env)).get('a')
    expect([told.tagOf(feedKey(name, 'a')), old?.value]).toEqual([old?.tag, item(1)])
    expect(await isolate().find('a')).toEqual(item(2))
    expect(await long.find('b')).toEqual(item(2))
    expect(state.reads).toBe(2)
  })

  it('is told of changes as before while strangers change more values than are told at once', async () => {
    const { rows, isolate, fill, write } = makeSource()
    for (const id of ['a', 'b']) rows.set(id, item(1))
    await fill('a', 'b')
    const copies = isolate()
    for (const id of ['a', 'b']) await copies.find(id)
    const expires = Math.floor(Date.now() / 1000) + 86_400
    await runInDurableObject(feedStub(), (_ledger, { storage }) => {
      storage.sql.exec(
        `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1500)
         INSERT INTO changes (id, tag, until_ms, attempt, expires) SELECT 'n' || i, 't', 0, 'a', ? FROM n`,
        expires,
      )
    })
    await write(isolate(), 'a', item(2))
    const before = feed.asked
    later(60_000)
    expect(await copies.find('a')).toEqual(item(2))
    expect(await copies.find('b')).toEqual(item(1))
    // Another value is named too if a change of an earlier test is over by now.
    expect([feed.asked - before, feed.told.at(-1)?.told]).toEqual([1, 'since'])
    expect(feed.told.at(-1)?.tags).toBeLessThan(10)
    // Whoever begins now asks once for each value, and then as the others do.
    const cold = isolate()
    for (const id of ['a', 'b']) await cold.find(id)
    expect(feed.told.slice(-2).map(({ told }) => told)).toEqual(['some', 'since'])
    later(60_000)
    await cold.find('a')
    await cold.find('b')
    expect(feed.asked - before).toBe(4)
    expect(feed.told.at(-1)?.tags).toBeLessThan(10)
    await runInDurableObject(feedStub(), (_ledger, { storage }) => {
      storage.sql.exec("DELETE FROM changes WHERE tag = 't'")
    })
  })

  it('is renewed in KV by the job once a day, however often that comes', async () => {
    const { rows, isolate, fill } = makeSource()
    rows.set('a', item(1))
    await fill('a')
    const job = isolate()
    let renewed = 0
    for (let run = 0; run < 4 * 24 * 3; run += 1) {
      later(900_000)
      renewed += (await job.fill(['a'], JSON.stringify)).written
    }
    expect(renewed).toBe(3)
  })

  it('asks the feed once for any number of copies that KV has', async () => {
    const { rows, isolate, fill } = makeSource()
    const ids = Array.from({ length: 20 }, (_, index) => `id-${index}`)
    for (const id of ids) rows.set(id, item(1))
    await fill(...ids)
    const before = feed.asked
    const copies = isolate()
    for (const id of ids) await copies.find(id)
    expect(feed.asked - before).toBe(1)
  })
})

describe('changes', () => {
  it('are refused before D1 is written where the feed cannot be told', async () => {
    const { rows, isolate, write } = makeSource()
    rows.set('a', item(1))
    const copies = isolate()
    feed.down = true
    await expect(write(copies, 'a', item(2))).rejects.toMatchObject({ status: 503 })
    expect(rows.get('a')).toEqual(item(1))
    expect(await copies.add('b', async () => item(1))).toEqual(item(1))
  })

  it('that stop half way, or take effect late, are seen within 60 s all the same', async () => {
    const { rows, isolate, fill } = makeSource()
    rows.set('a', item(1))
    await fill('a')
    const copies = isolate()
    await copies.find('a')
    const lost = isolate().change('a', () => Promise.reject(new Error('stopped')))
    await expect(lost).rejects.toThrow('stopped')
    for (const wait of [20_000, 20_000, 20_000, 20_000]) {
      later(wait)
      await copies.find('a')
      await quiet()
    }
    rows.set('a', item(2))
    later(60_000)
    expect(await copies.find('a')).toEqual(item(2))
  })

  it('at the same time end with what D1 has, whichever ends last', async () => {
    const { rows, isolate } = makeSource()
    rows.set('a', item(1))
    const [one, two, reader] = [isolate(), isolate(), isolate()]
    const gate = Promise.withResolvers<void>()
    const slow = one.change('a', async () => {
      rows.set('a', item(2))
      await gate.promise
      return { result: null, kept: item(2) }
    })
    await vi.waitUntil(() => rows.get('a')?.version === 2)
    await two.change('a', async () => {
      rows.set('a', item(3))
      return { result: null, kept: item(3) }
    })
    gate.resolve()
    await slow
    expect(await reader.find('a')).toEqual(item(3))
    for (const cache of [one, two]) {
      later(60_000)
      expect(await cache.find('a')).toEqual(item(3))
    }
  })

  it('keep what a write stored while an older read was under way', async () => {
    const { rows, state, isolate, write } = makeSource()
    const copies = isolate()
    const gate = Promise.withResolvers<void>()
    state.gate = gate.promise
    rows.set('a', item(1))
    const reading = copies.find('a')
    await vi.waitUntil(() => state.reads === 1)
    await write(copies, 'a', item(2))
    gate.resolve()
    expect(await reading).toEqual(item(2))
    expect(await copies.find('a')).toEqual(item(2))
  })

  it('do not bring a deleted value back from a read that was under way, nor from KV', async () => {
    const { name, rows, state, isolate, remove } = makeSource()
    const copies = isolate()
    const gate = Promise.withResolvers<void>()
    state.gate = gate.promise
    rows.set('a', item(1))
    const reading = copies.find('a')
    await vi.waitUntil(() => state.reads === 1)
    await remove(copies, 'a')
    gate.resolve()
    expect(await reading).toBeUndefined()
    const old = { value: item(1), readAt: nowMs(), tag: '.' }
    await kvCache<Item>(name, patient(env)).put('a', old)
    for (const cache of [copies, isolate()]) expect(await cache.find('a')).toBeUndefined()
    later(1000)
    await copies.add('a', async () => {
      rows.set('a', item(2))
      return item(2)
    })
    for (const cache of [copies, isolate()]) expect(await cache.find('a')).toEqual(item(2))
  })

  it('of another isolate that delete a value are seen behind a request', async () => {
    const { rows, isolate, fill, remove } = makeSource()
    rows.set('a', item(1))
    await fill('a')
    const [reader, writer] = [isolate(), isolate()]
    await reader.find('a')
    later(10)
    await remove(writer, 'a')
    later(60_000)
    expect(await reader.find('a')).toBeUndefined()
  })

  it('by a restored database count everywhere once that was said, also if its versions went back', async () => {
    const { rows, isolate, fill } = makeSource()
    rows.set('a', item(9))
    await fill('a')
    const [copies, cold] = [isolate(), isolate()]
    await copies.find('a')
    rows.set('a', item(3))
    await patient(env).feed.renew(crypto.randomUUID())
    later(60_001)
    for (const cache of [copies, cold]) expect(await cache.find('a')).toEqual(item(3))
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
