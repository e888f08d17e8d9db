import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { convertV4MiniflareOptions, Miniflare } from 'miniflare'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { unstable_readConfig } from 'wrangler'
import { runTool } from '../../src/dev/tools.ts'

/** The number that Workers and ledgers tell each other, as the bundle has it (src/ledger/protocol.ts). */
const PROTOCOL = /^var PROTOCOL = (\d+);$/m

/** The Worker of this release and of the next, as scripts. */
type Release = 'this' | 'next'
let scripts: Readonly<Record<Release, string>>
let directory: string

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'ladon-rollout-'))
  const bundled = await runTool('wrangler', ['deploy', '--dry-run', '--outdir', directory], true)
  expect(bundled.code, bundled.output).toBe(0)
  const script = await readFile(join(directory, 'index.js'), 'utf8')
  const protocol = Number(PROTOCOL.exec(script)?.[1])
  expect(protocol).toBeGreaterThan(0)
  scripts = { this: script, next: script.replace(PROTOCOL, `var PROTOCOL = ${protocol + 1};`) }
})

afterAll(() => rm(directory, { recursive: true, force: true }))

/** Two deployments of one script in the middle of a rollout: ledgers run one release, Workers another. */
const rollout = (ledger: Release, worker: Release) => {
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
    const reaches = async (ledger: Release, worker: Release): Promise<boolean> => {
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
