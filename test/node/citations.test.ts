import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import {
  citationsIn,
  citingTexts,
  headingsOf,
  itemsOf,
  readText,
  sectionsCitedIn,
  unwrap,
} from './citations.ts'

const SELF = 'test/node/citations.test.ts'
const CONTRACT = 'docs/contract.md'
const HOUSE = 'src/README.md'
const LEDGER = 'src/ledger/README.md'

const contract = headingsOf(readText(CONTRACT))
const house = readText(HOUSE)
const targets = {
  contract,
  design: [
    ...headingsOf(house),
    ...itemsOf(house, 'Rules', 'rule'),
    ...itemsOf(house, 'Invariants', 'invariant'),
  ],
} as const

const texts = citingTexts().filter(({ path }) => path !== SELF)
const cited = texts.flatMap(({ path, text }) => citationsIn(text).map((citation) => ({ path, ...citation })))

describe('the parser of citations', () => {
  it.each([
    ['(contract 6).', ['contract 6']],
    ['Contract 3.15: the error page', ['contract 3.15']],
    ['as contract 1.3.5 has it', ['contract 1.3.5']],
    ['the order of checks is contract 1.3.3. */', ['contract 1.3.3']],
    ['contract section 3.8', ['contract 3.8']],
    ['contract 3.3, 3.4, 3.5', ['contract 3.3', 'contract 3.4', 'contract 3.5']],
    ['contract sections 0.3 and 0.4', ['contract 0.3', 'contract 0.4']],
    ['contract 3.3, 3.4, and 3.5', ['contract 3.3', 'contract 3.4', 'contract 3.5']],
    ['contract 2.2 `request_url`, 3.12', ['contract 2.2', 'contract 3.12']],
    ['contract 6, openid/logout |', ['contract 6', 'contract openid/logout']],
    [
      'contract 1.3.3, section 6 oauth2/grant_jwtbearer',
      ['contract 1.3.3', 'contract 6', 'contract oauth2/grant_jwtbearer'],
    ],
    ['contract 1.2, RFC 7662 4', ['contract 1.2']],
    ['RFC 7523 sections 2.1 and 3, contract\n * 1.3.3)', ['contract 1.3.3']],
    ['asked first (design\n  // rule 5).', ['design rule 5']],
    ['design 9', ['design 9']],
    ['Design section 9: the whole', ['design 9']],
    ['design sections 1 and 5', ['design 1', 'design 5']],
    ['design rules 2 and 3', ['design rule 2', 'design rule 3']],
    ['design 3, invariant 1', ['design 3', 'design invariant 1']],
    ['design rule 5 and section 2', ['design rule 5', 'design 2']],
    ['design rule 2, design 4', ['design rule 2', 'design 4']],
    ['contract 1.4.6, 8.2, design 5', ['contract 1.4.6', 'contract 8.2', 'design 5']],
    ['contract: a sid, or 2 of them', []],
    ['subcontract 3, a redesign 4', []],
  ])('reads %j', (text, expected) => {
    const found = citationsIn(text).map(({ document, target }) => `${document} ${target}`)
    expect(found).toEqual(expected)
  })

  it.each([
    ['### 1.3.3 Token: POST', ['1.3.3']],
    ['## 9. Budgets', ['9']],
    ['- **openid/logout**: the page asks', ['openid/logout']],
    ['## Words\n#### Rules\n1. first', []],
  ])('finds the headings of %j', (text, expected) => {
    expect(headingsOf(text)).toEqual(expected)
  })

  it('numbers the items below a heading, up to the next', () => {
    const text = '### Rules\n\n1. one\n   1. of it\n2. two\n\n### Others\n\n1. none\n'
    expect(itemsOf(text, 'Rules', 'rule')).toEqual(['rule 1', 'rule 2'])
  })
})

describe('every citation leads somewhere', () => {
  it('and there are many', () => {
    expect(cited.length).toBeGreaterThan(400)
    expect(new Set(cited.map(({ path }) => path)).size).toBeGreaterThan(100)
  })

  it.each(['contract', 'design'] as const)('of the %s', (document) => {
    const known: ReadonlySet<string> = new Set(targets[document])
    const lost = cited.filter((citation) => citation.document === document && !known.has(citation.target))
    expect(lost.map(({ path, target }) => `${path}: ${document} ${target}`)).toEqual([])
  })

  it('in words that the parser knows', () => {
    const spelled = /\b(?:contract|design)\b['’]?s?[\s,:(]+(?:[a-z]+[\s,:(]+){0,2}\d/gi
    const unread = texts.flatMap(({ path, text }) =>
      [...unwrap(text).matchAll(spelled)]
        .filter(([words]) => citationsIn(words).length === 0)
        .map(([words]) => `${path}: ${words}`),
    )
    expect(unread).toEqual([])
  })

  it.each([CONTRACT, HOUSE])('from section to section of %s', (path) => {
    const text = readText(path)
    const known = headingsOf(text)
    expect(sectionsCitedIn(text).filter((number) => !known.includes(number))).toEqual([])
  })
})

describe('what the law says is there', () => {
  it('has no section that nothing cites', () => {
    const numbers = cited
      .filter(({ document, path }) => document === 'contract' && path !== HOUSE)
      .map(({ target }) => target)
    const idle = contract.filter(
      (heading) => !numbers.some((number) => number === heading || number.startsWith(`${heading}.`)),
    )
    expect(idle).toEqual([])
    expect(new Set(contract).size).toBe(contract.length)
  })

  it('names only files of the house that exist', () => {
    const named = [...house.matchAll(/`((?:[a-z0-9-]+\/)*[a-z0-9-]+(?:\.ts|\/)?)`/g)].flatMap(
      ([, name = '']) => (name.includes('/') || name.endsWith('.ts') ? [name] : []),
    )
    expect(named.length).toBeGreaterThan(50)
    const there = (path: string): boolean =>
      existsSync(fileURLToPath(new URL(`../../${path}`, import.meta.url)))
    const missing = named.filter((name) => ![`src/${name}`, `src/${name}.ts`, name, `${name}.ts`].some(there))
    expect(missing).toEqual([])
  })

  it('and CONTRIBUTING.md those that one has to touch', () => {
    const named = [...readText('CONTRIBUTING.md').matchAll(/`((?:src|test|docs)\/[\w./-]+)`/g)].flatMap(
      ([, path = '']) => path,
    )
    expect(named.length).toBeGreaterThan(30)
    const missing = named.filter(
      (path) => !existsSync(fileURLToPath(new URL(`../../${path}`, import.meta.url))),
    )
    expect(missing).toEqual([])
  })

  it('describes every table and column of a ledger', () => {
    const schema = /COLUMNS = \{(.*?)\n\} as const/s.exec(readText('src/ledger/schema.ts'))?.[1] ?? ''
    const columns = [...schema.matchAll(/(\w+): (?:\{|['`]|[A-Z]+\b)/g)].map(([, name = '']) => name)
    expect(columns.length).toBeGreaterThan(50)
    const text = readText(LEDGER)
    expect(columns.filter((name) => !text.includes(`\`${name}\``))).toEqual([])
  })
})
