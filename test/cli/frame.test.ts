import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { commands } from '../../src/cli/commands/registry.ts'
import { commandHelp } from '../../src/cli/help.ts'
import { wantsColours } from '../../src/cli/terminal.ts'
import { cliDocument } from '../../src/dev/cli-document.ts'
import { freePort } from '../support/server.ts'
import { type Answer, type Site, startSite } from '../support/site.ts'
import { runLadon } from './run.ts'

const HOSTILE = 'a\u001b[31mb\u009bc\u202ed\ne'
const CLIENT = {
  client_id: 'x',
  client_name: HOSTILE,
  grant_types: ['authorization_code'],
  yes: true,
  jwks: {},
}

let site: Site
let answer: Answer

beforeAll(async () => {
  site = await startSite('localhost', () => answer)
})

afterAll(() => site.stop())

const json = (body: unknown, status = 200): Answer => ({
  status,
  type: 'application/json',
  body: JSON.stringify(body),
})

const ladon = (
  args: readonly string[],
  given: Answer = json(CLIENT),
  env: Readonly<Record<string, string>> = {},
) => {
  answer = given
  return runLadon(args, { env: { LADON_URL: `${site.origin}/`, LADON_ADMIN_KEY: 'key', ...env } })
}

describe('a command line', () => {
  it.each<[args: string, code: number, said: RegExp]>([
    ['client get x --nam y', 2, /There is no flag --nam\./],
    ['client list --pagesize 1', 2, /Is --page-size meant\?/],
    ['client list --name', 2, /--name needs a value/],
    ['client get', 2, /ID\.\.\. is missing/],
    ['client list x', 2, /takes no arguments/],
    ['client gett', 2, /Is "ladon client get" meant\?/],
    ['client get x --format xml', 2, /--format takes one of/],
    ['client get x --quiet=perhaps', 2, /takes no value/],
    ['client get x --timeout never', 2, /--timeout takes seconds/],
    ['-e ftp://h client get x', 2, /no URL that begins/],
    ['-H nonsense client get x', 2, /need 'Name: value'/],
    ['-e http://login.example client get x', 2, /only sent over https/],
    ['-e https://login.example --skip-tls-verify client get x', 2, /on this machine/],
    ['nonsense', 2, /There is no command/],
    ['toString', 2, /There is no command/],
  ])('%s: exit %i', async (args, code, said) => {
    const ran = await ladon(args.split(' '))
    expect(ran).toMatchObject({ code, out: '', err: expect.stringMatching(said) })
    expect(ran.err).not.toContain('key-')
  })

  it('without a server is wrong', async () => {
    const { code, err } = await runLadon(['client', 'list'])
    expect([code, err]).toEqual([2, expect.stringContaining('LADON_URL')])
  })

  it.each([
    'client get x --format json',
    'client --format json get x',
    '--format=json client get x',
    'get oauth2-client x --format json --quiet=false',
    '-H X-Ray:1 get client x --format json',
  ])('%s: flags may stand anywhere', async (args) => {
    const { code, out } = await ladon(args.split(' '))
    expect([code, JSON.parse(out)]).toEqual([0, CLIENT])
  })
})

