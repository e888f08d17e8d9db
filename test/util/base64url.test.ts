import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { fromBase64url, toBase64url } from '../../src/util/base64url.ts'

describe('base64url', () => {
  it.each([
    ['f', 'Zg'],
    ['fo', 'Zm8'],
    ['foo', 'Zm9v'],
    ['foobar', 'Zm9vYmFy'],
  ])('encodes %j as RFC 4648 does, without padding', (plain, text) => {
    expect(toBase64url(new TextEncoder().encode(plain))).toBe(text)
  })

  it('round trips', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 200 }), (bytes) => {
        expect(fromBase64url(toBase64url(bytes))).toEqual(bytes)
      }),
    )
  })

  it.each(['', 'Zg==', 'Zh', 'Zm9', 'A', 'Zm9v\n', ' Zm9v', 'Zm+v', 'Zm/v', 'Zm9vé', 'Zm9v.Zm9v'])(
    'refuses %j',
    (text) => {
      expect(fromBase64url(text)).toBeUndefined()
    },
  )

  it('takes exactly one text for each value', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[A-Za-z0-9_-]{1,40}$/), (text) => {
        const bytes = fromBase64url(text)
        expect(bytes === undefined || toBase64url(bytes) === text).toBe(true)
      }),
    )
  })
})
