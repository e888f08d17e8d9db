import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { HOOK_PARTS } from '../../src/config/hook.ts'
import { allSettings } from '../support/settings.ts'

const read = (path: string): string => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8')

const readme = read('README.md')

/** Every document below docs/, by its path. */
const documents = readdirSync(new URL('../../docs/', import.meta.url), { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.md'))
  .map((name) => [`docs/${name}`, read(`docs/${name}`)] as const)

it('stays short', () => {
  expect(readme.split('\n').length).toBeLessThan(150)
})

it('lists every setting with its default and meaning', () => {
  const rows = allSettings.map(({ name, preset }) => [name, preset === '' ? '' : `\`${preset}\``])
  const table = [...read('docs/reference/settings.md').matchAll(/^\| `([A-Z0-9_]+)` \| (.*?) ?\| (.*) \|$/gm)]
  expect(table.map(([, name, preset]) => [name, preset]).sort()).toEqual(rows.sort())
  for (const [, name, , meaning] of table) expect(meaning, name).toMatch(/^\S.*\.$/)
})

it('names only scripts that exist', () => {
  const manifest: unknown = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'))
  const texts = [readme, ...documents.map(([, text]) => text)].join('\n')
  const named = [...texts.matchAll(/npm run ([\w:]+)/g)].map(([, name = '']) => name)
  expect(named).not.toEqual([])
  expect(manifest).toMatchObject({
    scripts: Object.fromEntries(named.map((name) => [name, expect.any(String)])),
  })
})

const folder = new URL('../../docs/guides/', import.meta.url)
const guides = readdirSync(folder).map((name) => [name, readFileSync(new URL(name, folder), 'utf8')] as const)

/** What begins like a setting of ours. Other software has settings that begin alike. */
const SETTING =
  /\b(?!OAUTH2_PROXY_)(?:URLS|TTL|STRATEGIES|OAUTH2|OIDC|WEBFINGER|SERVE|SECRETS|ADMIN|SIGNING|OUTBOUND)_[A-Z0-9_]+\b/g

/** The anchors of the headings of a document. */
const anchorsOf = (text: string): readonly string[] =>
  [...text.matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replace(/[^\w\s-]/g, '')
      .replace(/\s/g, '-'),
  )

describe('the guides', () => {
  it('are listed, and linked from the README', () => {
    const [, list = ''] = guides.find(([name]) => name === 'README.md') ?? []
    const listed = [...list.matchAll(/^\| \[[^\]]+\]\(([\w.-]+)\)/gm)].map(([, name]) => name)
    expect(listed.toSorted()).toEqual(
      guides
        .map(([name]) => name)
        .filter((name) => name !== 'README.md')
        .toSorted(),
    )
    expect(readme).toContain('](docs/guides/README.md)')
  })

  it.each([
    ...documents,
    ...['README.md', 'SECURITY.md', 'CONTRIBUTING.md', 'CHANGELOG.md'].map(
      (path) => [path, read(path)] as const,
    ),
  ])('%s: every link leads somewhere', (name, text) => {
    const own = new URL(`../../${name}`, import.meta.url)
    for (const [, path = '', anchor] of text.matchAll(/\]\((?!\w+:)([^)#]*)(?:#([\w-]+))?\)/g)) {
      const target = new URL(path, own)
      expect(existsSync(target), path).toBe(true)
      if (anchor !== undefined) expect(anchorsOf(readFileSync(target, 'utf8'))).toContain(anchor)
    }
  })

  it.each(guides)('%s: names only settings that exist', (_name, text) => {
    const known = new Set([...allSettings.map(({ name }) => name), ...HOOK_PARTS])
    const named = [...text.matchAll(SETTING)].map(([name]) => name)
    const set = [...text.matchAll(/--var (\w+):/g)].map(([, name = '']) => name)
    expect([...named, ...set].filter((name) => !known.has(name))).toEqual([])
  })

  it.each(guides.filter(([name]) => name !== 'README.md'))(
    '%s: says with which versions it was tried',
    (_name, text) => {
      expect(text).toMatch(/^Tried with .*\d/m)
    },
  )
})
