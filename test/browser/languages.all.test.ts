import type { Browser, BrowserContextOptions } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { LANGUAGES } from '../../src/languages/languages.ts'
import { type RunningServer, startServer } from '../support/server.ts'
import { inspect, launch, openPage, unreached } from './browser.ts'
import { type Clients, registerClients, SETTINGS, walk } from './states.ts'

let server: RunningServer
let browser: Browser
let clients: Clients

beforeAll(async () => {
  browser = await launch()
  server = await startServer({ vars: SETTINGS })
  clients = await registerClients(server)
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
    '%s: axe finds nothing, nothing is cut off, and Tab reaches all there is to press',
    async (language) => {
      const page = await openPage(browser, { ...options, locale: language })
      const see = async (state: string): Promise<void> => {
        await inspect(page, `71-${name}-${language}-${state.replaceAll(/\W+/g, '-')}`)
        expect(await unreached(page), state).toEqual([])
      }
      await walk(page, server, clients, see)
      await page.context().close()
    },
    300_000,
  )
})
