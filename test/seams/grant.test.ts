import { beforeEach, describe, expect, it, vi } from 'vitest'
import { GRANTS } from '../../src/grants/registry.ts'
import { dropAnswers } from '../support/bindings.ts'
import { bodyOf, Deployment, testEnv } from '../support/deployment.ts'
import { LogLines } from '../support/log-lines.ts'
import { plant } from '../support/plant.ts'
import {
  authorizeAt,
  parameter,
  registerClient,
  type TestClient,
  tokenRequest,
} from '../support/relying-party.ts'
import { CARELESS, carelessGrant, runs } from './careless-grant.ts'

plant(GRANTS, carelessGrant)

const deployment = new Deployment()
const log = new LogLines()

const register = (metadata: Readonly<Record<string, unknown>> = {}): Promise<TestClient> =>
  registerClient(deployment, { grant_types: ['authorization_code', CARELESS], ...metadata })

const ticketOf = async (client: TestClient): Promise<string> =>
  parameter(await authorizeAt(deployment, client), 'code')

const present = (
  client: TestClient,
  ticket: string,
  more: Readonly<Record<string, string>> = {},
  at = deployment,
): Promise<Response> => tokenRequest(at, client, { grant_type: CARELESS, ticket, ...more })

beforeEach(() => {
  runs.length = 0
})

describe('a grant that checks nothing itself', () => {
  it('runs for a client that may', async () => {
    const client = await register()
    const answer = await present(client, await ticketOf(client), { scope: 'api.read' })
    expect([answer.status, runs.length]).toEqual([200, 1])
  })

  const refused: readonly (readonly [string, string, string, () => Promise<Response>])[] = [
    [
      'a client that does not list it',
      'unauthorized_client',
      'grant_type_not_allowed',
      async () => {
        const client = await register({ grant_types: ['authorization_code'] })
        return present(client, await ticketOf(client))
      },
    ],
    [
      'a public client',
      'invalid_grant',
      'client_public',
      async () => {
        const client = { ...(await register({ token_endpoint_auth_method: 'none' })), secret: '' }
        return present(client, await ticketOf(client))
      },
    ],
    [
      "another client's credential",
      'invalid_grant',
      'client_differs',
      async () => present(await register(), await ticketOf(await register())),
    ],
    [
      'a forged credential',
      'invalid_grant',
      'code_unknown',
      async () => present(await register(), 'ory_ac_forged.forged'),
    ],
    [
      'an expired credential',
      'invalid_grant',
      'code_expired',
      async () => {
        const client = await register()
        const ticket = await ticketOf(client)
        vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 3_600_000 })
        return present(client, ticket).finally(() => vi.useRealTimers())
      },
    ],
    [
      'a scope that the client may not have',
      'invalid_scope',
      'scope_not_allowed',
      async () => {
        const client = await register()
        return present(client, await ticketOf(client), { scope: 'api.write' })
      },
    ],
    [
      'an audience that the client may not have',
      'invalid_request',
      'audience_not_allowed',
      async () => {
        const client = await register()
        return present(client, await ticketOf(client), { audience: 'https://other.example' })
      },
    ],
    [
      'a resource that the client may not have',
      'invalid_target',
      'resource_not_allowed',
      async () => {
        const client = await register()
        return present(client, await ticketOf(client), { resource: 'https://other.example' })
      },
    ],
  ]

  it.each(refused)('does not run for %s: %s', async (_name, error, reason, ask) => {
    const answer = await ask()
    expect(await bodyOf(answer)).toMatchObject({ error })
    expect(log.last('request')).toMatchObject({ error, reason })
    expect(runs).toEqual([])
  })

  it('gives the same answer to a repeated request whose first answer was lost', async () => {
    const client = await register()
    const ticket = await ticketOf(client)
    const losing = new Deployment(dropAnswers(testEnv(), { method: 'redeem', times: 1, retryable: false }))
    expect((await present(client, ticket, {}, losing)).status).toBe(503)
    expect((await present(client, ticket, {}, losing)).status).toBe(200)
  })

  it('has a reuse told to client and log', async () => {
    const client = await register()
    const ticket = await ticketOf(client)
    await present(client, ticket)
    expect(await bodyOf(await present(client, ticket))).toMatchObject({ error: 'invalid_grant' })
    expect(log.last('request')).toMatchObject({ reason: 'code_spent' })
    expect(log.last('audit')).toMatchObject({ event: 'token.reuse_detected', credential: 'code' })
  })

  it('is in discovery, as every grant is', async () => {
    const document = await bodyOf(await deployment.fetch('/.well-known/openid-configuration'))
    const types = GRANTS.map(({ type }) => type)
    expect(types).toContain(CARELESS)
    expect(document['grant_types_supported']).toEqual([...types, 'implicit'])
  })
})
