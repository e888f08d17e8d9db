import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { SharedLoad } from '../../src/util/shared-load.ts'

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date'] })
})
afterEach(() => {
  vi.useRealTimers()
})

it('only callers during a load share its outcome', async () => {
  const load = new SharedLoad<number>()
  const [gate, other] = [Promise.withResolvers<number>(), Promise.resolve(2)]
  const first = load.join(() => gate.promise)
  const joined = load.join(() => other)
  gate.resolve(1)
  expect(await Promise.all([first, joined])).toEqual([1, 1])
  expect(await load.join(() => other)).toBe(2)
})

it('a load that took longer than the interval leaves the one that followed it alone', async () => {
  const load = new SharedLoad<number>()
  const [slow, gate] = [Promise.withResolvers<number>(), Promise.withResolvers<number>()]
  const first = load.join(() => slow.promise)
  vi.setSystemTime(Date.now() + 1000)
  const second = load.join(() => gate.promise)
  slow.resolve(1)
  expect(await first).toBe(1)
  const joined = load.join(() => Promise.resolve(3))
  gate.resolve(2)
  expect(await Promise.all([second, joined])).toEqual([2, 2])
})
