import { beforeAll, describe, expect, it, vi } from 'vitest'
import { withClient } from '../../src/client-auth/authenticate.ts'
import { createClient, updateClient } from '../../src/clients/manage.ts'
import { parseClient } from '../../src/clients/metadata/parse.ts'
import { changeByAdmin } from '../../src/clients/registration.ts'
import { Parameters } from '../../src/http/form.ts'
import { countCalls, testEnv } from '../support/bindings.ts'
import { withOutage } from '../support/outage.ts'
import { type RecordedContext, requestContext } from '../support/request-context.ts'

const env = testEnv()
const SECRET = 'p%ss w:rd+é'

const form = (fields: Readonly<Record<string, string>> = {}): Parameters =>
  new Parameters(Object.entries(fields))
const formEncode = (text: string): string => encodeURIComponent(text).replaceAll('%20', '+')
const base64 = (text: string): string => Buffer.from(text).toString('base64')
const basic = (id: string, secret: string): string =>
  `Basic ${base64(`${formEncode(id)}:${formEncode(secret)}`)}`

async function register(ctx: RecordedContext, id: string, body: object): Promise<void> {
  const input = parseClient({ client_id: id, client_secret: SECRET, ...body }, ctx.rt.config)
  await createClient(ctx, input, { bounds: null })
}

const authenticateClient = (ctx: RecordedContext, authorization: string | undefined, fields: Parameters) =>
  withClient(ctx, 'token', { authorization, form: fields }, (_own, client) => Promise.resolve(client))

const change = (ctx: RecordedContext, id: string, body: object) =>
  updateClient(ctx, id, (current) => changeByAdmin(current, parseClient(body, ctx.rt.config), true))

beforeAll(async () => {
  const ctx = requestContext(env)
  await register(ctx, 'basic', {})
  await register(ctx, 'basic id:1', {})
  await register(ctx, 'post', { token_endpoint_auth_method: 'client_secret_post' })
  await register(ctx, 'public', { token_endpoint_auth_method: 'none' })
  await register(ctx, 'jwt', { token_endpoint_auth_method: 'private_key_jwt', jwks_uri: 'https://a.test/' })
  await register(ctx, 'odd', { token_endpoint_auth_method: 'something_else' })
})

const succeeding: readonly (readonly [string, string | undefined, Record<string, string>, string])[] = [
  ['Basic', basic('basic', SECRET), {}, 'basic'],
  ['Basic with an encoded id', basic('basic id:1', SECRET), {}, 'basic id:1'],
  ['Basic in lower case', basic('basic', SECRET).replace('Basic', 'basic'), {}, 'basic'],
  ['Basic and the same client_id', basic('basic', SECRET), { client_id: 'basic' }, 'basic'],
  ['Basic and another client_id', basic('basic', SECRET), { client_id: 'post' }, 'basic'],
  [
    'Basic and the same posted',
    basic('basic', SECRET),
    { client_id: 'basic', client_secret: SECRET },
    'basic',
  ],
  ['Basic and the same secret', basic('basic', SECRET), { client_secret: SECRET }, 'basic'],
  ['post', undefined, { client_id: 'post', client_secret: SECRET }, 'post'],
  ['post beside a bearer token', 'Bearer x', { client_id: 'post', client_secret: SECRET }, 'post'],
  ['the id of a public client', undefined, { client_id: 'public' }, 'public'],
  ['a public client with an empty Basic password', basic('public', ''), {}, 'public'],
  ['a public client with an empty secret', undefined, { client_id: 'public', client_secret: '' }, 'public'],
]

it.each(succeeding)('accepts %s', async (_name, authorization, fields, id) => {
  const ctx = requestContext(env)
  expect((await authenticateClient(ctx, authorization, form(fields))).id).toBe(id)
  expect(ctx.seenClients).toContain(id)
})

const refused: readonly (readonly [string, string | undefined, Record<string, string>])[] = [
  ['an unknown client', basic('nobody', SECRET), {}],
  ['an unknown public client', undefined, { client_id: 'nobody' }],
  ['a wrong secret', basic('basic', 'wrong secret'), {}],
  ['a wrong posted secret', undefined, { client_id: 'post', client_secret: 'wrong secret' }],
  ['post from a Basic client', undefined, { client_id: 'basic', client_secret: SECRET }],
  ['Basic from a post client', basic('post', SECRET), {}],
  ['no secret from a Basic client', undefined, { client_id: 'basic' }],
  ['an empty password from a Basic client', basic('basic', ''), {}],
  ['a secret from a public client', basic('public', SECRET), {}],
  ['a posted secret from a public client', undefined, { client_id: 'public', client_secret: SECRET }],
  ['a secret from a private_key_jwt client', basic('jwt', SECRET), {}],
  ['the mere id of a private_key_jwt client', undefined, { client_id: 'jwt' }],
  ['a client with an unknown method', basic('odd', SECRET), {}],
]

