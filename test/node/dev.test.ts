import { execFileSync } from 'node:child_process'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import { type RunningServer, startServer } from '../support/server.ts'
import { ladon } from './ladon.ts'

let state: string

beforeAll(async () => {
  state = await mkdtemp(join(tmpdir(), 'ladon-dev-'))
})

afterAll(() => rm(state, { recursive: true, force: true }))

const MACHINE = {
  client_id: 'machine',
  client_secret: 'a-secret-of-sufficient-length',
  grant_types: ['client_credentials'],
}

async function admin(server: RunningServer, method: string, path: string, body?: unknown): Promise<Response> {
  return fetch(`${server.base}/admin${path}`, {
    method,
    headers: { authorization: `Bearer ${server.adminKey}` },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
}

/** Command lines of the processes that have to do with this test's state. */
function processes(): readonly string[] {
  const lines = execFileSync('ps', ['-eo', 'args'], { encoding: 'utf8' }).split('\n')
  return lines.filter((line) => line.includes(state) && !line.startsWith('ps '))
}

it('keeps its state over a restart and from a reset, takes settings, and leaves no process behind', async () => {
  const first = await startServer({ persistTo: state })
  const made = await admin(first, 'POST', '/clients', MACHINE)
  expect(made.status).toBe(201)
  expect(await ladon(['reset', '--', '--persist-to', state])).toEqual({
    code: 2,
    output: `Nothing was cleared: the server on ${first.base} runs on that state. Stop it first, with Ctrl-C in its terminal.\n`,
  })
  expect(processes().length).toBeGreaterThan(0)
  await first.stop()
  expect(processes()).toEqual([])
  expect(await readdir(state)).toEqual(['v3'])
  await expect(fetch(`${first.base}/health/alive`)).rejects.toThrow('fetch failed')

  const second = await startServer({ persistTo: state, vars: { TTL_ACCESS_TOKEN: '5m' } })
  try {
    const demo: unknown = await (await admin(second, 'GET', '/clients/demo')).json()
    expect(demo).toMatchObject({ redirect_uris: [`${second.base}/demo/callback`] })
    const authorization = `Basic ${btoa(`machine:${MACHINE.client_secret}`)}`
    const answer = await fetch(`${second.base}/oauth2/token`, {
      method: 'POST',
      headers: { authorization },
      body: new URLSearchParams({ grant_type: 'client_credentials' }),
    })
    expect(await answer.json()).toMatchObject({ expires_in: 300, token_type: 'bearer' })
  } finally {
    await second.stop()
  }
})

it('says at once which setting it cannot work with, in words', async () => {
  const starting = startServer({ vars: { TTL_ACCESS_TOKEN: 'soon' } })
  await expect(starting).rejects.toThrow(/^The server is not ready: TTL_ACCESS_TOKEN must be /m)
})

it('writes one readable line for each request, with what to do about a refusal', async () => {
  const server = await startServer()
  try {
    const body = new URLSearchParams({ grant_type: 'pasword' })
    await (await fetch(`${server.base}/oauth2/token`, { method: 'POST', body })).text()
    await vi.waitFor(() => expect(server.output()).toContain('grant_type_unknown'), 10_000)
    const [, requests = ''] = server.output().split('Ctrl-C stops it.')
    const lines = requests.split('\n').filter((line) => line.includes('/oauth2/token'))
    expect(lines).toEqual([
      expect.stringMatching(
        /^✗ POST {3}\/oauth2\/token 400 {2}invalid_request: grant_type_unknown\. 'pasword' is no grant type .* Send one of these: authorization_code, .*\[[\da-f-]{36}\]$/,
      ),
    ])
    expect(server.output()).not.toMatch(/"kind":"(?:request|audit)"/)
  } finally {
    await server.stop()
  }
})
