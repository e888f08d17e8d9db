import { beforeAll, describe, expect, it } from 'vitest'
import { validate } from '../../src/authorize/pipeline.ts'
import { unpack } from '../../src/authorize/request-source/read.ts'
import { withClient } from '../../src/client-auth/authenticate.ts'
import type { RequestContext } from '../../src/context.ts'
import { Parameters, readEntries } from '../../src/http/form.ts'
import type { Profile } from '../../src/profiles/profile.ts'
import { seconds } from '../../src/util/clock.ts'
import { Deployment } from '../support/deployment.ts'
import { authorizationPath, registerClient, type TestClient } from '../support/relying-party.ts'
import { requestContext } from '../support/request-context.ts'

const deployment = new Deployment()
let client: TestClient
let other: TestClient

beforeAll(async () => {
  client = await registerClient(deployment)
  other = await registerClient(deployment)
})

/** A context whose first client is under a stricter profile; the other one and the server are as ever. */
function under(rules: Partial<Profile>, server: Partial<Profile> = {}): RequestContext {
  const ctx = requestContext(deployment.env)
  const usual = ctx.rt.profiles.server
  const profiles = {
    server: { ...usual, ...server },
    of: ({ id }: { readonly id: string }): Profile => (id === client.id ? { ...usual, ...rules } : usual),
  }
  return { ...ctx, rt: { ...ctx.rt, profiles } }
}

const queryOf = (by: TestClient, changes: Readonly<Record<string, string | undefined>>): string => {
  const path = authorizationPath(by, changes)
  return path.slice(path.indexOf('?') + 1)
}

const NO_PKCE = { code_challenge: undefined, code_challenge_method: undefined }

describe('a stricter profile of a client', () => {
  it.each<[string, Partial<Profile>, Readonly<Record<string, string | undefined>>, string]>([
    ['PKCE for all', { requiresPkce: () => true }, NO_PKCE, 'pkce_missing'],
    ['a long state', { stateMinimum: () => 40 }, {}, 'state_too_short'],
    ['a long nonce', { nonceMinimum: 40 }, { nonce: 'short-but-usual' }, 'nonce_too_short'],
    ['secure redirects alone', { allowsRedirect: () => false }, {}, 'redirect_uri_insecure'],
    [
      'fewer prompts',
      { prompts: { named: ['none'], taken: ['none'] } },
      { prompt: 'consent' },
      'parameter_malformed',
    ],
  ])('with %s holds for it, and for nobody else', async (_rule, rules, changes, reason) => {
    const ctx = under(rules)
    expect((await validate(ctx, queryOf(client, changes))).error).toMatchObject({ reason })
    expect((await validate(ctx, queryOf(other, changes))).error).toBeUndefined()
  })

  it('with short codes has them expire sooner', async () => {
    const { request } = {
      request: undefined,
      ...(await validate(under({ codeLifetime: seconds(7) }), queryOf(client, {}))),
    }
    expect(request?.channel.codeLifetime).toBe(7)
  })

  it('with the object alone leaves no parameter beside it', async () => {
    const ctx = under({ merge: (_beside, _carried, own) => own })
    const members = { client_id: client.id, state: 'of-the-object' }
    const source = {
      parameter: 'request',
      takes: () => true,
      open: async () => ({ members, prove: async () => ({ signed: true }) }),
    } as const
    const { query } = await unpack(ctx, queryOf(client, { request: 'x' }), [source])
    expect(Object.fromEntries(new URLSearchParams(query))).toEqual(members)
  })
})

/** Nothing may be repeated. */
const repeats = { lists: new Set<string>(), firsts: new Set<string>(), equal: false }

describe('a client whose profile repeats nothing', () => {
  it.each(['state=state-0123456789', 'scope=openid', 'audience=a&audience=a'])(
    'is refused what others may repeat: %s',
    async (again) => {
      const ctx = under({ repeats })
      for (const by of [client, other]) {
        const sent = readEntries(`${queryOf(by, {})}&${again}`)
        const { error } = await validate(ctx, queryOf(by, {}), null, { signed: false, sent })
        expect(error?.reason).toBe(by === client ? 'parameter_repeated' : undefined)
        const request = {
          authorization: `Basic ${btoa(`${by.id}:${by.secret}`)}`,
          form: new Parameters(readEntries(`${again}&${again}`)),
        }
        const asked = withClient(ctx, 'token', request, async (_own, { id }) => id)
        await (by === client
          ? expect(asked).rejects.toMatchObject({ reason: 'parameter_repeated' })
          : expect(asked).resolves.toBe(by.id))
      }
    },
  )
})

describe('a stricter profile of the server', () => {
  it('that repeats nothing refuses two audiences, equal or not, and any other name', async () => {
    const query = `${queryOf(client, {})}&audience=https://api.example&audience=https://api.example`
    const { error } = await validate(under({}, { repeats }), query)
    expect(error).toMatchObject({ code: 'invalid_request' })
    expect((await validate(under({}), query)).error).toBeUndefined()
    const unknown = `${queryOf(client, {})}&ui=1&ui=2`
    expect((await validate(under({}, { repeats }), unknown)).error).toBeUndefined()
  })
})
