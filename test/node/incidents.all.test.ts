import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type RunningServer, startServer } from '../support/server.ts'
import { startSite } from '../support/site.ts'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))

/** The command lines of the guide, without the indent that they have in a list. */
const LINES = [
  ...readFileSync(`${ROOT}docs/guides/incidents.md`, 'utf8').matchAll(/^( *)```sh\n(.*?)^ *```$/gms),
].flatMap(([, indent = '', text = '']) =>
  text
    .split('\n')
    .map((line) => line.slice(indent.length))
    .filter((line) => line !== ''),
)

const curls = LINES.filter((line) => line.startsWith('curl '))
const others = LINES.filter((line) => !line.startsWith('curl '))

function run(
  command: string,
  env: NodeJS.ProcessEnv,
): Promise<{ readonly code: number; readonly output: string }> {
  const PATH = `${ROOT}node_modules/.bin:${process.env['PATH']}`
  const options = {
    cwd: ROOT,
    env: { ...process.env, PATH, CI: 'true', WRANGLER_SEND_METRICS: 'false', ...env },
  }
  return new Promise((resolve) => {
    const child = execFile('sh', ['-c', command], options, (_error, stdout, stderr) =>
      resolve({ code: child.exitCode ?? -1, output: stdout + stderr }),
    )
  })
}

describe('the guide for incidents', () => {
  let server: RunningServer
  let kid: string

  beforeAll(async () => {
    server = await startServer()
    const headers = { authorization: `Bearer ${server.adminKey}` }
    const body = JSON.stringify({ client_id: 'shop', grant_types: ['client_credentials'] })
    await fetch(`${server.base}/admin/clients`, { method: 'POST', headers, body })
    await fetch(`${server.base}/.well-known/jwks.json`)
    const set = await fetch(`${server.base}/admin/keys/hydra.openid.id-token`, { headers })
    kid = ((await set.json()) as { keys: { kid: string }[] }).keys[0]?.kid ?? ''
  })
  afterAll(() => server?.stop())

  it('has commands', () => {
    expect(curls.length).toBeGreaterThan(10)
    expect(others.length).toBeGreaterThan(4)
  })

  it.each(curls)('the server does what is printed: %s', async (line) => {
    const env = { LADON: server.base, KEY: server.adminKey, KID: kid }
    const { code, output } = await run(`${line} -o /dev/null -w '%{http_code}'`, env)
    expect([code, output]).toEqual([0, expect.stringMatching(/^20[014]$/)])
  })

  it.each(others)('the account is asked as printed: %s', async (line) => {
    const answer = { status: 403, type: 'application/json', body: '{"success":false,"errors":[]}' }
    const account = await startSite('localhost', () => answer)
    const { output } = await run(line, {
      CLOUDFLARE_API_BASE_URL: account.origin,
      CLOUDFLARE_API_TOKEN: 'a-token',
      CLOUDFLARE_ACCOUNT_ID: 'an-account',
      NEW_KEY: 'a-new-key-of-the-operators',
      LOGIN_KEY: 'a-new-key-of-the-login-app',
      NEW_SECRET: 'a-new-system-secret-of-more-than-32-characters',
      OLD_SECRET: 'an-old-system-secret-of-more-than-32-characters',
    })
    await account.stop()
    const asked = account.visits.map(({ url }) => url.pathname)
    expect(asked.join(), output).toMatch(/^\/accounts\/an-account\//)
  })
})
