import { expect, it } from 'vitest'
import { SameParts } from '../../src/util/same-parts.ts'

it('is made once for the same parts, and again for others', () => {
  const texts = new SameParts<object, string>()
  const [one, other] = [{}, {}]
  const key = {}
  let made = 0
  const of = (owner: object, ...parts: readonly unknown[]): string =>
    texts.of(owner, parts, () => `text ${++made}`)
  expect([of(one, key, 'RS256'), of(one, key, 'RS256')]).toEqual(['text 1', 'text 1'])
  expect([of(one, key), of(one, {}), of(one, key, 'ES256')]).toEqual(['text 2', 'text 3', 'text 4'])
  expect([of(other, key, 'ES256'), of(one, key, 'ES256')]).toEqual(['text 5', 'text 4'])
  expect([of(one), of(one)]).toEqual(['text 6', 'text 6'])
})
