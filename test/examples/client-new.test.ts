import { mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Browser, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { consent, logIn, press } from '../browser/application.ts'
import { launch, openPage } from '../browser/browser.ts'
import { runLadon } from '../cli/run.ts'
import { freePort, type RunningServer, startServer } from '../support/server.ts'
import { type Answer, type Site, startSite } from '../support/site.ts'
import { runExample, startExample } from './run.ts'

const MODULES = fileURLToPath(new URL('../../node_modules', import.meta.url))

/** A server around the printed code: `/` begins a login, the redirect URI ends it. */
const WEB_SERVER = `
import { createServer } from 'node:http'
import { callback, login } from './web.mjs'
const origin = 'http://127.0.0.1:' + process.env.PORT
const session = {}
createServer(async (request, response) => {
  const url = new URL(request.url, origin)
  if (url.pathname === '/') response.writeHead(302, { location: String(await login(session)) }).end()
  else if (url.pathname === '/callback') response.end('You are ' + await callback(session, url))
  else response.writeHead(404).end()
}).listen(Number(process.env.PORT), '127.0.0.1', () => console.log('Ready on', origin))
`

/** A page around the printed code. */
const SPA_PAGE = `<!doctype html><html lang="en"><title>New</title>
<script type="importmap">{ "imports": { "oidc-client-ts": "/oidc-client-ts", "jwt-decode": "/jwt-decode" } }</script>
<button id="login">Log in</button><p id="user"></p>
<script type="module">
import { user, users } from '/app.js'
document.getElementById('login').onclick = () => users.signinRedirect()
document.getElementById('user').textContent = user === null ? 'Nobody' : 'You are ' + user.profile.sub
</script></html>`

const SCRIPTS = { start: 'node web-server.mjs', device: 'node device.mjs', machine: 'node machine.mjs' }

/** What the single-page application is served from. */
const files = new Map<string, Answer>([['/', { body: SPA_PAGE }]])

let server: RunningServer
let site: Site
let browser: Browser
let page: Page
let folder: string

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ladon-new-'))
  browser = await launch()
  site = await startSite('127.0.0.1', ({ url }) => files.get(url.pathname) ?? { status: 404 })
  const cors = { SERVE_PUBLIC_CORS_ENABLED: 'true', SERVE_PUBLIC_CORS_ALLOWED_ORIGINS: site.origin }
  server = await startServer({ vars: cors })
  await symlink(MODULES, join(folder, 'node_modules'))
  await write('package.json', JSON.stringify({ private: true, type: 'module', scripts: SCRIPTS }))
})
beforeEach(async () => {
  page = await openPage(browser)
})
afterEach(() => page.context().close())
afterAll(async () => {
  await browser?.close()
  await Promise.all([server?.stop(), site?.stop()])
  await rm(folder, { recursive: true, force: true })
})

const write = (name: string, content: string): Promise<void> => writeFile(join(folder, name), content)

/** Registers an application as its developer does, and returns the code that is printed. */
async function clientNew(
  args: readonly string[],
): Promise<{ readonly secret: string; readonly code: string }> {
  const env = { LADON_URL: server.base, LADON_ADMIN_KEY: server.adminKey }
  const { code, out, err } = await runLadon(['client', 'new', '--name', 'New', ...args], { env })
  expect([code, err]).toEqual([0, ''])
  const [, secret = ''] = /^CLIENT SECRET +(\S+)$/m.exec(out) ?? []
  return { secret, code: out.slice(out.search(/^(?:import|const) /m)) }
}

describe('the code that "client new" prints', () => {
  it('web: logs a user in', async () => {
    const port = String(await freePort())
    const origin = `http://127.0.0.1:${port}`
    const { secret, code } = await clientNew(['--kind', 'web', '--redirect-uri', `${origin}/callback`])
    await write('web.mjs', code)
    await write('web-server.mjs', WEB_SERVER)
    const env = { PORT: port, CLIENT_SECRET: secret }
    const web = await startExample('web', { cwd: folder, env })
    await page.goto(origin)
    await logIn(page)
    await consent(page)
    await page.waitForURL(`${origin}/callback?**`)
    expect(await page.locator('body').innerText()).toBe('You are demo')
    await web.stop()
  })

  it('spa: logs a user in, in the browser alone', async () => {
    const type = 'text/javascript'
    for (const name of ['oidc-client-ts', 'jwt-decode']) {
      const body = await readFile(fileURLToPath(import.meta.resolve(name)), 'utf8')
      files.set(`/${name}`, { type, body })
    }
    const { code } = await clientNew(['--kind', 'spa', '--redirect-uri', `${site.origin}/`])
    expect(code).toContain(`SERVE_PUBLIC_CORS_ALLOWED_ORIGINS=${site.origin}\n`)
    files.set('/app.js', { type, body: code })
    const user = () => expect.poll(() => page.locator('#user').innerText())
    await page.goto(site.origin)
    await user().toBe('Nobody')
    await press(page, 'Log in')
    await logIn(page)
    await consent(page)
    await page.waitForURL(`${site.origin}/`)
    await user().toBe('You are demo')
    await page.reload()
    await user().toBe('You are demo')
  })

  it('machine: gets a token for its API', async () => {
    const wishes = ['--scope', 'jobs.run', '--audience', 'jobs-api']
    const { secret, code } = await clientNew(['--kind', 'machine', ...wishes])
    await write('machine.mjs', `${code}\nconsole.log(access_token)`)
    const job = runExample('machine', {
      cwd: folder,
      script: 'machine',
      env: { CLIENT_SECRET: secret },
    })
    expect(await job.ended, job.output()).toBe(0)
    expect(job.output()).toMatch(/^ory_at_/)
  })

  it.each([
    ['Allow', 0, /^ory_at_/m],
    ['Deny', 1, /access_denied/],
  ])('device: waits until its user chose %s', async (button, exitCode, said) => {
    const { code } = await clientNew(['--kind', 'device'])
    await write('device.mjs', `${code}\nconsole.log(access_token)`)
    const device = runExample('device', { cwd: folder, script: 'device' })
    const [, uri = '', userCode = ''] = await device.line(/Go to (\S+) and enter (\S+)/)
    await page.goto(uri)
    await page.getByRole('textbox').fill(userCode)
    await press(page, 'Continue')
    await logIn(page)
    await press(page, button)
    expect(await device.ended, device.output()).toBe(exitCode)
    expect(device.output()).toMatch(said)
  })
})
