import { generateKeyPairSync } from 'node:crypto'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { explain } from '../../src/cli/commands/explain.ts'
import { commands } from '../../src/cli/commands/registry.ts'
import { type RunningServer, startServer } from '../support/server.ts'
import { runLadon } from './run.ts'
import { makeShell, type Shell } from './shell.ts'

const SECRET = 'a-secret-of-an-api-of-40-characters-here'

/** Examples that a user answers in a browser: `browser/ladon-perform.test.ts` runs them. */
const BROWSER = ['perform authorization-code', 'perform device-code']

/** Commands that only say why there is none. */
const ENDS_WITH_2 = ['serve', 'migrate', 'janitor']

/** What a command says, of those that another program answers for. */
const SAYS: Readonly<Record<string, RegExp>> = {
  backup: /^backup of --output,\/.*\/ladon\.sql$/m,
  restore: /^restore of \/.*\/ladon\.sql$/m,
}

/** The example with an address that this server refuses, and says why. */
const REFUSED = explain.examples[0]

let server: RunningServer
let shell: Shell
let env: Readonly<Record<string, string>>

beforeAll(async () => {
  const starting = startServer()
  shell = await makeShell()
  server = await starting
  env = {
    LADON_URL: server.base,
    LADON_ADMIN_KEY: server.adminKey,
    OAUTH2_CLIENT_ID: 'my-api',
    OAUTH2_CLIENT_SECRET: SECRET,
  }
  for (const client of [
    { client_id: 'my-app', redirect_uris: ['https://app.example/cb'] },
    { client_id: 'my-api', client_secret: SECRET, grant_types: ['client_credentials'], scope: 'jobs.run' },
    { client_id: 'my-job', grant_types: ['client_credentials'] },
    { client_id: 'old-app', grant_types: ['client_credentials'] },
  ])
    await ladon(['client', 'import'], JSON.stringify(client))
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  await write('key.pem', privateKey.export({ type: 'pkcs8', format: 'pem' }).toString())
  const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  await write('jwk.json', JSON.stringify({ ...publicKey.export({ format: 'jwk' }), alg: 'ES256' }))
  await write('clients.json', JSON.stringify([{ client_name: 'One' }, { client_name: 'Two' }]))
  // A checkout of Ladon as the command sees it.
  await mkdir(join(shell.folder, 'src/dev'), { recursive: true })
  await write('src/dev/ladon.ts', 'console.log(process.argv[2], "of", String(process.argv.slice(3)))')
  await write('package.json', '{"name":"ladon","type":"module"}')
})

afterAll(async () => {
  await server.stop()
  await shell.remove()
})

const write = (name: string, content: string): Promise<void> => writeFile(join(shell.folder, name), content)

async function ladon(args: readonly string[], input = '', more: Readonly<Record<string, string>> = {}) {
  return runLadon(args, { env: { ...env, ...more }, input, folder: shell.folder })
}

const tokenOf = async (): Promise<string> =>
  (await ladon(['perform', 'client-credentials', '--scope', 'jobs.run', '-q'])).out

const examples = commands
  .filter(({ name }) => !BROWSER.includes(name))
  .flatMap(({ name, examples: lines }) => lines.map((line) => [line, name] as const))

describe('the examples of the help', () => {
  it.each(examples)('%s', async (line, name) => {
    const { code, out, err } = await shell.run(line, { ...env, TOKEN: await tokenOf() })
    if (ENDS_WITH_2.includes(name))
      expect([code, err]).toEqual([2, expect.stringMatching(/^There is nothing to /)])
    else
      expect([code, out, err]).toEqual([
        line === REFUSED ? 1 : 0,
        expect.stringMatching(SAYS[name] ?? /\S/),
        '',
      ])
    expect(out + err).not.toContain('\u001b')
  })
})

/** The names of members of JSON, of lists those of the first item. */
const membersOf = (out: string): unknown => {
  const read: unknown = JSON.parse(out)
  const [value] = [read].flat()
  return typeof value === 'object' && value !== null ? Object.keys(value).toSorted() : typeof value
}

