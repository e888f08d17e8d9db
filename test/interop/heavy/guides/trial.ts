import assert from 'node:assert/strict'
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { chromium, type Page } from 'playwright-core'
import { findChromium } from '../../../../src/dev/chromium.ts'

const GUIDES = fileURLToPath(new URL('../../../../docs/guides/', import.meta.url))
const ROOT = fileURLToPath(new URL('../../../../', import.meta.url))
export const CACHE = process.env['LADON_HEAVY_CACHE'] ?? join(tmpdir(), 'ladon-heavy')

/** How long a server may take to start, downloads included, in milliseconds. */
const START_MS = 300_000
const STEP_MS = 60_000
const STOP_MS = 10_000

/** The trial of one guide: its blocks as files, and what runs. */
export class Trial {
  readonly folder: string
  readonly #blocks: readonly { readonly lang: string; readonly text: string }[]
  readonly #running: ChildProcess[] = []

  /** @param name - of the guide, without `.md` */
  constructor(name: string) {
    mkdirSync(CACHE, { recursive: true })
    this.folder = mkdtempSync(join(CACHE, `guide-${name}-`))
    const guide = readFileSync(join(GUIDES, `${name}.md`), 'utf8')
    this.#blocks = [...guide.matchAll(/^```(\w+)\n(.*?)^```$/gms)].map(([, lang = '', text = '']) => ({
      lang,
      text,
    }))
    for (const { text } of this.#blocks) {
      const [, path] = /^(?:\/\/|#|<!--) (\S+\.\w+)(?: -->)?\n/.exec(text) ?? []
      if (path !== undefined) this.write(path, text)
    }
  }

  /** The only block that holds a text. */
  block(part: string): string {
    const found = this.#blocks.filter(({ text }) => text.includes(part))
    assert.equal(found.length, 1, `blocks with ${part}`)
    return found[0]?.text ?? ''
  }

  write(path: string, text: string): void {
    mkdirSync(dirname(join(this.folder, path)), { recursive: true })
    writeFileSync(join(this.folder, path), text)
  }

  /** Runs shell text and returns what it wrote. */
  run(text: string, env: Readonly<Record<string, string>> = {}): string {
    const options = { cwd: this.folder, encoding: 'utf8', env: { ...process.env, ...env } } as const
    return execFileSync('bash', ['-ec', text], { ...options, stdio: ['ignore', 'pipe', 'inherit'] })
  }

  /** Starts shell text, and waits until an address answers with any status. */
  async start(
    text: string,
    address: string,
    cwd = this.folder,
    env: Readonly<Record<string, string>> = {},
  ): Promise<void> {
    const log = openSync(join(this.folder, 'servers.log'), 'a')
    const child = spawn('bash', ['-ec', text], {
      cwd,
      env: { ...process.env, ...env },
      stdio: ['ignore', log, log],
      detached: true,
    })
    this.#running.push(child)
    for (const until = Date.now() + START_MS; Date.now() < until; ) {
      if (child.exitCode !== null) break
      if (
        await fetch(address, { redirect: 'manual' }).then(
          () => true,
          () => false,
        )
      )
        return
      await pause()
    }
    throw new Error(`${address} does not answer: see ${this.folder}/servers.log`)
  }

  /** Starts Ladon as the guide says, or without settings, with the checkout's own code. */
  async ladon(command = 'npm run dev --'): Promise<void> {
    const state = join(this.folder, 'state')
    await this.start(`${command.trim()} --persist-to ${state}`, 'http://localhost:4444/health/ready', ROOT)
    for (const until = Date.now() + STEP_MS; Date.now() < until; ) {
      if ((await fetch('http://localhost:4444/admin/clients/demo', KEY)).ok) return
      await pause()
    }
  }

  /** Opens a page in a browser that blocks cookies of other sites, and closes it afterwards. */
  async browse(steps: (page: Page) => Promise<void>): Promise<void> {
    const executablePath = findChromium()
    assert(executablePath !== undefined, 'No Chromium: set CHROMIUM_PATH.')
    const browser = await chromium.launch({
      executablePath,
      args: ['--no-sandbox', '--test-third-party-cookie-phaseout'],
    })
    try {
      const page = await browser.newPage()
      page.setDefaultTimeout(STEP_MS)
      await steps(page)
    } finally {
      await browser.close()
    }
  }

  /** Ends what runs, the newest first, and removes the files. */
  async end(): Promise<void> {
    for (const child of this.#running.toReversed()) await stop(child)
    rmSync(this.folder, { recursive: true, force: true })
  }
}

export const KEY = { headers: { authorization: 'Bearer ladon-dev-admin-key' } }

/** Ends a process and its children, which are a group. Some have children of their own to end first. */
async function stop({ pid = 0 }: ChildProcess): Promise<void> {
  for (const signal of ['SIGTERM', 'SIGTERM', 'SIGKILL'] as const) {
    try {
      process.kill(-pid, signal)
    } catch {
      return
    }
    for (const until = Date.now() + STOP_MS; Date.now() < until && isAlive(pid); ) await pause()
  }
}

/** Whether any process of a group is alive. */
function isAlive(pid: number): boolean {
  try {
    return process.kill(-pid, 0)
  } catch {
    return false
  }
}

const pause = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 200))

export const press = (page: Page, name: string): Promise<void> =>
  page.getByRole('button', { name, exact: true }).click()

/** Logs in and consents on Ladon's demo pages. */
export async function logIn(page: Page): Promise<void> {
  await page.waitForURL(/\/ui\/login/)
  await page.getByLabel('User name').fill('demo')
  await page.getByLabel('Password').fill('demo')
  await press(page, 'Log in')
  await page.waitForURL(/\/ui\/consent/)
  await press(page, 'Allow')
}

/** Confirms a logout on Ladon's demo page, if it asks. */
export async function confirmLogout(page: Page): Promise<void> {
  await page.waitForLoadState()
  if (page.url().includes('/ui/logout')) await press(page, 'Log out')
}
