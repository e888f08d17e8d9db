import { describe, expect, it } from 'vitest'
import { BoundedMap } from '../../src/util/bounded-map.ts'

describe('BoundedMap', () => {
  it('forgets the least recently used entry', () => {
    const map = new BoundedMap<number>(2)
    map.set('a', 1)
    map.set('b', 2)
    map.get('a')
    map.set('c', 3)
    expect([map.get('a'), map.get('b'), map.get('c')]).toEqual([1, undefined, 3])
  })

  it('bounds the total weight, and counts a replaced or deleted entry no more', () => {
    const map = new BoundedMap<string>(100, 10)
    map.set('a', 'x', 6)
    map.set('a', 'y', 4)
    map.set('b', 'z', 6)
    expect([map.get('a'), map.get('b')]).toEqual(['y', 'z'])
    map.delete('b')
    map.set('c', 'w', 6)
    expect(map.size).toBe(2)
    map.set('d', 'v', 5)
    expect([map.get('a'), map.get('c'), map.get('d')]).toEqual([undefined, undefined, 'v'])
  })

  it('keeps the newest entry even when it alone is too heavy', () => {
    const map = new BoundedMap<string>(100, 10)
    map.set('a', 'x', 3)
    map.set('b', 'y', 50)
    expect([map.get('a'), map.get('b')]).toEqual([undefined, 'y'])
  })
})
