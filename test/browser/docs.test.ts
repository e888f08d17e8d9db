import { spawn } from 'node:child_process'
import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readText } from '../node/citations.ts'
import { freePort, type RunningServer, startServer } from '../support/server.ts'
import { inspect, launch, openPage } from './browser.ts'

const NODE_MODULES = fileURLToPath(new URL('../../node_modules', import.meta.url))

let server: RunningServer
let browser: Browser

beforeAll(async () => {
  browser = await launch()
  server = await startServer()
})

afterAll(async () => {
  await browser?.close()
  await server?.stop()
})

describe('the pages of the documents', () => {
  it.each([
    ['light', 1280],
    ['dark', 320],
  ] as const)('have nothing that axe finds, and are not cut off: %s, %d wide', async (colorScheme, width) => {
    const page = await openPage(browser, { colorScheme, viewport: { width, height: 800 } })
    for (const path of ['', '/start', '/guides/spa', '/reference/settings', '/reference/hydra', '/limits']) {
      await page.goto(`${server.base}/docs${path}`)
      await inspect(page, `docs${path.replaceAll('/', '-')}-${colorScheme}`)
    }
    await page.context().close()
  })

  it('lead from one to the other', async () => {
    const page = await openPage(browser)
    await page.goto(`${server.base}/docs/`)
    await page.getByRole('main').getByRole('link', { name: 'Endpoints', exact: true }).click()
    expect(await page.locator('h1').innerText()).toBe('Endpoints')
    await page.getByRole('main').getByRole('link', { name: 'errors', exact: true }).first().click()
    await page.waitForURL(`${server.base}/docs/errors`)
    await page
      .getByRole('navigation', { name: 'All pages' })
      .getByRole('link', { name: 'Guides', exact: true })
      .click()
    await page.waitForURL(`${server.base}/docs/guides`)
    await page.context().close()
  })
})

/** The block of code in a document that begins so, for this server and a port of its own. */
function block(begins: string, port: number): string {
  const text = readText('docs/start.md')
  const at = text.indexOf(begins)
  expect(at, begins).toBeGreaterThan(0)
  return text
    .slice(at, text.indexOf('\n```', at))
    .replaceAll('http://localhost:4444', server.base)
    .replaceAll('localhost:3000', `localhost:${port}`)
    .replace('listen(3000)', `listen(${port})`)
}

it('docs/start.md: a login in an application, as it is printed', async () => {
  const port = await freePort()
  const folder = await mkdtemp(join(tmpdir(), 'ladon-start-'))
  await symlink(NODE_MODULES, join(folder, 'node_modules'))
  await writeFile(join(folder, 'app.mjs'), block('// app.mjs', port))
  const script = `${block('LADON=http://localhost:4444', port)}\n${block('CLIENT_SECRET=', port)}`
  const env = { ...process.env, PATH: `${dirname(process.execPath)}${delimiter}${process.env['PATH']}` }
  const application = spawn('bash', ['-c', script.replace(' node app.mjs', ' exec node app.mjs')], {
    cwd: folder,
    env,
  })
  let output = ''
  for (const stream of [application.stdout, application.stderr])
    stream.on('data', (chunk: Buffer) => {
      output += chunk.toString()
    })
  try {
    const home = `http://localhost:${port}/`
    await expect
      .poll(
        () =>
          fetch(home).then(
            ({ status }) => status,
            () => output,
          ),
        { timeout: 30_000, interval: 200 },
      )
      .toBe(200)
    const page = await openPage(browser)
    await page.goto(home)
    await page.getByRole('link', { name: 'Log in' }).click()
    await page.locator('input[name=username]').fill('demo')
    await page.locator('input[name=password]').fill('demo')
    await page.locator('button[name=accept]').click()
    await page.getByRole('group').waitFor()
    await page.locator('button[name=accept]').click()
    await page.waitForURL(home)
    expect(await page.locator('p').innerText()).toBe('You are demo.')
    await page.getByRole('link', { name: 'Log out' }).click()
    await page.getByRole('link', { name: 'Log in' }).waitFor()
    expect(page.url()).toBe(home)
    await page.context().close()
  } finally {
    application.kill('SIGTERM')
    await rm(folder, { recursive: true, force: true })
  }
})