it.each(refused)('refuses %s', async (_name, authorization, fields) => {
  const outcome = authenticateClient(requestContext(env), authorization, form(fields))
  await expect(outcome).rejects.toMatchObject({ code: 'invalid_client', status: 401 })
})

describe('Basic credentials that the body repeats', () => {
  it.each<[string, Record<string, string>]>([
    ['credentials_ambiguous', { client_secret: SECRET }],
    ['client_id_differs', { client_id: 'post' }],
  ])('are refused under a stricter profile: %s', async (reason, fields) => {
    const ctx = requestContext(env)
    const server = { ...ctx.rt.profiles.server, basicWins: false }
    const strict = { ...ctx, rt: { ...ctx.rt, profiles: { server, of: () => server } } }
    const outcome = authenticateClient(strict, basic('basic', SECRET), form(fields))
    await expect(outcome).rejects.toMatchObject({ code: 'invalid_request', reason })
  })
})

describe('a right secret by another method than registered', () => {
  const posted = (id: string, secret = SECRET) => ({ client_id: id, client_secret: secret })
  it.each<[string, string | undefined, Record<string, string>, string, string]>([
    ['post for Basic', undefined, posted('basic'), 'client_secret_post', 'client_secret_basic'],
    ['Basic for post', basic('post', SECRET), {}, 'client_secret_basic', 'client_secret_post'],
    ['Basic for keys', basic('jwt', SECRET), {}, 'client_secret_basic', 'private_key_jwt'],
    ['Basic for an unknown one', basic('odd', SECRET), {}, 'client_secret_basic', 'something_else'],
  ])('is told both and the field to change: %s', async (_name, authorization, fields, used, registered) => {
    const outcome = authenticateClient(requestContext(env), authorization, form(fields))
    await expect(outcome).rejects.toMatchObject({
      code: 'invalid_client',
      reason: 'method_unregistered',
      hint:
        `The secret is right, but the client sent it by ${used}, and its 'token_endpoint_auth_method' is ${registered}. ` +
        `Authenticate by ${registered}, or change that field of the client to ${used}.`,
    })
  })

  it.each<[string, string, string | undefined, Record<string, string>]>([
    ['a wrong one by that method', 'method_mismatch', undefined, posted('basic', 'wrong secret')],
    ['a wrong one', 'secret_mismatch', basic('basic', 'wrong secret'), {}],
    ['none', 'method_mismatch', undefined, { client_id: 'basic' }],
    ['one of nobody', 'client_unknown', basic('nobody', SECRET), {}],
  ])('is told nothing of with %s: %s', async (_name, reason, authorization, fields) => {
    const outcome = authenticateClient(requestContext(env), authorization, form(fields))
    await expect(outcome).rejects.toMatchObject({ code: 'invalid_client', reason, hint: '' })
  })
})

const ASSERTION = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'
const withoutStorage: readonly (readonly [string, string, string | undefined, Record<string, string>])[] = [
  ['no credentials', 'invalid_request', undefined, {}],
  ['a bearer token only', 'invalid_request', 'Bearer x', {}],
  ['a secret without id', 'invalid_request', undefined, { client_secret: SECRET }],
  ['Basic and another secret', 'invalid_request', basic('basic', SECRET), { client_secret: 'another' }],
  [
    'Basic and the same secret of another client',
    'invalid_request',
    basic('basic', SECRET),
    { client_id: 'post', client_secret: SECRET },
  ],
  ['mere Basic id and another client_id', 'invalid_request', basic('public', ''), { client_id: 'post' }],
  ['an empty Basic password and a secret', 'invalid_request', basic('public', ''), { client_secret: SECRET }],
  ['Basic and an assertion', 'invalid_request', basic('basic', SECRET), { client_assertion: 'x' }],
  [
    'post and an assertion',
    'invalid_request',
    undefined,
    { client_id: 'a', client_secret: 'b', client_assertion: 'x' },
  ],
  ['Basic that is not base64', 'invalid_request', 'Basic %%%', {}],
  ['Basic of impossible length', 'invalid_request', 'Basic abcde', {}],
  ['Basic without colon', 'invalid_request', `Basic ${base64('basic')}`, {}],
  ['Basic without id', 'invalid_request', `Basic ${base64(':secret')}`, {}],
  ['Basic without anything', 'invalid_request', 'Basic :', {}],
  ['Basic with broken percent-encoding', 'invalid_request', `Basic ${base64('basic:100%')}`, {}],
  [
    'Basic with broken UTF-8',
    'invalid_request',
    `Basic ${Buffer.from([0x61, 0x3a, 0xff]).toString('base64')}`,
    {},
  ],
  [
    'an unknown assertion type',
    'invalid_request',
    undefined,
    { client_assertion_type: 'x', client_assertion: 'y' },
  ],
  ['an assertion without type', 'invalid_request', undefined, { client_assertion: 'y' }],
  ['an empty assertion', 'invalid_request', undefined, { client_assertion_type: ASSERTION }],
  ['an assertion', 'invalid_client', undefined, { client_assertion_type: ASSERTION, client_assertion: 'y' }],
  ['an endless id', 'invalid_client', undefined, { client_id: 'x'.repeat(100_000) }],
  ['an id with a NUL', 'invalid_client', basic('ba\u0000sic', SECRET), {}],
  ['an id with a line break', 'invalid_client', undefined, { client_id: 'basic\r\n' }],
]

