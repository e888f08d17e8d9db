import { readFile } from 'node:fs/promises'
import { createConfig, lint } from '@redocly/openapi-core'
import { expect, it } from 'vitest'
import { openApiDocument } from '../../src/dev/openapi.ts'

const FILE = 'src/assets/openapi.json'

it('the OpenAPI document is what the table of endpoints says: npm run docs', async () => {
  expect(await readFile(FILE, 'utf8')).toBe(await openApiDocument())
})

it('the OpenAPI document has no fault that a linter finds', async () => {
  // Documents and pages are refused by what stands in front of every endpoint only, and some steps only lead on.
  const rules = { 'operation-4xx-response': 'off', 'operation-2xx-response': 'off' } as const
  const config = await createConfig({ extends: ['recommended'], rules })
  const problems = await lint({ ref: FILE, config })
  expect(problems.map(({ message, location }) => `${location[0]?.pointer}: ${message}`)).toEqual([])
})
