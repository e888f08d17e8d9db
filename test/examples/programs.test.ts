import { copyFile, mkdtemp, readFile, rm, stat, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Browser, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { Application, consent, logIn, press } from '../browser/application.ts'
import { launch, openPage } from '../browser/browser.ts'
import { freePort, type RunningServer, startServer } from '../support/server.ts'
import { EXAMPLES, type RunningExample, runExample, startExample } from './run.ts'

const MODULES = fileURLToPath(new URL('../../node_modules', import.meta.url))
const DEVICE_GRANT = 'urn:ietf:params:oauth:grant-type:device_code'
const ORDERS = { orders: ['a book', 'a lamp'] }

let server: RunningServer
let api: RunningExample
let env: Record<string, string>
let spa: { readonly origin: string; readonly running: RunningExample }

/** Registers a client of the examples, as its README does. */
async function register(client: object): Promise<Record<string, unknown>> {
  const response = await fetch(`${server.base}/admin/clients`, {
    method: 'POST',
    headers: { authorization: `Bearer ${server.adminKey}` },
    body: JSON.stringify(client),
  })
  const made: Record<string, unknown> = await response.json()
  expect(response.status, JSON.stringify(made)).toBe(201)
  return made
}

beforeAll(async () => {
  const [apiPort, spaPort] = [await freePort(), await freePort()]
  const origin = `http://127.0.0.1:${spaPort}`
  server = await startServer({
    vars: { SERVE_PUBLIC_CORS_ENABLED: 'true', SERVE_PUBLIC_CORS_ALLOWED_ORIGINS: origin },
  })
  env = { LADON_URL: server.base, API_URL: `http://localhost:${apiPort}/orders` }
  const [, printed = ''] = /-d '(\{.*?\})'/s.exec(await readFile(`${EXAMPLES}api/README.md`, 'utf8')) ?? []
  await register(JSON.parse(printed))
  api = await startExample('api', { env: { ...env, PORT: String(apiPort), ALLOWED_ORIGINS: origin } })
  spa = { origin, running: await startExample('spa', { env: { ...env, PORT: String(spaPort) } }) }
})

afterAll(() => Promise.all([api, spa?.running, server].map((running) => running?.stop())))

describe('machine', () => {
  let folder: string
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'ladon-machine-'))
    for (const file of ['machine.js', 'make-key.js', 'package.json'])
      await copyFile(`${EXAMPLES}machine/${file}`, join(folder, file))
    await symlink(MODULES, join(folder, 'node_modules'))
    expect(await runExample('machine', { cwd: folder, script: 'key' }).ended).toBe(0)
    expect((await stat(join(folder, 'private-key.json'))).mode & 0o777).toBe(0o600)
    const printed = await readFile(join(folder, 'client.json'), 'utf8')
    expect(printed).not.toContain('"d"')
    await register(JSON.parse(printed))
  })
  afterAll(() => rm(folder, { recursive: true, force: true }))

  it('gets a token by its key and is answered by the API', async () => {
    const job = runExample('machine', { cwd: folder, env })
    expect(await job.ended, job.output()).toBe(0)
    expect(job.output()).toContain('200 {"orders":["a book","a lamp"],"user":"nightly-job"}')
  })

  it('keeps the key that is there', async () => {
    const before = await readFile(join(folder, 'private-key.json'), 'utf8')
    expect(await runExample('machine', { cwd: folder, script: 'key' }).ended).not.toBe(0)
    expect(await readFile(join(folder, 'private-key.json'), 'utf8')).toBe(before)
  })
})

