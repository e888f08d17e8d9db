import { expect, it } from 'vitest'
import { networkOf } from '../../src/http/network.ts'

const from = (address: string, more: Readonly<Record<string, string>> = {}) =>
  networkOf(new Headers({ 'cf-connecting-ip': address, ...more }))

it.each([
  ['192.0.2.7', '192.0.2.7', null],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1', '2001:db8:1:2'],
  ['2001:db8:1:2::7', '2001:db8:1', '2001:db8:1:2'],
  ['2001:0DB8:01:0002::7', '2001:db8:1', '2001:db8:1:2'],
  ['2001:db8::1:2:3:4', '2001:db8:0', '2001:db8:0:0'],
  ['2001:db8::', '2001:db8:0', '2001:db8:0:0'],
  ['2001:db8::1:2:3:4:5', '2001:db8:0', '2001:db8:0:1'],
  ['::ffff:192.0.2.7', '192.0.2.7', null],
])('the network of %j is %j, and in it %j', (address, wide, narrow) => {
  expect(from(address)).toEqual({ wide, narrow })
})

it.each(['', '127.0.0.1', '::1'])('%j names no network', (address) => {
  expect(from(address)).toBeNull()
})

it('no header names none either', () => {
  expect(networkOf(new Headers())).toBeNull()
})

it("the Workers of other accounts share an address, so the platform's name of their zone counts", () => {
  const workers = '2a06:98c0:3600::103'
  const one = from(workers, { 'cf-worker': 'one.example' })
  expect(one).not.toEqual(from(workers, { 'cf-worker': 'other.example' }))
  expect(one?.narrow).toBeNull()
  // Anybody else may send that header.
  expect(from('192.0.2.7', { 'cf-worker': 'one.example' })).toEqual({ wide: '192.0.2.7', narrow: null })
})
