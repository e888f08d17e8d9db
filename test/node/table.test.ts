import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'

const read = (path: string): string =>
  readFileSync(fileURLToPath(new URL(`../${path}`, import.meta.url)), 'utf8')

/** Rows of test/table.md: a requirement, the file and the words of the title that show it. */
const rows = [...read('table.md').matchAll(/^\| ([^|]+) \| [^|]+ \| `([^`]+)` "([^"]+)" \|$/gm)].map(
  ([, requirement = '', file = '', title = '']) => ({ requirement, file, title }),
)

/** Rows of docs/faults.md: a fault, what follows, the file and the words of the title that show it. */
const faults = [...read('../docs/faults.md').matchAll(/^\| ([^|]+) \|.*\| `([^`]+)` "([^"]+)" \|$/gm)].map(
  ([, fault = '', file = '', title = '']) => ({ fault, file, title }),
)

describe('the table of faults', () => {
  it('has a test in each row', () => {
    const lines = read('../docs/faults.md').split('\n')
    const tableLines = lines.filter((line) => line.startsWith('| ') && !/^\| (---|fault)/.test(line))
    expect(faults.length).toBe(tableLines.length)
    expect(faults.length).toBeGreaterThan(20)
  })

  it.each(faults)('$fault', ({ file, title }) => {
    expect(read(file).replaceAll("\\'", "'")).toContain(title)
  })
})

describe('the table of requirements', () => {
  it('is read', () => {
    const lines = read('table.md').split('\n')
    const tableLines = lines.filter((line) => line.startsWith('| ') && !/^\| (---|requirement)/.test(line))
    expect(rows.length).toBe(tableLines.length)
    expect(rows.length).toBeGreaterThan(50)
  })

  it.each(rows)('$requirement', ({ file, title }) => {
    expect(read(file).replaceAll("\\'", "'")).toContain(title)
  })
})
