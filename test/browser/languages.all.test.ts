import type { Browser, BrowserContextOptions } from 'playwright-core'
import { afterAll, beforeAll, describe, it } from 'vitest'
import { LANGUAGES } from '../../src/languages/languages.ts'
import { type RunningServer, startServer } from '../support/server.ts'
import { inspect, launch, openPage } from './browser.ts'
import { registerLong, walk } from './states.ts'

let server: RunningServer
let browser: Browser
let clientId: string

beforeAll(async () => {
  browser = await launch()
  server = await startServer()
  clientId = await registerLong(server)
})

afterAll(async () => {
  await browser?.close()
  await server?.stop()
})

describe.each<[string, BrowserContextOptions]>([
  ['narrow', { viewport: { width: 320, height: 640 } }],
  ['dark', { colorScheme: 'dark' }],
  ['forced colors', { forcedColors: 'active' }],
])('every page in every language: %s', (name, options) => {
  it.each(LANGUAGES)(
    '%s: axe finds nothing, and nothing is cut off',
    async (language) => {
      const page = await openPage(browser, { ...options, locale: language })
      const see = (state: string): Promise<void> =>
        inspect(page, `71-${name}-${language}-${state.replaceAll(/\W+/g, '-')}`)
      await walk(page, server, clientId, see)
      await page.context().close()
    },
    300_000,
  )
})
