import * as v from 'valibot'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { clientMetadata } from '../../src/store/client-metadata.ts'
import { ClientStore } from '../../src/store/clients.ts'
import type { ClientRecord } from '../../src/store/types.ts'
import { countCalls, testEnv } from '../support/bindings.ts'
import { clientRecord } from '../support/client-record.ts'
import { withOutage } from '../support/outage.ts'
import { patient } from '../support/patient.ts'

const env = testEnv()
const isolate = (): ClientStore => new ClientStore(patient(env))

async function insert(store: ClientStore, id: string, body: object = {}): Promise<ClientRecord> {
  const record = await store.insert(clientRecord(id, body))
  if (record === undefined) throw new TypeError(`${id} is taken`)
  return record
}

const renamed = (record: ClientRecord, name: string): ClientRecord => ({
  ...record,
  version: record.version + 1,
  metadata: { ...record.metadata, client_name: name },
})

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date'] })
  vi.spyOn(console, 'log').mockImplementation(() => undefined)
})
afterEach(() => {
  vi.useRealTimers()
  vi.restoreAllMocks()
})

describe('writes', () => {
  it('stores what it was given and counts versions', async () => {
    const store = isolate()
    const record = await insert(store, 'w1', {
      client_name: 'One',
      owner: 'me',
      metadata: { a: [1, null, 'x'] },
    })
    expect(await isolate().read('w1')).toEqual(record)
    expect(await store.replace(renamed(record, 'Two'))).toBe(true)
    expect(await isolate().read('w1')).toEqual(renamed(record, 'Two'))
  })

  it('refuses a taken id, a stale version and what is not there', async () => {
    const store = isolate()
    const record = await insert(store, 'w2')
    expect(await store.insert(clientRecord('w2'))).toBeUndefined()
    expect(await store.replace(renamed(record, 'a'))).toBe(true)
    expect(await store.replace(renamed(record, 'b'))).toBe(false)
    expect((await store.read('w2'))?.metadata.client_name).toBe('a')
    expect(await store.remove('w2')).toBe(true)
    expect(await store.remove('w2')).toBe(false)
    expect(await store.replace(renamed(renamed(record, 'a'), 'c'))).toBe(false)
  })

  it('lets exactly one of many concurrent changes win', async () => {
    const record = await insert(isolate(), 'w3')
    const outcomes = await Promise.all(
      Array.from({ length: 10 }, (_, index) => isolate().replace(renamed(record, `n${index}`))),
    )
    expect(outcomes.filter(Boolean)).toHaveLength(1)
  })

  it('gives a client created again a higher version than any copy of the old one', async () => {
    const [one, two] = [isolate(), isolate()]
    let record = await insert(one, 'w4')
    for (const name of ['a', 'b', 'c']) {
      record = renamed(record, name)
      await one.replace(record)
    }
    expect((await two.find('w4'))?.metadata.client_name).toBe('c')
    await one.remove('w4')
    const again = await insert(one, 'w4', { client_name: 'again' })
    expect(again.version).toBeGreaterThan(record.version)
    expect(again.instance).not.toBe(record.instance)
    vi.setSystemTime(Date.now() + 60_000)
    expect((await two.find('w4'))?.metadata.client_name).toBe('again')
  })
})

describe('reads across isolates', () => {
  it('sees a change at once where it was made, and elsewhere within 60 s', async () => {
    const [here, there] = [isolate(), isolate()]
    const record = await insert(here, 'r1', { client_name: 'old' })
    expect((await there.find('r1'))?.metadata.client_name).toBe('old')
    await here.replace(renamed(record, 'new'))
    expect((await here.find('r1'))?.metadata.client_name).toBe('new')
    expect((await there.find('r1'))?.metadata.client_name).toBe('old')
    vi.setSystemTime(Date.now() + 60_000)
    expect((await there.find('r1'))?.metadata.client_name).toBe('new')
  })

  it('sees a deletion at once where it was made, and elsewhere within 60 s', async () => {
    const [here, there] = [isolate(), isolate()]
    await insert(here, 'r2')
    expect(await there.find('r2')).toBeDefined()
    await here.remove('r2')
    expect(await here.find('r2')).toBeUndefined()
    vi.setSystemTime(Date.now() + 60_000)
    expect(await there.find('r2')).toBeUndefined()
  })

  it('finds a client that another isolate made, a second after it looked for it', async () => {
    const [here, there] = [isolate(), isolate()]
    expect(await there.find('r3')).toBeUndefined()
    await insert(here, 'r3')
    vi.setSystemTime(Date.now() + 1000)
    expect(await there.find('r3')).toBeDefined()
  })

  it('answers from memory without any call', async () => {
    const counted = countCalls(env)
    const store = new ClientStore(patient(counted.env))
    await insert(store, 'r4')
    counted.reset()
    await store.find('r4')
    expect(counted.counts).toEqual({ d1: 0, kv: 0, ledger: 0 })
  })

  const hostile = ['', 'x'.repeat(256), 'a\u0000b', 'a\nb', 'a\u0085b', '\ud800']
  it.each(hostile)('never looks up the id %j', async (id) => {
    const counted = countCalls(env)
    const store = new ClientStore(patient(counted.env))
    expect(await store.find(id)).toBeUndefined()
    expect(await store.fresh(id)).toBeUndefined()
    expect(await store.read(id)).toBeUndefined()
    expect(await store.remove(id)).toBe(false)
    expect(counted.counts).toEqual({ d1: 0, kv: 0, ledger: 0 })
  })

  it('keeps ids apart that differ in case or trailing space', async () => {
    const store = isolate()
    await insert(store, 'Case')
    expect(await store.find('case')).toBeUndefined()
    expect(await store.find('Case ')).toBeUndefined()
  })
})

