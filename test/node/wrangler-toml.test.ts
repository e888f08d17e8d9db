import { describe, expect, it } from 'vitest'
import { unstable_readConfig } from 'wrangler'
import { WRANGLER_TOML } from '../../src/dev/paths.ts'

const config = unstable_readConfig({ config: WRANGLER_TOML }, { hideWarnings: true })

describe('wrangler.toml', () => {
  it.each<[what: string, setting: keyof typeof config, value: unknown]>([
    ['keeps variables of the dashboard', 'keep_vars', true],
    ['gives no version an address of its own', 'preview_urls', false],
    ['has public documents answered without the Worker', 'cache', { enabled: true }],
    ['leaves out the address below workers.dev beside routes', 'workers_dev', undefined],
    ['sets no CPU limit, with which the free plan refuses every deployment', 'limits', undefined],
  ])('%s', (_what, setting, value) => {
    expect(config[setting]).toEqual(value)
  })

  it('keeps whole URLs out of logs and traces, since verifiers are in them', () => {
    expect(config.observability).toMatchObject({
      enabled: true,
      logs: { invocation_logs: false },
      traces: { enabled: false },
    })
  })
})
