import { expect, it } from 'vitest'
import { isLoopbackHost, isLoopbackLiteral } from '../../src/util/loopback.ts'

it.each([
  ['http://localhost', true, false],
  ['http://app.localhost:8080', true, false],
  ['http://127.0.0.1', true, true],
  ['http://127.255.255.254', true, true],
  ['http://0x7f.1', true, true],
  ['http://[::1]:4444', true, true],
  ['http://LOCALHOST', true, false],
  ['http://localhost.example', false, false],
  ['http://127.0.0.1.example', false, false],
  ['http://notlocalhost', false, false],
  ['http://128.0.0.1', false, false],
  ['http://[::2]', false, false],
  ['http://10.0.0.1', false, false],
])('%s: loopback %j, literal %j', (url, host, literal) => {
  expect(isLoopbackHost(new URL(url).hostname)).toBe(host)
  expect(isLoopbackLiteral(new URL(url).hostname)).toBe(literal)
})
