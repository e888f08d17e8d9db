import fc from 'fast-check'
import { expect, it } from 'vitest'
import { readEntries } from '../../src/http/form.ts'

it('the pairs of a text are those of the URL Standard, whatever the text', () => {
  const piece = fc.constantFrom(
    'a',
    'scope',
    '=',
    '&',
    '?',
    '+',
    '%',
    '%3D',
    '%zz',
    ' ',
    'é',
    '\u0000',
    '#',
    ';',
    '.',
  )
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 30 }), (pieces) => {
      const text = pieces.join('')
      expect(readEntries(text)).toEqual([...new URLSearchParams(text)])
    }),
    { numRuns: 3000 },
  )
})
