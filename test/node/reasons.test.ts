import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { errorsDocument } from '../../src/dev/docs.ts'
import { allCodes, anchorOf } from '../../src/errors/catalogue.ts'
import { allReasons, templateOf } from '../../src/errors/reasons.ts'
import { sourcesIn } from './sources.ts'

it('docs/errors.md lists them as they are: npm run docs writes it', () => {
  const text = readFileSync(new URL('../../docs/errors.md', import.meta.url), 'utf8')
  expect(text).toBe(errorsDocument())
})

it('docs/errors.md has one anchor for each code and reason', () => {
  const anchors = [...errorsDocument().matchAll(/^### (\S+)$/gm)].map(([, anchor]) => anchor)
  expect(new Set(anchors).size).toBe(anchors.length)
  expect(anchors).toEqual(expect.arrayContaining([...allReasons(), ...allCodes().map(anchorOf)]))
})

it('what a refused one is told adds to the sentence of its code', () => {
  const catalogue = readFileSync(new URL('../../src/errors/catalogue.ts', import.meta.url), 'utf8')
  const told = allReasons().filter((reason) => templateOf(reason).reader !== 'operator')
  expect(told.filter((reason) => catalogue.includes(`'${templateOf(reason).text}'`))).toEqual([])
})

describe('each reason of the closed list', () => {
  const src = sourcesIn('src').filter(({ path }) => !path.startsWith('src/errors/reasons'))

  // A whole `npm test` asks whether a request of some test was refused for it.
  it.each(allReasons())('%s is given by the server', (reason) => {
    expect(src.some(({ text }) => text.includes(`'${reason}'`))).toBe(true)
  })
})
