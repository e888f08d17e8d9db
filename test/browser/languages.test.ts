import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { LANGUAGES, type Language } from '../../src/languages/languages.ts'
import { type RunningServer, startServer } from '../support/server.ts'
import { inspect, launch, openPage } from './browser.ts'
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

/** The texts of a page that are its own: without code, names, and what is marked as English. */
const OWN_TEXTS = `(() => {
  const texts = [document.title.split(' · ')[0]]
  const nodes = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT)
  while (nodes.nextNode()) {
    const { parentElement, data } = nodes.currentNode
    if (!parentElement.closest('code, pre, bdi, script, time, body [lang=en]')) texts.push(data.trim())
  }
  return texts.filter((text) => /\\p{L}{3}/u.test(text))
})()`

/** Words that are the same as in English. */
const EQUAL: readonly string[] = ['Tokens', 'Error', 'UTC']

/** What is wrong with a page at this moment besides what axe says. */
interface Seen {
  readonly texts: readonly string[]
  readonly root: string
  readonly overflow: number
}

async function seen(page: Page): Promise<Seen> {
  const texts = await page.evaluate<readonly string[]>(OWN_TEXTS)
  const root = await page.evaluate<string>(
    'document.documentElement.lang + " " + getComputedStyle(document.body).direction',
  )
  const overflow = await page.evaluate<number>(
    'document.documentElement.scrollWidth - document.documentElement.clientWidth',
  )
  return { texts, root, overflow }
}

async function seenIn(language: Language, withAxe: boolean): Promise<ReadonlyMap<string, Seen>> {
  const states = new Map<string, Seen>()
  const page = await openPage(browser, { viewport: { width: 320, height: 640 }, locale: language })
  await walk(page, server, clients, async (state) => {
    states.set(state, await seen(page))
    if (withAxe) await inspect(page, `70-${language}-${state.replaceAll(/\W+/g, '-')}`)
  })
  await page.context().close()
  return states
}

let english: ReadonlyMap<string, Seen>

beforeAll(async () => {
  english = await seenIn('en', false)
}, 240_000)

describe.each(LANGUAGES.filter((language) => language !== 'en'))('every page in %s', (language) => {
  it('is in that language, in its direction, within 320 pixels, and has no English left', async () => {
    // What is written from the right is the form that differs most.
    const states = await seenIn(language, language === 'ar')
    expect(states.size).toBeGreaterThanOrEqual(36)
    expect([...states.keys()]).toEqual([...english.keys()])
    for (const [state, { texts, root, overflow }] of states) {
      expect(root, state).toBe(`${language} ${language === 'ar' ? 'rtl' : 'ltr'}`)
      expect(overflow, state).toBe(0)
      const known = new Set(english.get(state)?.texts)
      expect(
        texts.filter((text) => known.has(text) && !EQUAL.includes(text)),
        state,
      ).toEqual([])
    }
  }, 240_000)
})

it('is within 320 pixels in English', () => {
  expect([...english.values()].map(({ overflow }) => overflow)).toEqual([...english.values()].map(() => 0))
})
