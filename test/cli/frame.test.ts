import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { commands } from '../../src/cli/commands/registry.ts'
import { commandHelp } from '../../src/cli/help.ts'
import { main } from '../../src/cli/main.ts'
import { shownLine } from '../../src/cli/plain.ts'
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
    ['-e https://name:pass-9@login.example client get x', 2, /has a user, password/],
    ['-e https://login.example?token=pass-9 client get x', 2, /query or fragment/],
    ['-e https://login.example/#pass-9 client get x', 2, /query or fragment/],
    ['-e http://login.localhost client get x', 2, /only sent over https/],
    ['-e https://login.localhost --skip-tls-verify client get x', 2, /on this machine/],
    ['-H X-Ray:pass-9\u0007 client get x', 2, /cannot have/],
    ['-H X(Ray:pass-9 client get x', 2, /cannot have/],
    ['nonsense', 2, /There is no command/],
    ['toString', 2, /There is no command/],
  ])('%s: exit %i', async (args, code, said) => {
    const ran = await ladon(args.split(' '))
    expect(ran).toMatchObject({ code, out: '', err: expect.stringMatching(said) })
    expect(ran.err).not.toMatch(/key-|pass-9/)
  })

  it.each([
    ...['client get', 'client delete', 'client rotate', 'client update --name y', 'key list', 'key new'],
    ...['key rotate', 'key delete', 'key delete set --kid', 'user', 'user forget --yes'],
  ])('%s takes no id that a path cannot have', async (words) => {
    const asked = site.visits.length
    for (const id of ['.', '..', '']) expect((await ladon([...words.split(' '), id])).code).toBe(2)
    expect(site.visits.slice(asked)).toEqual([])
  })

  it.each(['explain x', 'token introspect x', 'token revoke x --client-id app'])(
    '%s keeps to https without a key too',
    async (args) => {
      const ran = await runLadon(args.split(' '), { env: { LADON_URL: 'http://192.0.2.1' } })
      expect(ran).toMatchObject({ code: 2, err: expect.stringContaining('only sent over https') })
    },
  )

  it('with a key of two lines is wrong, and the key is not shown', async () => {
    const ran = await ladon(['client', 'list'], json([]), { LADON_ADMIN_KEY: 'pass-1\npass-2' })
    expect(ran).toMatchObject({ code: 2, err: expect.stringContaining('LADON_ADMIN_KEY') })
    expect(ran.err).not.toContain('pass-')
  })

  it('that meets a fault of the command tells where, and not what was in it', async () => {
    const terminal = {
      ...{ env: { LADON_URL: site.origin }, folder: '/', interactive: false, colours: false },
      ...{ out: () => undefined, ask: async () => '' },
    }
    const err: string[] = []
    const input = (): Promise<string> => Promise.reject(new TypeError('pass-1 is no key'))
    const code = await main(['explain', '-'], { ...terminal, err: (line) => err.push(line), input })
    expect([code, err.join()]).toEqual([70, expect.stringMatching(/itself failed: TypeError at /)])
    expect(err.join()).not.toContain('pass-1')
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

  it('of ORY_SDK_URL alone does not get the key, and that is said', async () => {
    answer = json(CLIENT)
    const ran = await runLadon(['client', 'get', 'x'], {
      env: { ORY_SDK_URL: site.origin, LADON_ADMIN_KEY: 'pass-1' },
    })
    expect([ran.code, site.visits.at(-1)?.headers['authorization']]).toEqual([0, undefined])
    expect(ran.err).toMatch(/is not sent to localhost:\d+/)
  })

  it('gets the headers of the user before those of the command, in any spelling', async () => {
    await ladon(['client', 'get', 'x', '-H', 'AUTHORIZATION: Bearer mine', '-H', 'Accept: text/json'])
    expect(site.visits.at(-1)?.headers).toMatchObject({ authorization: 'Bearer mine', accept: 'text/json' })
  })

  it('leads nowhere: a redirect is not followed, and its address is told as text', async () => {
    const asked = site.visits.length
    const ran = await ladon(['client', 'get', 'x'], {
      ...json({}, 302),
      headers: { location: `${site.origin}/elsewhere` },
    })
    expect([ran.code, site.visits.length - asked]).toEqual([1, 1])
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

  it('names no next page that a terminal would obey', async () => {
    const link = (token: string): Answer => ({
      ...json([CLIENT]),
      headers: { link: `</admin/clients?page_token=${token}>; rel="next"` },
    })
    expect((await ladon(['client', 'list'], link('ab.c-_~1'))).out).toContain('More: --page-token ab.c-_~1')
    for (const token of ['%1b%5b2J', '%C2%9B2J', 'a%20;b', '$(x)'])
      expect(await ladon(['client', 'list'], link(token))).toMatchObject({ code: 1, out: '' })
  })

  it('is of lines that a terminal only shows, with colours only where they are wanted', () => {
    const line = 'a  \u001b[31mred\u001b[0m\u001b[2J\u009b1m\u202eb'
    expect(shownLine(line, true)).toBe('a  \u001b[31mred\u001b[0m[2J1mb')
    expect(shownLine(line, false)).toBe('a  red[2J1mb')
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

describe('what comes after', () => {
  it.each([
    ['client rotate x', /not shown again.*\n.*ladon client rotate x --forget-old$/],
    ['client rotate x --forget-old', /newest secret alone/],
    ['user logout alice', /tokens too unless OAUTH2_REVOKE_TOKENS_ON_LOGOUT is on: --consents ends both/],
  ])('%s says what to do', async (args, said) => {
    const told = await ladon(args.split(' '))
    expect(told).toMatchObject({ code: 0, err: '', out: expect.stringMatching(said) })
    const machines = await ladon([...args.split(' '), '--format', 'json'])
    expect(JSON.parse(machines.out)).toEqual(args.startsWith('user') ? 'alice' : CLIENT)
  })

  it('with -q is nothing, but a secret that is new is shown alone', async () => {
    const quiet = (...args: readonly string[]) =>
      ladon(['client', ...args, '-q'], json({ ...CLIENT, client_secret: 's3cret' }))
    expect(await quiet('rotate', 'x')).toMatchObject({ code: 0, out: 's3cret', err: '' })
    expect(await quiet('rotate', 'x', '--forget-old')).toMatchObject({ code: 0, out: 'x', err: '' })
    // As Hydra's own command: who gave no id could not use the secret alone.
    expect(await quiet('create')).toMatchObject({ code: 0, out: 'x', err: '' })
  })

  it('of a key that was rotated is told of the sets that sign', async () => {
    const key = json({ keys: [{ kid: 'k', alg: 'ES256', use: 'sig', kty: 'EC' }] })
    expect((await ladon(['key', 'rotate'], key)).out).toContain('signs in four minutes')
    expect((await ladon(['key', 'rotate', 'mine'], key)).out).not.toContain('four minutes')
  })

  it.each<[time: string, seconds: string | undefined]>([
    ['1801353600', '1801353600'],
    ['2027-01-31', '1801353600'],
    ['2027-01-31T00:00:00+01:00', '1801350000'],
    ['tomorrow', undefined],
    ['2027-13-01', undefined],
  ])('a secret that ends at %s', async (time, seconds) => {
    const asked = site.visits.length
    const { code } = await ladon(['client', 'rotate', 'x', '--expires-at', time])
    const sent = site.visits.slice(asked).at(-1)?.url.searchParams.get('client_secret_expires_at')
    expect([code, sent]).toEqual(seconds === undefined ? [2, undefined] : [0, seconds])
  })

  it('the sessions, with --consents, are the consents of the user', async () => {
    const { code, out } = await ladon(['user', 'logout', 'alice', '--consents'])
    expect([code, out]).toEqual([0, 'All sessions of alice have ended, and all consents and tokens.'])
    expect(site.visits.slice(-2).map(({ method, url }) => [method, url.pathname + url.search])).toEqual([
      ['DELETE', '/admin/oauth2/auth/sessions/login?subject=alice'],
      ['DELETE', '/admin/oauth2/auth/sessions/consent?subject=alice&all=true'],
    ])
  })
})

describe('a word alone', () => {
  it.each([
    ['client', 'client new', 'key new'],
    ['create', 'create oauth2-client', 'get jwk'],
    ['get', 'get jwk', 'create jwk'],
  ])('%s lists the commands that begin so', async (word, within, without) => {
    const { code, out, err } = await runLadon([word])
    expect([code, err]).toEqual([2, ''])
    expect(out).toContain(`\n  ${within} `)
    expect(out).not.toContain(`\n  ${without} `)
    expect(await runLadon([word, '--help'])).toEqual({ code: 0, out, err: '' })
  })
})

describe('token introspect -q', () => {
  it.each([true, false])('answers whether the token is active: %s', async (active) => {
    const ran = await ladon(['introspect', 'token', 'x', '-q'], json({ active, sub: 'alice' }))
    expect(ran).toMatchObject({ code: 0, out: String(active) })
  })
})

describe('keys in JSON', () => {
  const shown = async (args: readonly string[]): Promise<unknown> => {
    const { code, out } = await ladon(
      ['key', 'list', ...args, '--format', 'json'],
      json({ keys: [{ kid: 'a' }, { kid: 'b' }] }),
    )
    expect(code).toBe(0)
    return JSON.parse(out)
  }

  it('of one set are as the server takes them', async () => {
    expect(await shown(['x'])).toEqual({ set: 'x', keys: [{ kid: 'a' }, { kid: 'b' }] })
  })

  it('of several sets say of which they are', async () => {
    expect(await shown(['x', 'y'])).toEqual({
      keys: ['x', 'y'].flatMap((set) => ['a', 'b'].map((kid) => ({ set, kid }))),
    })
  })
})

describe('help', () => {
  it('of a change names no defaults, which it does not set', async () => {
    const rows = async (command: string): Promise<readonly string[]> =>
      (await runLadon([...command.split(' '), '--help'])).out.split('\n')
    const defaults = (lines: readonly string[]) => lines.filter((line) => line.includes('Without it: '))
    expect(defaults(await rows('client create'))).toHaveLength(4)
    expect(defaults(await rows('client update'))).toEqual([])
  })

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
