import { mkdirSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core'
import { expect } from 'vitest'
import { findChromium } from '../../src/dev/chromium.ts'

/** How long one step in the browser may take, in milliseconds. */
const STEP_TIMEOUT_MS = 15_000

const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
const RESULTS = fileURLToPath(new URL('../../test-results/', import.meta.url))

/** Starts Chromium with a profile of its own; fails when there is none, since this test runs only where it must. */
export async function launch(): Promise<Browser> {
  const executablePath = findChromium()
  if (executablePath === undefined) throw new Error('No Chromium: set CHROMIUM_PATH.')
  mkdirSync(RESULTS, { recursive: true })
  return chromium.launch({ executablePath, args: FLAGS, headless: true })
}

/** A page in a fresh browser context that fails the test on whatever its policy blocks. */
export async function openPage(browser: Browser, options: BrowserContextOptions = {}): Promise<Page> {
  const context = await browser.newContext(options)
  context.setDefaultTimeout(STEP_TIMEOUT_MS)
  const page = await context.newPage()
  page.on('console', (message) => {
    if (/content.security.policy/i.test(message.text())) throw new Error(message.text())
  })
  return page
}

/** Keeps a screenshot, and checks that axe finds nothing to say about the page and nothing is cut off sideways. */
export async function inspect(page: Page, name: string): Promise<void> {
  await page.screenshot({ path: `${RESULTS}${name}.png`, fullPage: true })
  await page.evaluate(AXE)
  const found = await page.evaluate('axe.run().then((result) => result.violations)')
  expect(named(found), name).toEqual([])
  const overflow = await page.evaluate(
    'document.documentElement.scrollWidth - document.documentElement.clientWidth',
  )
  expect(overflow, `${name}: wider than the window`).toBe(0)
}

/** What axe found, by rule and place. */
function named(found: unknown): readonly string[] {
  if (!Array.isArray(found)) throw new Error('axe found no list')
  return found.map(
    ({ id, nodes }: { id: string; nodes: readonly { html: string }[] }) => `${id}: ${nodes[0]?.html}`,
  )
}

const CONTROLS = `[...document.querySelectorAll('a[href], button, input:not([type=hidden]), summary')]`

/** The number of the control that has the focus and shows it; -1 if there is none. */
const FOCUSED = `getComputedStyle(document.activeElement).outlineStyle === 'none' ? -1
  : ${CONTROLS}.indexOf(document.activeElement)`

/**
 * Presses Tab over a page, what is folded on it opened; returns the controls that it does not reach, or that do not show
 * their focus.
 */
export async function unreached(page: Page): Promise<readonly string[]> {
  await page.evaluate(
    `document.querySelectorAll('details').forEach((folded) => folded.setAttribute('open', ''))`,
  )
  const controls = await page.evaluate<readonly string[]>(`${CONTROLS}.map((control) => control.outerHTML)`)
  const reached = new Set<number>()
  // Before the first and after the last control the focus may rest on the page itself.
  for (let presses = 0; presses < controls.length + 2; presses += 1) {
    await page.keyboard.press('Tab')
    reached.add(await page.evaluate<number>(FOCUSED))
  }
  return controls.filter((_control, at) => !reached.has(at))
}
