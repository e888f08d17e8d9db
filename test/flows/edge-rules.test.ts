import { describe, expect, it } from 'vitest'
import guide from '../../docs/guides/deploy.md?raw'
import { endpoints } from '../support/endpoints.ts'

/** The paths that the guide keeps free of challenges; one that ends in `*` stands for all that begin so. */
const spared =
  (/\*\*No challenge\*\*[\s\S]*?: who calls them/.exec(guide)?.[0] ?? '').match(/\/[^`\s]+(?=`)/g) ?? []

const isSpared = (path: string): boolean =>
  spared.some((name) => (name.endsWith('*') ? path.startsWith(name.slice(0, -1)) : path === name))

/** What counts as called by programs: what is limited so, and what is asked by monitors and libraries. */
const forPrograms = endpoints.filter(
  ({ path, rate }) => (rate !== 'browser' && rate !== 'none') || /^\/(?:health|\.well-known)\//.test(path),
)

describe('the challenges of the zone, as the guide has them', () => {
  it.each([...new Set(forPrograms.map(({ path }) => path))])('do not stand before %s', (path) => {
    expect(isSpared(path)).toBe(true)
  })

  it.each(['/oauth2/auth', '/oauth2/sessions/logout', '/oauth2/device/verify'])('may before %s', (path) => {
    expect(isSpared(path)).toBe(false)
  })
})
