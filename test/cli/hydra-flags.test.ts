import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Site, startSite } from '../support/site.ts'
import { runLadon } from './run.ts'

let site: Site
let folder: string

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ladon-flags-'))
  site = await startSite('localhost', () => ({
    type: 'application/json',
    body: '{"client_id":"x","keys":[]}',
  }))
})

afterAll(async () => {
  await site.stop()
  await rm(folder, { recursive: true, force: true })
})

const run = (args: readonly string[], input = '') =>
  runLadon(args, { env: { LADON_URL: site.origin }, folder, input })

/** The last request: its method, its path and what it sent. */
function sent(): readonly [method: string, path: string, body: unknown] {
  const visit = site.visits.at(-1)
  return [visit?.method ?? '', visit?.url.pathname ?? '', JSON.parse(visit?.body || 'null')]
}

/** Every flag of Hydra's `create oauth2-client`, with the member that it is. */
const FLAGS: readonly (readonly [flag: string, member: string, value: unknown])[] = [
  ['--name=my app', 'client_name', 'my app'],
  [
    '--redirect-uri=http://localhost/cb,http://localhost/other',
    'redirect_uris',
    ['http://localhost/cb', 'http://localhost/other'],
  ],
  ['--grant-type=authorization_code,refresh_token', 'grant_types', ['authorization_code', 'refresh_token']],
  ['--response-type=code', 'response_types', ['code']],
  ['--scope=core,foobar', 'scope', 'core foobar'],
  ['--audience=a,b', 'audience', ['a', 'b']],
  ['--token-endpoint-auth-method=none', 'token_endpoint_auth_method', 'none'],
  ['--jwks-uri=https://a/jwks', 'jwks_uri', 'https://a/jwks'],
  ['--post-logout-callback=https://a/bye', 'post_logout_redirect_uris', ['https://a/bye']],
  ['--allowed-cors-origin=https://a', 'allowed_cors_origins', ['https://a']],
  ['--access-token-strategy=jwt', 'access_token_strategy', 'jwt'],
  ['--subject-type=public', 'subject_type', 'public'],
  ['--sector-identifier-uri=https://a/s', 'sector_identifier_uri', 'https://a/s'],
  ['--skip-consent', 'skip_consent', true],
  ['--skip-logout-consent=true', 'skip_logout_consent', true],
  ['--backchannel-logout-callback=https://a/b', 'backchannel_logout_uri', 'https://a/b'],
  ['--backchannel-logout-session-required', 'backchannel_logout_session_required', true],
  ['--frontchannel-logout-callback=https://a/f', 'frontchannel_logout_uri', 'https://a/f'],
  ['--frontchannel-logout-session-required=false', 'frontchannel_logout_session_required', false],
  ['--request-object-signing-alg=RS256', 'request_object_signing_alg', 'RS256'],
  ['--request-uri=https://a/r', 'request_uris', ['https://a/r']],
  ['--owner=me', 'owner', 'me'],
  ['--contact=a@b.example,c@d.example', 'contacts', ['a@b.example', 'c@d.example']],
  ['--client-uri=https://a', 'client_uri', 'https://a'],
  ['--logo-uri=https://a/l', 'logo_uri', 'https://a/l'],
  ['--policy-uri=https://a/p', 'policy_uri', 'https://a/p'],
  ['--tos-uri=https://a/t', 'tos_uri', 'https://a/t'],
  ['--metadata={"a":[1]}', 'metadata', { a: [1] }],
  ['--secret=some-secret', 'client_secret', 'some-secret'],
  ['--id=my-id', 'client_id', 'my-id'],
]

