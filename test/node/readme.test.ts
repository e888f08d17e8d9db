import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { allSettings } from '../support/settings.ts'

const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8')

it('lists every setting with its default and meaning', () => {
  const rows = allSettings.map(({ name, preset }) => [name, preset === '' ? '' : `\`${preset}\``])
  const table = [...readme.matchAll(/^\| `([A-Z0-9_]+)` \| (.*?) ?\| (.*) \|$/gm)]
  expect(table.map(([, name, preset]) => [name, preset]).sort()).toEqual(rows.sort())
  for (const [, name, , meaning] of table) expect(meaning, name).toMatch(/^\S.*\.$/)
})

it('names only scripts that exist', () => {
  const manifest: unknown = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'))
  const named = [...readme.matchAll(/npm run ([\w:]+)/g)].map(([, name = '']) => name)
  expect(named).not.toEqual([])
  expect(manifest).toMatchObject({
    scripts: Object.fromEntries(named.map((name) => [name, expect.any(String)])),
  })
})
