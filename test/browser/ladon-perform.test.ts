import { spawn } from 'node:child_process'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { performAuthorizationCode } from '../../src/cli/commands/perform-authorization-code.ts'
import { performDeviceCode } from '../../src/cli/commands/perform-device-code.ts'
import { makeShell, type Shell } from '../cli/shell.ts'
import { freePort, type RunningServer, startServer } from '../support/server.ts'
import { launch, openPage } from './browser.ts'

let server: RunningServer
let browser: Browser
let shell: Shell
let port: number

beforeAll(async () => {
  browser = await launch()
  const starting = startServer()
  shell = await makeShell()
  server = await starting
  port = await freePort()
  for (const client of [
    {
      client_id: 'my-app',
      token_endpoint_auth_method: 'client_secret_post',
      client_secret: SECRET,
      grant_types: ['authorization_code', 'refresh_token'],
      redirect_uris: [`http://127.0.0.1:${port}/callback`, 'http://127.0.0.1:4446/callback'],
      scope: 'openid offline',
    },
    {
      client_id: 'my-tv',
      token_endpoint_auth_method: 'none',
      grant_types: ['urn:ietf:params:oauth:grant-type:device_code', 'refresh_token'],
      scope: 'openid offline',
    },
  ]) {
    const { status } = await fetch(`${server.base}/admin/clients`, {
      method: 'POST',
      headers: { authorization: `Bearer ${server.adminKey}` },
      body: JSON.stringify(client),
    })
    expect(status).toBe(201)
  }
})

afterAll(async () => {
  await browser?.close()
  await server?.stop()
  await shell?.remove()
})

const SECRET = 'a-secret-of-an-application-of-40-characters'

/** Runs a command line; `address` is the first that it shows to its user. */
function start(line: string, env: Readonly<Record<string, string>> = {}) {
  const child = spawn('sh', ['-c', line], {
    cwd: shell.folder,
    env: { PATH: shell.path, LADON_URL: server.base, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let out = ''
  let err = ''
  child.stdout.on('data', (chunk: Buffer) => {
    out += chunk.toString('utf8')
  })
  const address = new Promise<string>((resolve, reject) => {
    child.stderr.on('data', (chunk: Buffer) => {
      err += chunk.toString('utf8')
      const [, found] = /^ {2}(http\S+)$/m.exec(err) ?? []
      if (found !== undefined) resolve(found)
    })
    child.once('close', () => reject(new Error(`It ended without an address: ${err}`)))
  })
  const ended = new Promise<{ code: number | null; out: string; err: string }>((resolve) => {
    child.once('close', (code) => resolve({ code, out, err }))
  })
  return { address, ended }
}

async function logIn(page: Page): Promise<void> {
  await page.getByLabel('User name').fill('demo')
  await page.getByLabel('Password').fill('demo')
  await page.getByRole('button', { name: 'Log in', exact: true }).click()
  await page.getByRole('button', { name: 'Allow', exact: true }).click()
}

describe('ladon perform authorization-code --no-open', () => {
  it.each(['query', 'form_post'])('driven by a browser ends with tokens (%s)', async (mode) => {
    const [example = ''] = performAuthorizationCode.examples
    const flags = `--port ${port} --response-mode ${mode} --prompt consent,login --max-age -1 --format json`
    const { address, ended } = start(`${example} ${flags}`, { OAUTH2_CLIENT_SECRET: SECRET })
    const page = await openPage(browser)
    await page.goto(await address)
    await logIn(page)
    await page.getByText('You can close this window').waitFor()
    const { code, out, err } = await ended
    expect(code, err).toBe(0)
    expect(JSON.parse(out)).toMatchObject({
      access_token: expect.stringMatching(/^ory_at_/),
      refresh_token: expect.stringMatching(/^ory_rt_/),
      id_token: expect.stringMatching(/^ey/),
      token_type: 'bearer',
      expiry: expect.any(String),
    })
    expect(out + err).not.toContain(SECRET)
    await page.context().close()
  })

  it('takes no answer of another request, and ends with 1 for a no', async () => {
    const { address, ended } = start(
      `ladon perform authorization-code --client-id my-app --port ${port} --no-open`,
    )
    const page = await openPage(browser)
    await address
    const stray = await fetch(`http://127.0.0.1:${port}/callback?code=x&state=guessed`)
    expect(stray.status).toBe(404)
    const to = new URL(await address)
    const no = new URLSearchParams({ state: to.searchParams.get('state') ?? '', error: 'access_denied' })
    await page.goto(`http://127.0.0.1:${port}/callback?${no}&error_description=%1b[31mno`)
    expect(await ended).toMatchObject({
      code: 1,
      out: '',
      err: expect.stringContaining('access_denied: [31mno'),
    })
    await page.context().close()
  })
})

describe('ladon perform device-code', () => {
  it('waits for its user and ends with tokens', async () => {
    const [example = ''] = performDeviceCode.examples
    const { address, ended } = start(`${example} --format json`)
    const page = await openPage(browser)
    await page.goto(await address)
    await page.getByRole('button', { name: 'Continue', exact: true }).click()
    await logIn(page)
    const { code, out, err } = await ended
    expect(code, err).toBe(0)
    expect(JSON.parse(out)).toMatchObject({
      access_token: expect.stringMatching(/^ory_at_/),
      refresh_token: expect.any(String),
    })
    await page.context().close()
  })
})
