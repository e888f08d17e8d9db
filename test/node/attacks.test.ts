import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { sourcesIn } from './sources.ts'

const read = (path: string): string =>
  readFileSync(fileURLToPath(new URL(`../${path}`, import.meta.url)), 'utf8')

/** Rows of test/attacks/table.md: an attack, where it stands, and what shows it or whose duty it is. */
const rows = [...read('attacks/table.md').matchAll(/^\| ([^|]+) \| ([^|]+) \| ([^|]+) \|$/gm)]
  .map(([, attack = '', section = '', shown = '']) => ({ attack, section, shown }))
  .filter(({ attack }) => attack !== 'attack' && !attack.startsWith('---'))

/** The tests that a row names. */
const named = rows.flatMap(({ attack, shown }) =>
  [...shown.matchAll(/`([^`]+\.test\.ts)` "([^"]+)"/g)].map(([, file = '', title = '']) => ({
    attack,
    file,
    title,
  })),
)

const upTo = (prefix: string, count: number): readonly string[] =>
  Array.from({ length: count }, (_, index) => `${prefix}${index + 1}`)

/** Every threat that the specifications name. */
const SECTIONS: readonly string[] = [
  ...upTo('RFC 9700 4.', 17),
  ...upTo('RFC 6819 4.1.', 5),
  ...upTo('RFC 6819 4.2.', 4),
  ...upTo('RFC 6819 4.3.', 5),
  ...upTo('RFC 6819 4.4.1.', 13),
  ...upTo('RFC 6819 4.4.2.', 6),
  ...['RFC 6819 4.4.3', 'RFC 6819 4.4.4'],
  ...upTo('RFC 6819 4.5.', 4),
  ...upTo('RFC 6819 4.6.', 7),
  ...upTo('OIDC Core 16.', 23),
  ...upTo('OIDC Registration 9.', 3),
  ...['RP-Initiated Logout', 'Front-Channel Logout', 'Back-Channel Logout', 'Session Management'].map(
    (name) => `${name}, security`,
  ),
]

describe('the table of attacks', () => {
  it('has a row for each that the specifications name', () => {
    const listed = new Set(rows.map(({ section }) => section))
    expect(SECTIONS.filter((section) => !listed.has(section))).toEqual([])
    expect(rows.length).toBeGreaterThan(120)
  })

  it('names a test in each row, or whose duty it is', () => {
    const idle = rows.filter(
      ({ attack, shown }) =>
        !named.some((one) => one.attack === attack) && !/^(?:client|operator|resource server): /.test(shown),
    )
    expect(idle.map(({ attack }) => attack)).toEqual([])
  })

  it.each(named)('$attack: $title', ({ file, title }) => {
    expect(read(file).replaceAll("\\'", "'")).toContain(title)
  })
})

describe('secrets (OIDC Core section 16.12)', () => {
  it('are compared in one place, in a time that tells nothing', () => {
    const secret =
      /(?:secret|apiKey|password|presented|verifier)\s*[!=]==\s*\w*(?:secret|key|hash|verifier)\b/i
    const compared = sourcesIn('src').filter(
      ({ path, text }) => !path.startsWith('src/dev/') && secret.test(text),
    )
    expect(compared.map(({ path }) => path)).toEqual([])
  })
})