describe('lists', () => {
  it('filters exactly, orders by id, pages and counts', async () => {
    const store = isolate()
    for (const [id, client_name, owner] of [
      ['l3', 'L', 'o1'],
      ['l1', 'L', 'o1'],
      ['l2', 'L', 'o2'],
      ['l4', 'l', 'o1'],
    ] as const) {
      await insert(store, id, { client_name, owner })
    }
    const ids = async (filter: { name: string | null; owner: string | null }, page: object = {}) =>
      (await store.list({ ...filter, after: null, offset: 0, limit: 10, ...page })).map((client) => client.id)
    const named = { name: 'L', owner: null }
    expect(await ids(named)).toEqual(['l1', 'l2', 'l3'])
    expect(await ids(named, { after: 'l1', limit: 1 })).toEqual(['l2'])
    expect(await ids(named, { offset: 2 })).toEqual(['l3'])
    expect(await ids({ name: 'L', owner: 'o1' })).toEqual(['l1', 'l3'])
    expect(await store.count(named)).toBe(3)
    expect(await store.count({ name: null, owner: 'o2' })).toBe(1)
  })
})

describe('what is stored', () => {
  const setMetadata = (id: string, change: string): Promise<unknown> =>
    env.DB.prepare(`UPDATE clients SET metadata = ${change} WHERE id = ?`).bind(id).run()

  it('lacks fields that came later: each has its default', async () => {
    const record = await insert(isolate(), 's1', { client_name: 'Old' })
    await setMetadata('s1', "json_object('client_name', 'Old', 'redirect_uris', json_array())")
    expect(await isolate().read('s1')).toEqual({
      ...record,
      metadata: { ...v.parse(clientMetadata, {}), client_name: 'Old', redirect_uris: [] },
    })
  })

  it.each([
    ['no JSON', "'{'"],
    ['a text where a list belongs', "json_set(metadata, '$.audience', 'x')"],
    ['a number where a text belongs', "json_set(metadata, '$.scope', 7)"],
  ])('is damaged, %s: an error, and no absent client', async (_what, change) => {
    await insert(isolate(), `s2 ${change}`)
    await setMetadata(`s2 ${change}`, change)
    await expect(isolate().read(`s2 ${change}`)).rejects.toMatchObject({ code: 'server_error', status: 500 })
  })
})

describe('while storage is down', () => {
  it('goes on with known clients and says 503 otherwise', async () => {
    const outage = withOutage(env)
    const store = new ClientStore(patient(outage.env))
    const record = await insert(store, 'd1')
    outage.down = true
    vi.setSystemTime(Date.now() + 3_600_000)
    expect(await store.find('d1')).toEqual(record)
    const unavailable = { code: 'temporarily_unavailable', status: 503 }
    const page = { name: null, owner: null, after: null, offset: 0, limit: 1 }
    for (const call of [
      () => store.find('d2'),
      () => store.fresh('d1'),
      () => store.read('d1'),
      () => store.insert(clientRecord('d3')),
      () => store.replace(renamed(record, 'x')),
      () => store.remove('d1'),
      () => store.list(page),
      () => store.count(page),
    ]) {
      await expect(call()).rejects.toMatchObject(unavailable)
    }
  })

  it('logs what the database said, and no value of a row', async () => {
    const outage = withOutage(env)
    outage.down = true
    const store = new ClientStore(patient(outage.env))
    const secret = { ...clientRecord('d5'), secretHash: 'hmac1$a$not-for-the-log' }
    const log = vi.spyOn(console, 'log').mockImplementation(() => undefined)
    await expect(store.insert(secret)).rejects.toMatchObject({ code: 'temporarily_unavailable' })
    const lines = log.mock.calls.map(([line]) => String(line))
    expect(lines).toContain('{"kind":"store.unreachable","reason":"storage is down"}')
    expect(lines.join()).not.toMatch(/not-for-the-log|d5/)
  })

  it('takes KV for an optimisation: everything works without it', async () => {
    const outage = withOutage(env)
    outage.down = true
    const store = new ClientStore(patient({ ...env, COPIES: outage.env.COPIES }))
    const record = await insert(store, 'd4')
    expect(await store.replace(renamed(record, 'x'))).toBe(true)
    expect((await store.find('d4'))?.metadata.client_name).toBe('x')
    expect(await store.remove('d4')).toBe(true)
    expect(await store.find('d4')).toBeUndefined()
  })
})
