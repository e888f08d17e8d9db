import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { AUDIT_EVENTS } from '../../src/telemetry/audit-events.ts'
import { sourcesIn } from './sources.ts'

const page = readFileSync(new URL('../../docs/logs.md', import.meta.url), 'utf8')

it('docs/logs.md explains every audit event', () => {
  const unexplained = Object.keys(AUDIT_EVENTS).filter((event) => !page.includes(`\`${event}\``))
  expect(unexplained).toEqual([])
})

it('docs/logs.md explains every other line that is written', () => {
  const kinds = sourcesIn('src').flatMap(({ text }) =>
    [...text.matchAll(/log(?:Line|Failure)\(\s*'([a-z_.0-9]+)'/g)].map(([, kind = '']) => kind),
  )
  expect(kinds.length).toBeGreaterThan(10)
  expect([...new Set(kinds)].filter((kind) => !page.includes(`\`${kind}\``))).toEqual([])
})