it.each(withoutStorage)(
  'says no to %s without a storage call: %s',
  async (_name, code, authorization, fields) => {
    const counted = countCalls(env)
    const outcome = authenticateClient(requestContext(counted.env), authorization, form(fields))
    await expect(outcome).rejects.toMatchObject({ code })
    expect(counted.counts).toEqual({ d1: 0, kv: 0, ledger: 0 })
  },
)

describe('over several isolates', () => {
  it('takes a rotated secret at once where the old one is still in memory', async () => {
    vi.useFakeTimers({ toFake: ['Date'] })
    const [here, there] = [requestContext(env), requestContext(env)]
    await register(here, 'rotating', {})
    await authenticateClient(there, basic('rotating', SECRET), form())
    vi.setSystemTime(Date.now() + 1000)
    await change(here, 'rotating', { client_secret: 'another secret' })
    expect((await authenticateClient(there, basic('rotating', 'another secret'), form())).id).toBe('rotating')
    await expect(authenticateClient(there, basic('rotating', SECRET), form())).rejects.toMatchObject({
      code: 'invalid_client',
    })
    vi.useRealTimers()
  })

  it('takes a changed method at once', async () => {
    const [here, there] = [requestContext(env), requestContext(env)]
    await register(here, 'switching', {})
    vi.useFakeTimers({ toFake: ['Date'] })
    await authenticateClient(there, basic('switching', SECRET), form())
    vi.setSystemTime(Date.now() + 1000)
    await change(here, 'switching', { token_endpoint_auth_method: 'client_secret_post' })
    const posted = form({ client_id: 'switching', client_secret: SECRET })
    expect((await authenticateClient(there, undefined, posted)).id).toBe('switching')
    vi.useRealTimers()
  })

  it('asks the source at most once a second however many wrong secrets come', async () => {
    const counted = countCalls(env)
    const ctx = requestContext(counted.env)
    await authenticateClient(ctx, basic('basic', SECRET), form())
    vi.useFakeTimers({ toFake: ['Date'] })
    vi.setSystemTime(Date.now() + 1000)
    counted.reset()
    const outcomes = await Promise.allSettled(
      Array.from({ length: 50 }, () => authenticateClient(ctx, basic('basic', 'wrong secret'), form())),
    )
    vi.useRealTimers()
    expect(outcomes.every((outcome) => outcome.status === 'rejected')).toBe(true)
    expect(counted.counts.d1).toBe(1)
  })

  it('costs no storage call once the isolate is warm', async () => {
    const counted = countCalls(env)
    const ctx = requestContext(counted.env)
    await authenticateClient(ctx, basic('basic', SECRET), form())
    counted.reset()
    await authenticateClient(ctx, basic('basic', SECRET), form())
    expect(counted.counts).toEqual({ d1: 0, kv: 0, ledger: 0 })
  })

  it('goes on for known clients while D1 is down, and refuses nobody it cannot ask about', async () => {
    vi.spyOn(console, 'log').mockImplementation(() => undefined)
    const outage = withOutage(env)
    const ctx = requestContext(outage.env)
    await authenticateClient(ctx, basic('basic', SECRET), form())
    vi.useFakeTimers({ toFake: ['Date'] })
    vi.setSystemTime(Date.now() + 600_000)
    outage.down = true
    expect((await authenticateClient(ctx, basic('basic', SECRET), form())).id).toBe('basic')
    for (const authorization of [basic('basic', 'wrong secret'), basic('nobody', SECRET)]) {
      await expect(authenticateClient(ctx, authorization, form())).rejects.toMatchObject({
        code: 'temporarily_unavailable',
      })
    }
    vi.useRealTimers()
    vi.restoreAllMocks()
  })
})