describe('the server', () => {
  it('is asked with key and headers, at the address of flag or environment', async () => {
    const env = {
      LADON_HEADERS: 'CF-Access-Client-Id: one\n\nX-More: two: three\n',
      ORY_SDK_URL: 'http://localhost:1',
    }
    await ladon(['client', 'get', 'a/b', '-H', 'X-Ray: four'], json(CLIENT), env)
    expect(site.visits.at(-1)?.url.pathname).toBe('/admin/clients/a%2Fb')
    expect(site.visits.at(-1)?.headers).toMatchObject({
      authorization: 'Bearer key',
      'cf-access-client-id': 'one',
      'x-more': 'two: three',
      'x-ray': 'four',
    })
    const { code } = await runLadon(['client', 'get', 'x'], { env: { ORY_SDK_URL: site.origin } })
    expect([code, site.visits.at(-1)?.headers['authorization']]).toEqual([0, undefined])
  })

  it.each<[what: string, answer: Answer, said: readonly string[]]>([
    [
      'an error',
      json({ error: 'invalid_x', error_description: 'Cause. Fix.' }, 400),
      ['(400): invalid_x: Cause. Fix.'],
    ],
    [
      'nothing there',
      json({ error: { code: 404, message: 'Not Found', reason: 'why' } }, 404),
      ['Not Found: why'],
    ],
    ['a page', { status: 200, type: 'text/html', body: '<p>hi' }, ['answered 200 and not what Ladon says']],
    ['escapes', json({ error: HOSTILE }, 400), ['(400): a[31mbcd e']],
  ])('refuses with %s: exit 1', async (_what, given, said) => {
    const ran = await ladon(['client', 'get', 'x'], given)
    expect([ran.code, ran.out]).toEqual([1, ''])
    for (const text of said) expect(ran.err).toContain(text)
  })

  it('that is not there: exit 3 within 5 s', async () => {
    const begun = Date.now()
    const { code, out, err } = await ladon(['-e', `http://127.0.0.1:${await freePort()}`, 'client', 'list'])
    expect([code, out, err]).toEqual([3, '', expect.stringMatching(/No answer from .*ECONNREFUSED.*\nFix: /)])
    expect(Date.now() - begun).toBeLessThan(5000)
  })

  it('that says nothing: exit 3 when the time is over', async () => {
    const silent = await startSite('localhost', () => new Promise<Answer>(() => undefined))
    const { code, err } = await ladon(['-e', silent.origin, '--timeout', '0.2', 'client', 'list'])
    expect([code, err]).toEqual([3, expect.stringContaining('in 0.2 s')])
    await silent.stop()
  })
})

describe('the output', () => {
  it('obeys no character that a stranger gave a client', async () => {
    for (const format of ['table', 'json', 'json-pretty', 'yaml']) {
      const { out } = await ladon(['client', 'get', 'x', '--format', format])
      expect(out.replaceAll('\n', ''), format).not.toMatch(/[\p{Cc}\p{Bidi_Control}]/u)
    }
    const { out } = await ladon(['client', 'get', 'x', '--format', 'json'])
    expect(JSON.parse(out)).toEqual(CLIENT)
  })

  it.each([
    [true, {}, true],
    [false, {}, false],
    [true, { NO_COLOR: '1' }, false],
    [true, { NO_COLOR: '' }, true],
    [true, { TERM: 'dumb' }, false],
  ])('has colours on a terminal only, and not with NO_COLOR: %s %j', (isTerminal, env, expected) => {
    expect(wantsColours(isTerminal, env)).toBe(expected)
  })

  it('is a table, ids or YAML', async () => {
    const list = json([CLIENT, { client_id: 'longer', client_name: 'Two' }])
    const table = await ladon(['client', 'list'], list)
    expect(table.out.split('\n').map((line) => line.slice(0, 16).trimEnd())).toEqual([
      'CLIENT ID  NAME',
      'x          a[31m',
      'longer     Two',
    ])
    expect((await ladon(['client', 'list', '-q'], list)).out).toBe('x\nlonger')
    const yaml = await ladon(['client', 'get', 'x', '--format', 'yaml'])
    expect(yaml.out.split('\n').slice(2)).toEqual([
      'grant_types:',
      '  - "authorization_code"',
      '"yes": true',
      'jwks: {}',
    ])
  })
})

describe('help', () => {
  it.each(commands.map((command) => [command.name, command] as const))(
    'of %s has an example',
    async (name, command) => {
      const { code, out } = await runLadon([...name.split(' '), '--help'])
      expect([code, out]).toEqual([0, commandHelp(command)])
      expect(command.examples.length).toBeGreaterThan(0)
      for (const example of command.examples) expect(example).toContain(`ladon ${name}`)
      expect(await runLadon(['help', ...name.split(' ')])).toMatchObject({ code: 0, out })
    },
  )

  it('lists every command', async () => {
    const { code, out } = await runLadon([])
    expect(code).toBe(0)
    for (const { name } of commands) expect(out).toContain(`  ${name}`)
    expect((await runLadon(['client', '--help'])).code).toBe(0)
  })

  it('is what docs/cli.md shows', () => {
    const written = readFileSync(new URL('../../docs/cli.md', import.meta.url), 'utf8')
    expect(written).toBe(cliDocument())
    for (const { name } of commands) expect(written).toContain(`\n## ladon ${name}\n`)
  })

  it('has no word that calls two commands', () => {
    const words = commands.flatMap(({ name, aliases = [] }) => [name, ...aliases])
    expect(words).toEqual([...new Set(words)])
  })
})
