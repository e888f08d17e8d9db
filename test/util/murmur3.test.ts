import { expect, it } from 'vitest'
import { murmur3 } from '../../src/util/murmur3.ts'

it.each([
  ['', 0],
  ['a', 0x3c2569b2],
  ['abc', 0xb3dd93fa],
  ['test', 0xba6bd213],
  ['hello', 0x248bfa47],
  ['hello, world', 0x149bbb7f],
  ['Hello, world!', 0xc0363e43],
  ['The quick brown fox jumps over the lazy dog', 0x2e4ff723],
])('murmur3(%j)', (text, hash) => {
  expect(murmur3(text)).toBe(hash)
})

it('hashes UTF-8 bytes and stays unsigned', () => {
  const hashes = Array.from({ length: 200 }, (_, index) => murmur3(`klient-ä-${index}`))
  expect(hashes.every((hash) => Number.isInteger(hash) && hash >= 0 && hash <= 0xffffffff)).toBe(true)
  expect(new Set(hashes).size).toBe(200)
})
