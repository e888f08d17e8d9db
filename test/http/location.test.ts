import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { asciiUrl, withFragment, withQuery } from '../../src/http/location.ts'

const NAMES = ['code', 'state', 'iss', 'error', 'sid']

/** Any text at all: every plane of Unicode, control characters, halves of surrogate pairs. */
const anyText = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 30 }),
  fc
    .array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 8 })
    .map((units) => String.fromCharCode(...units)),
)
const without = (text: string, characters: RegExp): string => text.replace(characters, '')

/** One of the names, with some of its letters escaped. */
const disguised = fc
  .tuple(fc.constantFrom(...NAMES), fc.array(fc.boolean(), { minLength: 5, maxLength: 5 }))
  .map(([name, escaped]) =>
    [...name].map((letter, at) => (escaped[at] ? `%${letter.charCodeAt(0).toString(16)}` : letter)).join(''),
  )

/** A piece of a query, and whether it stands under one of the names. */
const piece = fc.oneof(
  fc
    .tuple(disguised, fc.option(anyText, { nil: undefined }))
    .map(([name, value]) => ({ text: value === undefined ? name : `${name}=${value}`, ours: true })),
  anyText.map((text) => ({ text: `x${text}`, ours: false })),
  fc.constantFrom('', '?state', '=state', '%', '%4', '+', 'State=1').map((text) => ({ text, ours: false })),
)
const query = fc
  .array(piece, { maxLength: 6 })
  .map((pieces) => pieces.map(({ text, ours }) => ({ text: without(text, /[&#]/g), ours })))
const start = anyText.map((text) => `https://app.example/${without(text, /[?#]/g)}`)
const parameters = fc.dictionary(fc.constantFrom(...NAMES), anyText, { minKeys: 1 })

const wellFormed = (given: Readonly<Record<string, string>>): Record<string, string> =>
  Object.fromEntries(Object.entries(given).map(([name, value]) => [name, value.toWellFormed()]))

describe('a Location', () => {
  it('is visible ASCII, whatever it is made of, and escaped once', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const url = asciiUrl(text)
        expect(url).toMatch(/^[\x21-\x7e]*$/)
        expect(asciiUrl(url)).toBe(url)
        const plain = without(text, /%/g)
        expect(decodeURIComponent(asciiUrl(plain))).toBe(plain.toWellFormed())
      }),
    )
  })

  it('keeps what is visible ASCII byte for byte', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[\x21-\x7e]*$/), (text) => {
        expect(asciiUrl(text)).toBe(text)
      }),
    )
  })

  it('holds each parameter once in its query, and all else as it was', () => {
    fc.assert(
      fc.property(start, query, anyText, parameters, (base, pieces, rest, given) => {
        const fragment = `#${rest}`
        const old = pieces.map(({ text }) => text).join('&')
        const url = withQuery(`${base}?${old}${fragment}`, given)
        expect(url).toMatch(/^[\x21-\x7e]*$/)
        const search = url.slice(url.indexOf('?') + 1, url.indexOf('#'))
        const read = new URLSearchParams(`&${search}`)
        for (const [name, value] of Object.entries(wellFormed(given)))
          expect(read.getAll(name)).toEqual([value])
        const added = new URLSearchParams(given).toString()
        expect(url.startsWith(`${asciiUrl(base)}?`) && url.endsWith(added + asciiUrl(fragment))).toBe(true)
        const kept = pieces.filter(({ text, ours }) => !(ours && Object.keys(given).some(names(text))))
        const text = asciiUrl(kept.map((one) => one.text).join('&'))
        expect([text, `${text}&`]).toContain(search.slice(0, search.length - added.length))
      }),
      { numRuns: 500 },
    )
  })

  it('holds them once in its fragment, and none of their names in its query', () => {
    fc.assert(
      fc.property(start, query, parameters, (base, pieces, given) => {
        const url = withFragment(`${base}?${pieces.map(({ text }) => text).join('&')}`, given, NAMES)
        expect(url).toMatch(/^[\x21-\x7e]*$/)
        const [before = '', fragment = ''] = url.split('#')
        expect(Object.fromEntries(new URLSearchParams(fragment))).toEqual(wellFormed(given))
        const kept = pieces.filter(({ ours }) => !ours).map(({ text }) => text)
        const mark = kept.length > 0 || pieces.length === 0 ? '?' : ''
        expect(before).toBe(asciiUrl(`${base}${mark}${kept.join('&')}`))
      }),
      { numRuns: 500 },
    )
  })
})

/** Whether a piece of a query stands under a name. */
const names =
  (text: string) =>
  (name: string): boolean =>
    decodeURIComponent(/^[^=]*/.exec(text)?.[0] ?? '') === name