describe("flags of Hydra's command", () => {
  it('make a client, all of them', async () => {
    const { code } = await run(['create', 'oauth2-client', ...FLAGS.map(([flag]) => flag)])
    const client = Object.fromEntries(FLAGS.map(([, member, value]) => [member, value]))
    expect([code, ...sent()]).toEqual([0, 'POST', '/admin/clients', client])
  })

  it.each(FLAGS.filter(([flag]) => !flag.startsWith('--id')))(
    'change one member: %s',
    async (flag, member, value) => {
      await run(['update', 'oauth2-client', 'x', flag])
      expect(sent()).toEqual(['PATCH', '/admin/clients/x', [{ op: 'add', path: `/${member}`, value }]])
    },
  )

  it('may be several of one name, and none but the defaults', async () => {
    await run(
      ['create', 'client', '--redirect-uri', 'a:/', '--redirect-uri', 'b:/', '--secret', '-'],
      'from-stdin\n',
    )
    expect(sent()[2]).toEqual({
      grant_types: ['authorization_code'],
      response_types: ['code'],
      token_endpoint_auth_method: 'client_secret_basic',
      redirect_uris: ['a:/', 'b:/'],
      client_secret: 'from-stdin',
    })
  })

  it('give way to a file', async () => {
    await writeFile(join(folder, 'client.json'), '{"client_name":"filed"}')
    await run(['update', 'client', 'x', '--file', 'client.json', '--name', 'other'])
    expect(sent()).toEqual(['PUT', '/admin/clients/x', { client_name: 'filed' }])
    await run(['create', 'client', '--file', '-', '--id', 'y'], '{"client_name":"piped"}')
    expect(sent()).toEqual(['POST', '/admin/clients', { client_name: 'piped', client_id: 'y' }])
  })

  it('of keys and lists', async () => {
    await run(['create', 'jwks', 'set/1', 'kid', '--alg', 'ES256', '--use', 'sig'])
    expect(sent()).toEqual(['POST', '/admin/keys/set%2F1', { alg: 'ES256', kid: 'kid', use: 'sig' }])
    await run(['list', 'clients', '--page-token', 'eyJ', '--page-size', '10'])
    expect(site.visits.at(-1)?.url.search).toBe('?page_size=10&page_token=eyJ')
  })

  it.each([
    [['create', 'client', '--metadata', '[]'], '--metadata takes a JSON object'],
    [['create', 'client', '--metadata', 'x'], '--metadata is no JSON'],
    [['create', 'client', '--file', 'nowhere.json'], 'nowhere.json cannot be read (ENOENT)'],
    [['update', 'client', 'x'], 'No flag says what to change'],
    [['import', 'clients'], 'The standard input is no JSON'],
    [['import', 'jwk', 'set'], 'holds no key'],
    [['perform', 'client-credentials'], 'No client is named'],
    [['perform', 'client-credentials', '--client-id', 'x'], 'The secret is missing'],
    [['perform', 'authorization-code', '--client-id', 'x', '--port', '0'], '--port takes a port'],
    [['perform', 'authorization-code', '--client-id', 'x', '--auth-url', 'x'], 'no URL that begins'],
  ])('that cannot be meant are 2: %j', async (args, said) => {
    const before = site.visits.length
    expect(await run(args)).toMatchObject({ code: 2, out: '', err: expect.stringContaining(said) })
    expect(site.visits).toHaveLength(before)
  })

  it('bring a key by a header, which is none of a client', async () => {
    const header = ['-H', 'Authorization: Bearer key']
    await runLadon(['get', 'client', 'x', ...header], {
      env: { LADON_URL: site.origin, LADON_ADMIN_KEY: 'other' },
    })
    expect(site.visits.at(-1)?.headers['authorization']).toBe('Bearer key')
    await run(['perform', 'client-credentials', '--client-id', 'a:b', '--client-secret', 'c d', ...header])
    const basic = Buffer.from('a%3Ab:c%20d').toString('base64')
    expect(site.visits.at(-1)?.headers['authorization']).toBe(`Basic ${basic}`)
  })

  it('show a secret to no one on the way', async () => {
    const args = [
      'perform',
      'client-credentials',
      '-e',
      'http://login.example',
      '--client-id',
      'x',
      '--client-secret',
      'sss',
    ]
    const { code, err } = await run(args)
    expect([code, err]).toEqual([2, expect.stringContaining('only sent over https')])
    expect(err).not.toContain('sss')
  })
})
