import { expect, it } from 'vitest'
import { fromBase64url, toBase64url } from '../../src/util/base64url.ts'

it('is written and read by the Node of the tests and proofs, as in workerd', () => {
  expect(toBase64url(Uint8Array.of(251, 255))).toBe('-_8')
  expect(fromBase64url('-_8')).toEqual(Uint8Array.of(251, 255))
})