describe.each(['opaque', 'jwt'])('api, with %s tokens', (access_token_strategy) => {
  const token = async (form: Readonly<Record<string, string>>): Promise<string> => {
    const { client_id, client_secret } = await register({
      grant_types: ['client_credentials'],
      response_types: [],
      scope: 'orders:read orders:write',
      audience: ['orders-api', 'other-api'],
      access_token_strategy,
    })
    const response = await fetch(`${server.base}/oauth2/token`, {
      method: 'POST',
      headers: {
        authorization: `Basic ${btoa(`${client_id}:${encodeURIComponent(String(client_secret))}`)}`,
      },
      body: new URLSearchParams({ grant_type: 'client_credentials', ...form }),
    })
    const { access_token }: Record<string, unknown> = await response.json()
    return String(access_token)
  }
  const ask = async (bearer?: string): Promise<readonly [number, string | null]> => {
    const headers = bearer === undefined ? {} : { authorization: `Bearer ${bearer}` }
    const response = await fetch(String(env['API_URL']), { headers })
    return [response.status, response.headers.get('www-authenticate')]
  }

  it('answers the right one, and says what is wrong with others', async () => {
    const good = await token({ scope: 'orders:read', audience: 'orders-api' })
    expect(good.split('.').length === 3).toBe(access_token_strategy === 'jwt')
    expect(await ask(good)).toEqual([200, null])
    const [status, challenge] = await ask(await token({ scope: 'orders:write', audience: 'orders-api' }))
    expect([status, challenge]).toEqual([403, expect.stringContaining('insufficient_scope')])
    const invalid = [401, expect.stringContaining('invalid_token')]
    expect(await ask(await token({ scope: 'orders:read', audience: 'other-api' }))).toEqual(invalid)
    expect(await ask(`${good.slice(0, -4)}AAAA`)).toEqual(invalid)
    expect(await ask('a.b.c')).toEqual(invalid)
    expect(await ask()).toEqual([401, 'Bearer'])
  })
})

describe('in a browser', () => {
  let browser: Browser
  let page: Page
  beforeAll(async () => {
    browser = await launch()
    await register({
      client_id: 'tv',
      grant_types: [DEVICE_GRANT, 'refresh_token'],
      response_types: [],
      token_endpoint_auth_method: 'none',
      scope: 'openid offline_access orders:read',
      audience: ['orders-api'],
    })
    await Application.register(server, spa.origin, {
      client_id: 'spa',
      grant_types: ['authorization_code', 'refresh_token'],
      response_types: ['code'],
      scope: 'openid offline_access orders:read',
      audience: ['orders-api'],
      redirect_uris: [`${spa.origin}/`],
      post_logout_redirect_uris: [`${spa.origin}/`],
    })
  })
  afterEach(() => page.context().close())
  afterAll(() => browser?.close())

  const connect = async (last: string): Promise<RunningExample> => {
    const device = runExample('device', { env })
    const [, uri = ''] = await device.line(/or open (\S+) and/)
    page = await openPage(browser)
    await page.goto(uri)
    await press(page, 'Continue')
    await logIn(page)
    await press(page, last)
    return device
  }

  it('device: its user agrees, and the API answers', async () => {
    const device = await connect('Allow')
    expect(await device.ended, device.output()).toBe(0)
    expect(device.output()).toContain('Connected for demo')
    expect(device.output()).toContain('200 {"orders":["a book","a lamp"],"user":"demo"}')
  })

  it('device: its user says no', async () => {
    const device = await connect('Deny')
    expect(await device.ended).toBe(1)
    expect(device.output()).toContain('You said no.')
  })

  const user = (): Promise<string> => page.locator('#user').innerText()
  const answer = () => expect.poll(() => page.locator('#answer').innerText())

  it('spa: logs in, shows what the API says, renews, stays logged in, logs out', async () => {
    page = await openPage(browser)
    await page.goto(spa.origin)
    await expect.poll(user).toBe('Nobody is logged in.')
    await press(page, 'Show my orders')
    await answer().toBe('Log in first.')
    await press(page, 'Log in')
    await logIn(page)
    await consent(page)
    await page.waitForURL(`${spa.origin}/`)
    await expect.poll(user).toBe('You are demo.')
    await press(page, 'Show my orders')
    await answer().toBe(`200 ${JSON.stringify({ ...ORDERS, user: 'demo' })}`)
    await press(page, 'Renew')
    await answer().toBe('New tokens.')
    await page.reload()
    await expect.poll(user).toBe('You are demo.')
    await press(page, 'Show my orders')
    await answer().toContain('a lamp')

    await press(page, 'Log out')
    await page.waitForURL(`${server.base}/**`)
    await press(page, 'Log out')
    await page.waitForURL(`${spa.origin}/**`)
    await expect.poll(user).toBe('Nobody is logged in.')
    await press(page, 'Log in')
    await expect.poll(() => page.getByLabel('Password').isVisible()).toBe(true)
  })

  it('spa: says that its user said no', async () => {
    page = await openPage(browser)
    await page.goto(spa.origin)
    await expect.poll(user).toBe('Nobody is logged in.')
    await press(page, 'Log in')
    await press(page, 'Cancel')
    await page.waitForURL(`${spa.origin}/`)
    await answer().toBe('You said no.')
    expect(await user()).toBe('Nobody is logged in.')
  })
})
