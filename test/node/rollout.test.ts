import { convertV4MiniflareOptions, Miniflare } from 'miniflare'
import { beforeAll, expect, it } from 'vitest'
import { unstable_readConfig } from 'wrangler'
import { nextRelease, thisRelease } from '../releases/release.ts'

/** The Worker of this release and of the next, as scripts. */
type Version = 'this' | 'next'
let scripts: Readonly<Record<Version, string>>

beforeAll(async () => {
  const here = await thisRelease('this')
  scripts = { this: here.script, next: nextRelease(here, 'raised').script }
})

/** Two deployments of one script in the middle of a rollout: ledgers run one release, Workers another. */
const rollout = (ledger: Version, worker: Version) => {
  const common = {
    modules: true,
    compatibilityDate: '2026-10-23',
    d1Databases: { DB: 'DB' },
    kvNamespaces: { COPIES: 'COPIES' },
    bindings: {
      URLS_SELF_ISSUER: 'http://127.0.0.1',
      SECRETS_SYSTEM: 'rollout-system-secret-of-32-characters',
    },
  } as const
  const object = { className: 'Ledger', useSQLite: true }
  return convertV4MiniflareOptions({
    workers: [
      { ...common, name: 'ledgers', script: scripts[ledger], durableObjects: { LEDGER: object } },
      {
        ...common,
        name: 'worker',
        script: scripts[worker],
        durableObjects: { LEDGER: { ...object, scriptName: 'ledgers' } },
      },
    ],
    handleStructuredLogs: () => {},
  })
}

it('ledgers take new code at once', () => {
  const config = unstable_readConfig({ config: 'wrangler.toml' })
  expect(config.durable_objects).toMatchObject({ code_update_strategy: { mode: 'immediate' } })
})

it('a newer Worker waits until its ledgers have its code; an older one is served', async () => {
  const miniflare = new Miniflare(rollout('this', 'this'))
  try {
    /** Whether the Worker reaches a ledger. */
    const reaches = async (ledger: Version, worker: Version): Promise<boolean> => {
      await miniflare.setOptions(rollout(ledger, worker))
      const ready = await (await miniflare.getWorker('worker')).fetch('http://127.0.0.1/health/ready')
      return !JSON.stringify(await ready.json()).includes('ledger')
    }
    expect(await reaches('this', 'this')).toBe(true)
    expect(await reaches('this', 'next')).toBe(false)
    expect(await reaches('next', 'next')).toBe(true)
    expect(await reaches('next', 'this')).toBe(true)
  } finally {
    await miniflare.dispose()
  }
})