describe("Hydra's names", () => {
  const both: readonly (readonly [hydra: string, native: string, input?: string])[] = [
    [
      'create oauth2-client --name a --grant-type client_credentials',
      'client create --name b --grant-type client_credentials',
    ],
    [
      'create client --redirect-uri http://localhost/cb --response-type code',
      'client create --redirect-uri http://localhost/cb',
    ],
    ['list oauth2-clients --page-size 1 --page-token=', 'client list --page-size 1'],
    ['get oauth2-client my-api', 'client get my-api'],
    ['get clients my-api my-app', 'client get my-api my-app'],
    ['update oauth2-client my-api --scope jobs.run,b', 'client update my-api --scope jobs.run'],
    ['import oauth2-clients', 'client import', '[{"client_name":"x"}]'],
    ['create jwk set-1 --alg RS256 --use sig --public', 'key new set-2 --public'],
    ['get jwk set-1 --public', 'key list set-2 --public'],
    ['get jwks set-1 set-2', 'key list set-1 set-2'],
    ['introspect token TOKEN --scope jobs.run', 'token introspect TOKEN'],
    ['perform client-credentials --client-id my-api --client-secret SECRET', 'perform client-credentials'],
    ['delete jwk set-1', 'key delete set-2'],
    ['delete access-tokens my-api', 'token delete my-api'],
    ['revoke token TOKEN --client-id my-api', 'token revoke TOKEN'],
  ]

  it.each(both)('%s: the same members as %s', async (hydra, native, input = '') => {
    const token = await tokenOf()
    const run = async (line = '') => {
      const args = line.replace('TOKEN', token).replace('SECRET', SECRET).split(' ')
      const { code, out, err } = await ladon([...args, '--format', 'json'], input)
      expect([code, err]).toEqual([0, ''])
      return membersOf(out)
    }
    expect(await run(hydra)).toEqual(await run(native))
  })

  it('end with 1 if one of several fails, and do the others', async () => {
    await ladon(['client', 'import'], '{"client_id":"goes","grant_types":["client_credentials"]}')
    const { code, out, err } = await ladon(['delete', 'oauth2-clients', 'nope', 'goes', '--format', 'json'])
    expect([code, JSON.parse(out), err]).toEqual([
      1,
      'goes',
      expect.stringMatching(/^nope: .*404.*\nMore: .*\nRequest id: /),
    ])
  })
})

describe('a refusal of the server', () => {
  it('is told with its cause and the id of its line in the log', async () => {
    const { code, out, err } = await ladon(['client', 'create', '--redirect-uri', 'https://a.example/#x'])
    expect([code, out]).toEqual([1, ''])
    const [, id = ''] = /^Request id: (\S+)$/m.exec(err) ?? []
    expect(id).not.toBe('')
    await expect.poll(() => server.output()).toContain(id)
  })

  it('of a wrong key or none says which', async () => {
    const wrong = await ladon(['client', 'list'], '', { LADON_ADMIN_KEY: 'not-the-key-of-the-server' })
    expect([wrong.code, wrong.err]).toEqual([1, expect.stringContaining('(401)')])
    expect(wrong.err).not.toContain('not-the-key')
    const none = await ladon(['client', 'list'], '', { LADON_ADMIN_KEY: '' })
    expect(none.err).toContain('Set LADON_ADMIN_KEY')
  })
})

describe('a warning of the server', () => {
  it('is told beside the result', async () => {
    const { code, out, err } = await ladon([
      'client',
      'create',
      '--scope',
      'a',
      '--secret',
      'short1',
      '--format',
      'json',
    ])
    expect([code, JSON.parse(out), err]).toMatchObject([
      0,
      { scope: 'a' },
      expect.stringMatching(/^Warning: \S/),
    ])
  })
})

describe('a reader that has read enough', () => {
  it.each(['ladon --help | true', 'ladon client list | true', 'ladon client get my-app | head -n 1'])(
    'ends the command without a fault: %s',
    async (line) => {
      expect(await shell.run(line, env)).toMatchObject({ code: 0, err: '' })
    },
  )
})

describe('what cannot be undone', () => {
  it('is asked again, or done with --yes', async () => {
    const asked = { env, answers: ['alice'] }
    expect((await runLadon(['user', 'forget', 'bob'], asked)).code).toBe(1)
    expect(await runLadon(['user', 'forget', 'alice'], asked)).toMatchObject({
      code: 0,
      out: 'alice is forgotten.',
    })
    expect((await runLadon(['user', 'forget', 'alice'], { env })).code).toBe(2)
  })
})

// The last one: nothing answers after it.
describe('a server that was stopped', () => {
  it('is exit 3', async () => {
    await server.stop()
    const begun = Date.now()
    const { code, err } = await ladon(['client', 'list'])
    expect([code, err]).toEqual([3, expect.stringContaining('No answer from')])
    expect(Date.now() - begun).toBeLessThan(5000)
  })
})
