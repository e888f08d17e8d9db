import { execFile, spawn } from 'node:child_process'
import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Ran, runLadon } from '../cli/run.ts'
import { readText } from '../node/citations.ts'
import { freePort, type RunningServer, startServer } from '../support/server.ts'
import { inspect, launch, openPage } from './browser.ts'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))
const NODE_MODULES = join(ROOT, 'node_modules')

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

/** The block of code in docs/start.md that begins so, for this server and a port of its own. */
function block(begins: string, port = 3000): string {
  const text = readText('docs/start.md')
  const at = text.indexOf(begins)
  expect(at, begins).toBeGreaterThan(0)
  return text
    .slice(at, text.indexOf('\n```', at))
    .replaceAll('http://localhost:4444', server.base)
    .replaceAll('localhost:3000', `localhost:${port}`)
    .replace('listen(3000)', `listen(${port})`)
}

/** The command as docs/start.md calls it, with somebody there who answers. */
const ladon = (line: string, answers: readonly string[] = []): Promise<Ran> =>
  runLadon(line.replace('npm run ladon -- ', '').trim().split(' '), {
    env: { LADON_URL: server.base, LADON_ADMIN_KEY: server.adminKey },
    answers,
  })

it('docs/start.md: the command asks and prints what stands there', async () => {
  const [, line = ''] = block('export LADON_URL').split('\n')
  const printed = block('  1  web')
  const [kind, name, redirect, logout] = [
    ...printed.matchAll(/^(?:What is it|What is it called|Where .*)\? (?:\(.*\) )?(\S.*)$/gm),
  ].map(([, answer = '']) => answer)
  const left = [kind, name, redirect, logout].filter((answer) => answer !== undefined)
  const { code, out, err } = await ladon(line, left)
  expect(code, err).toBe(0)
  const asked = err.replaceAll(/ $/gm, () => ` ${left.shift()}`)
  const shown = out.replace(/^(CLIENT SECRET +)\S+$/m, '$1…')
  expect(`${asked}\n${shown}`.slice(0, printed.length)).toBe(printed)
  await ladon('client delete my-app')
})

/** Registers the application as docs/start.md prints it for a script. Returns its secret. */
async function registered(port: number): Promise<string> {
  const [environment = ''] = block('export LADON_URL').split('\n')
  const script = `${environment}\n${block('npm run ladon -- client new --kind', port)}`
  const env = { ...process.env, PATH: `${dirname(process.execPath)}${delimiter}${process.env['PATH']}` }
  const { stdout } = await promisify(execFile)('sh', ['-c', script], { cwd: ROOT, env })
  const [, secret] = /^CLIENT SECRET +(\S+)$/m.exec(stdout) ?? []
  if (secret === undefined) throw new Error(stdout)
  return secret
}

it('docs/start.md: a login in an application, as it is printed', async () => {
  const port = await freePort()
  const folder = await mkdtemp(join(tmpdir(), 'ladon-start-'))
  await symlink(NODE_MODULES, join(folder, 'node_modules'))
  await writeFile(join(folder, 'app.mjs'), block('// app.mjs', port))
  const script = block('CLIENT_SECRET=…', port).replace('…', await registered(port))
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
