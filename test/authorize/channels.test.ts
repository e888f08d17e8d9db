import { Hono } from 'hono'
import { beforeAll, describe, expect, expectTypeOf, it } from 'vitest'
import { type ChannelRules, defineChannel } from '../../src/authorize/channels/channel.ts'
import { channelNamed } from '../../src/authorize/channels/registry.ts'
import { validateOn } from '../../src/authorize/pipeline.ts'
import type { FlowRequest } from '../../src/authorize/request.ts'
import type { AppEnv, RequestContext } from '../../src/context.ts'
import { OAuthError } from '../../src/errors/oauth-error.ts'
import { seconds } from '../../src/util/clock.ts'
import { Deployment } from '../support/deployment.ts'
import { registerClient, type TestClient } from '../support/relying-party.ts'
import { requestContext } from '../support/request-context.ts'

const deployment = new Deployment()
const GRANT = 'urn:example:carrier-pigeon'
let client: TestClient
let other: TestClient

beforeAll(async () => {
  client = await registerClient(deployment, { grant_types: [GRANT], scope: 'openid' })
  other = await registerClient(deployment, { scope: 'openid' })
})

/** Asks for nothing, tells nobody, and answers whatever happens with the same page. */
const careless: ChannelRules<object> = {
  name: 'pigeon',
  grantType: GRANT,
  parameters: ['client_id', 'scope'],
  entryUrl: () => 'https://loft.example/',
  startUrl: () => 'https://loft.example/',
  redirectUri: () => undefined,
  address: () => ({}),
  checks: [],
  tell: async () => new Response('fine'),
  deny: async () => new Response('fine'),
  denialIsBound: true,
  approver: async () => async () => new Response('fine'),
  expiresAt: () => seconds(1),
  codeLifetime: () => seconds(1),
  tokenLifetime: () => seconds(0),
  isImpersonable: () => true,
}

/** A context that keeps what would be logged of a refusal. */
function recorded(): { readonly ctx: RequestContext; readonly refusals: OAuthError[] } {
  const refusals: OAuthError[] = []
  const ctx = { ...requestContext(deployment.env), refused: (error: OAuthError) => refusals.push(error) }
  return { ctx, refusals }
}

const judged = (query: string, ctx: RequestContext = recorded().ctx) =>
  validateOn(defineChannel(careless), ctx, query, null)

async function allowed(ctx: RequestContext): Promise<FlowRequest> {
  const { request } = { request: undefined, ...(await judged(`client_id=${client.id}`, ctx)) }
  if (request === undefined) throw new Error('the request was refused')
  return request
}

/** Runs a handler as the app does, errors thrown. */
const answer = async (
  ctx: RequestContext,
  handle: (c: Parameters<FlowRequest['channel']['tell']>[0]) => Promise<Response>,
): Promise<Response> =>
  new Hono<AppEnv>()
    .use(async (c, next) => {
      c.set('ctx', ctx)
      await next()
    })
    .onError((thrown) => {
      throw thrown
    })
    .get('/', handle)
    .request('/')

describe('a channel that forgets', () => {
  it('to check scopes is held to what the client may have', async () => {
    const { error } = await judged(`client_id=${client.id}&scope=admin`)
    expect(error).toMatchObject({ code: 'invalid_scope' })
  })

  it('to check the client serves only those that may ask this way', async () => {
    const { error } = await judged(`client_id=${other.id}`)
    expect(error).toMatchObject({ reason: 'grant_type_not_allowed', facts: { grant_type: GRANT } })
  })

  it('a parameter is not given it', async () => {
    const { ctx } = recorded()
    const query = `client_id=${client.id}&claims=oops&id_token_hint=oops`
    const { request } = { request: undefined, ...(await judged(query, ctx)) }
    expect(['client_id', 'claims', 'id_token_hint'].map((name) => request?.parameters.get(name))).toEqual([
      client.id,
      undefined,
      undefined,
    ])
  })

  it('to log an error has it logged', async () => {
    const { ctx, refusals } = recorded()
    const { channel } = await allowed(ctx)
    const error = new OAuthError('invalid_request', 'pkce_missing')
    await answer(ctx, (c) => channel.tell(c, error))
    expect(refusals).toEqual([error])
  })

  it('to log a denial has it logged, without a word of the app', async () => {
    const { ctx, refusals } = recorded()
    const { channel } = await allowed(ctx)
    const denial = { error: 'tired', description: 'secret' }
    await answer(ctx, (c) => channel.deny(c, denial, { step: 'consent', owner: undefined }, undefined))
    expect(refusals).toMatchObject([{ reason: 'app_denied', facts: { step: 'consent' } }])
  })

  it('to look who denies takes no denial from another browser', async () => {
    const { ctx } = recorded()
    const { channel } = await allowed(ctx)
    const refusal = new OAuthError('request_forbidden', 'flow_of_other_browser')
    const denial = { error: 'access_denied', description: '' }
    await expect(
      answer(ctx, (c) => channel.deny(c, denial, { step: 'login', owner: undefined }, refusal)),
    ).rejects.toBe(refusal)
  })

  it('that its requests end has them refused', async () => {
    const { channel } = await allowed(recorded().ctx)
    expect(channel.expiry()).toMatchObject({ code: 'expired_token' })
  })

  it('how errors, denials and approvals are told does not compile', () => {
    expectTypeOf(careless).toExtend<ChannelRules<object>>()
    expectTypeOf<Omit<typeof careless, 'tell'>>().not.toExtend<ChannelRules<object>>()
    expectTypeOf<Omit<typeof careless, 'deny'>>().not.toExtend<ChannelRules<object>>()
    expectTypeOf<Omit<typeof careless, 'approver'>>().not.toExtend<ChannelRules<object>>()
    expectTypeOf<Omit<typeof careless, 'checks'>>().not.toExtend<ChannelRules<object>>()
    expectTypeOf<Omit<typeof careless, 'expiresAt'>>().not.toExtend<ChannelRules<object>>()
    expect(Object.keys(careless)).toEqual(
      expect.arrayContaining(['tell', 'deny', 'approver', 'checks', 'expiresAt']),
    )
  })
})

describe('the channel of stored state', () => {
  it('is an error when this release does not know it, never another one', () => {
    expect(() => channelNamed('pigeon')).toThrow(
      expect.objectContaining({ code: 'server_error', reason: 'stored_unreadable' }),
    )
  })
})
