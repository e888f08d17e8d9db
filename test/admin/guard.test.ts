import { afterEach, describe, expect, it, vi } from 'vitest'
import { BoundedMap } from '../../src/util/bounded-map.ts'
import { Deployment, testEnv } from '../support/deployment.ts'

afterEach(() => {
  vi.restoreAllMocks()
})

const withKeys = (...keys: readonly string[]): Deployment =>
  new Deployment(testEnv({ ADMIN_API_KEYS: keys.join(',') }))

const statusOf = async (deployment: Deployment, key: string): Promise<number> => {
  const headers = { authorization: `Bearer ${key}` }
  return (await deployment.fetch('/admin/version', { headers })).status
}

/** Which texts are remembered from here on. */
const remembered = () => vi.spyOn(BoundedMap.prototype, 'set')

describe('the digest of an API key', () => {
  it('is remembered of a right one, which fails at once when it is taken out of the settings', async () => {
    const [leaving, staying] = ['key-that-will-be-taken-out', 'key-that-stays-in-the-list']
    const set = remembered()
    const before = withKeys(leaving, staying)
    expect([await statusOf(before, leaving), await statusOf(before, leaving)]).toEqual([200, 200])
    expect(set.mock.calls.map(([key]) => key)).toContain(leaving)
    const after = withKeys(staying)
    expect([await statusOf(after, leaving), await statusOf(after, staying)]).toEqual([401, 200])
  })

  it('is not remembered of a wrong one, however often it comes', async () => {
    const set = remembered()
    const deployment = withKeys('key-that-is-the-right-one')
    const wrong = 'key-that-somebody-made-up'
    for (let tried = 0; tried < 3; tried += 1) expect(await statusOf(deployment, wrong)).toBe(401)
    expect(set.mock.calls.map(([key]) => key)).not.toContain(wrong)
    // Once it is set it opens.
    expect(await statusOf(withKeys(wrong), wrong)).toBe(200)
  })

  it('is remembered of a hundred at most, and the others open all the same', async () => {
    const keys = Array.from({ length: 110 }, (_, at) => `key-number-${at}-of-very-many`)
    const deployment = withKeys(...keys)
    const set = remembered()
    for (const key of keys) expect(await statusOf(deployment, key)).toBe(200)
    const own = set.mock.calls.findIndex(([key]) => key === keys[0])
    const digests = set.mock.contexts[own] as BoundedMap<unknown>
    expect(digests.size).toBe(100)
    expect(await statusOf(deployment, keys[0] ?? '')).toBe(200)
  })
})
