import { describe, expect, it, vi } from 'vitest'
import { freshSeconds } from '../../src/http/freshness.ts'

const NOW = 'Thu, 01 Jan 2026 00:00:00 GMT'

describe('how long an answer may be used again (RFC 9111 section 4.2)', () => {
  it.each([
    ['nothing', {}, undefined],
    ['max-age', { 'cache-control': 'max-age=60' }, 60],
    ['max-age among others, in any case', { 'cache-control': 'public, Max-Age=60, immutable' }, 60],
    ['max-age in quotes', { 'cache-control': 'max-age="60"' }, 60],
    ['max-age twice: the first', { 'cache-control': 'max-age=60, max-age=90' }, 60],
    ['max-age and an age', { 'cache-control': 'max-age=60', age: '20' }, 40],
    ['more age than max-age', { 'cache-control': 'max-age=60', age: '80' }, 0],
    ['a bad max-age', { 'cache-control': 'max-age=soon' }, 0],
    ['a max-age below zero', { 'cache-control': 'max-age=-1' }, 0],
    ['no-store', { 'cache-control': 'no-store, max-age=60' }, 0],
    ['no-cache', { 'cache-control': 'no-cache' }, 0],
    ['private, which is no matter here', { 'cache-control': 'private, max-age=60, s-maxage=5' }, 60],
    ['Expires', { date: NOW, expires: 'Thu, 01 Jan 2026 00:01:00 GMT' }, 60],
    ['Expires without Date', { expires: 'Thu, 01 Jan 2026 00:00:30 GMT' }, 30],
    ['Expires in the past', { date: NOW, expires: 'Wed, 31 Dec 2025 00:00:00 GMT' }, 0],
    ['a bad Expires', { expires: '0' }, 0],
    ['Expires beside max-age, which counts', { 'cache-control': 'max-age=5', expires: NOW }, 5],
    ['Vary by all', { 'cache-control': 'max-age=60', vary: '*' }, 0],
  ])('%s', (_name, headers, expected) => {
    vi.useFakeTimers({ toFake: ['Date'], now: Date.parse(NOW) })
    expect(freshSeconds(new Headers(headers as Record<string, string>))).toBe(expected)
    vi.useRealTimers()
  })
})
