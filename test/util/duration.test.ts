import { describe, expect, it } from 'vitest'
import { formatDuration, parseDuration } from '../../src/util/duration.ts'

describe('parseDuration', () => {
  it.each([
    ['0', 0],
    ['0s', 0],
    ['90s', 90],
    ['1h30m', 5400],
    ['1.5h', 5400],
    ['.5m', 30],
    ['-1s', -1],
    ['+2m', 120],
    ['1500ms', 1.5],
    ['720h', 2_592_000],
    ['31h0m0s', 111_600],
  ])('%s', (text, seconds) => {
    expect(parseDuration(text)).toBeCloseTo(seconds, 9)
  })

  it.each(['', 's', '1', '-1', '1 h', '1d', '1h 30m', 'h1', '1H', '1e3s', '.s', '--1s', '1h-30m'])(
    'refuses %j',
    (text) => {
      expect(parseDuration(text)).toBeUndefined()
    },
  )
})

describe('formatDuration', () => {
  it.each([
    [0, '0s'],
    [0.5, '500ms'],
    [0.0015, '1.5ms'],
    [2.5e-6, '2.5µs'],
    [-100e-9, '-100ns'],
    [1e-10, '0s'],
    [1, '1s'],
    [90, '1m30s'],
    [3600, '1h0m0s'],
    [111_600, '31h0m0s'],
    [5401.25, '1h30m1.25s'],
    [-60, '-1m0s'],
  ])('%d', (seconds, text) => {
    expect(formatDuration(seconds)).toBe(text)
    expect(parseDuration(text)).toBeCloseTo(seconds, 9)
  })
})
