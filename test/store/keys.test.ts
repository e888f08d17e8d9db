import { beforeEach, describe, expect, it } from 'vitest'
import { JsonWebKeyStore } from '../../src/store/json-web-keys.ts'
import { RootKeyStore } from '../../src/store/root-keys.ts'
import { countCalls, testEnv } from '../support/bindings.ts'
import { patient } from '../support/patient.ts'

const env = testEnv()
const roots = (): RootKeyStore => new RootKeyStore(patient(env))
const keys = (): JsonWebKeyStore => new JsonWebKeyStore(patient(env))

describe('root keys', () => {
  beforeEach(async () => {
    await env.DB.exec('delete from root_keys')
  })

  it('ends with one first key however many isolates race', async () => {
    const stores = Array.from({ length: 10 }, roots)
    expect(await Promise.all(stores.map((store) => store.list(true)))).toEqual(stores.map(() => []))
    const results = await Promise.all(
      stores.map((store, index) =>
        store.insertFirst({ id: `r${index}`, sealed: `s${index}`, createdAt: 100 + index }),
      ),
    )
    const [first] = results
    expect(first).toHaveLength(1)
    for (const rows of results) expect(rows).toEqual(first)
    expect(await roots().list(true)).toEqual(first)
  })

  it('shows the first key at once where it was stored', async () => {
    const store = roots()
    expect(await store.list(true)).toEqual([])
    const row = { id: 'r', sealed: 's', createdAt: 5 }
    await store.insertFirst(row)
    expect(await store.list(false)).toEqual([row])
    expect(await store.list(true)).toEqual([row])
  })

  it('rewraps only what still has the expected form', async () => {
    const store = roots()
    await store.insertFirst({ id: 'r', sealed: 'old', createdAt: 5 })
    await store.rewrap('r', 'other', 'wrong')
    expect(await store.list(true)).toMatchObject([{ sealed: 'old' }])
    await store.rewrap('r', 'old', 'new')
    expect(await store.list(false)).toMatchObject([{ sealed: 'new' }])
    expect(await roots().list(true)).toMatchObject([{ sealed: 'new' }])
  })
})

describe('signing keys', () => {
  const row = (set: string, kid: string, createdAt: number) => ({
    set,
    kid,
    alg: 'ES256',
    publicJwk: { kty: 'EC', crv: 'P-256', x: 'x', y: 'y' },
    privateSealed: `sealed-${kid}`,
    createdAt,
  })

  it('ends with one first key per set however many isolates race', async () => {
    const stores = Array.from({ length: 10 }, keys)
    const results = await Promise.all(
      stores.map((store, index) => store.insertFirst(row('race', `k${index}`, index), [])),
    )
    expect(results[0]).toHaveLength(1)
    for (const rows of results) expect(rows).toEqual(results[0])
  })

  it('keeps sets apart', async () => {
    const store = keys()
    await store.insertFirst(row('one', 'k', 1), [])
    await store.insertFirst(row('two', 'k', 2), [])
    expect(await store.list('one', true)).toEqual([row('one', 'k', 1)])
    expect(await keys().list('two', false)).toEqual([row('two', 'k', 2)])
    expect(await store.list('three', false)).toEqual([])
  })

  it('lists newest first', async () => {
    const insert =
      'insert into json_web_keys ("set", kid, alg, public_jwk, private_sealed, created_at) values (?, ?, ?, ?, ?, ?)'
    for (const [kid, at] of [
      ['a', 1],
      ['c', 3],
      ['b', 2],
    ]) {
      await env.DB.prepare(insert).bind('order', kid, 'ES256', '{"kty":"EC"}', 's', at).run()
    }
    expect((await keys().list('order', true)).map((key) => key.kid)).toEqual(['c', 'b', 'a'])
  })

  it('asks at most once a second for a set that lost its last key', async () => {
    const counted = countCalls(env)
    const store = new JsonWebKeyStore(patient(counted.env))
    await store.insertFirst(row('emptied', 'k', 1), [])
    expect(await store.replace('emptied', 'k', [])).toEqual(['k'])
    counted.reset()
    for (const fresh of [false, true, true]) expect(await store.list('emptied', fresh)).toEqual([])
    expect(counted.counts.d1).toBe(1)
    await store.insertFirst(row('emptied', 'l', 2), [])
    expect(await store.list('emptied', true)).toEqual([row('emptied', 'l', 2)])
  })
})
