import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { CLIENT_KINDS } from '../../src/cli/commands/client-kinds.ts'
import { type Site, startSite } from '../support/site.ts'
import { runLadon } from './run.ts'

let site: Site

beforeAll(async () => {
  site = await startSite('localhost', ({ body }) => {
    const asked: object = body === '' ? {} : JSON.parse(body)
    return {
      status: 201,
      type: 'application/json',
      body: JSON.stringify({ client_id: 'made', ...asked, client_secret: 'the-new-secret' }),
    }
  })
})

afterAll(() => site.stop())

const asked = (): unknown => JSON.parse(site.visits.at(-1)?.body ?? '')

const run = (args: readonly string[], answers?: readonly string[]) =>
  runLadon(['client', 'new', ...args], { env: { LADON_URL: site.origin }, ...(answers && { answers }) })

const CODE = ['authorization_code', 'refresh_token']

describe('client new', () => {
  it.each<[kind: string, answers: readonly string[], registered: object]>([
    [
      'web',
      ['https://a.example/cb', 'https://a.example/'],
      {
        grant_types: CODE,
        token_endpoint_auth_method: 'client_secret_basic',
        redirect_uris: ['https://a.example/cb'],
        post_logout_redirect_uris: ['https://a.example/'],
      },
    ],
    [
      'spa',
      ['https://a.example/cb https://b.example/x', ''],
      {
        post_logout_redirect_uris: [],
        token_endpoint_auth_method: 'none',
        allowed_cors_origins: ['https://a.example', 'https://b.example'],
      },
    ],
    ['native', ['com.a:/cb'], { token_endpoint_auth_method: 'none', redirect_uris: ['com.a:/cb'] }],
    [
      'machine',
      ['jobs.run jobs.read', ''],
      { grant_types: ['client_credentials'], scope: 'jobs.run jobs.read', redirect_uris: [], audience: [] },
    ],
    [
      'device',
      [],
      {
        grant_types: ['urn:ietf:params:oauth:grant-type:device_code', 'refresh_token'],
        scope: 'openid offline_access',
      },
    ],
    [
      'mcp',
      ['http://127.0.0.1/callback', 'https://mcp.example/mcp'],
      { token_endpoint_auth_method: 'none', audience: ['https://mcp.example/mcp'], scope: 'offline_access' },
    ],
  ])('asks a %s application and registers it with its defaults', async (kind, answers, registered) => {
    const { code, out, err } = await run([], [kind, 'Photos', ...answers])
    expect(code).toBe(0)
    expect(asked()).toMatchObject({ client_name: 'Photos', ...registered })
    expect(err).toContain('What is it? ')
    expect(out).toContain("'made'")
    // The secret is shown once, as such, and the code reads it from the environment.
    expect(out.match(/the-new-secret/g)).toHaveLength(1)
  })

  it('takes a number for the kind', async () => {
    await run([], ['5', 'TV'])
    expect(asked()).toMatchObject({ scope: 'openid offline_access' })
  })

  it.each(CLIENT_KINDS.map(({ name }) => name))(
    'asks nothing of a script that says all: %s',
    async (kind) => {
      const flags = ['--name', 'x', '--redirect-uri', 'https://a.example/cb', '--id', 'y', '--skip-consent']
      const { code, out, err } = await run(['--kind', kind, ...flags, '--format', 'json'])
      expect([code, err]).toEqual([0, ''])
      expect(JSON.parse(out)).toMatchObject({ client_id: 'y', client_name: 'x', skip_consent: true })
    },
  )

  it.each([
    [[], '--kind is missing'],
    [['--kind', 'web'], '--name is missing'],
    [['--kind', 'web', '--name', 'x'], '--redirect-uri is missing'],
    [['--kind', 'app', '--name', 'x'], 'The kind is one of web, spa'],
  ])('where nobody can be asked, %j is 2', async (args, said) => {
    const visits = site.visits.length
    const { code, err } = await run(args)
    expect([code, err]).toEqual([2, expect.stringContaining(said)])
    expect(site.visits).toHaveLength(visits)
  })

  it.each(['web', 'spa', 'machine', 'device', 'mcp'])('prints code that parses: %s', async (kind) => {
    const { out } = await run(['--kind', kind, '--name', 'x', '--redirect-uri', 'https://a.example/cb'])
    const file = join(mkdtempSync(join(tmpdir(), 'ladon-code-')), 'code.mjs')
    writeFileSync(file, out.slice(out.search(/^(?:import|const) /m)))
    expect(execFileSync(process.execPath, ['--check', file], { encoding: 'utf8' })).toBe('')
    rmSync(dirname(file), { recursive: true })
  })

  it('prints no code that a name could end', async () => {
    const { out } = await run([
      '--kind',
      'spa',
      '--name',
      'x',
      '--redirect-uri',
      "https://a.example/'+alert(1)+'",
    ])
    expect(out).toContain(`redirect_uri: "https://a.example/'+alert(1)+'"`)
  })
})
