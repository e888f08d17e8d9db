import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { ownerOf } from '../../src/ledger/owner.ts'
import { assertionFields, makeKey, signAssertion, type TestKey } from '../support/assertions.ts'
import { bodyOf, Deployment, testEnv } from '../support/deployment.ts'
import { notingLedgers } from '../support/namespace.ts'
import { registerClient, revoke, type TestClient, tokenRequest } from '../support/relying-party.ts'

const { env, reached } = notingLedgers(testEnv())
const deployment = new Deployment(env)

beforeEach(() => {
  reached.length = 0
})

afterEach(() => {
  vi.useRealTimers()
})

/** The client's shards that were asked for. */
const shards = ({ id }: TestClient): number[] => {
  const numbers = new Map(
    Array.from({ length: 256 }, (_, shard) => [ownerOf('client', `${id}\0${shard}`), shard]),
  )
  const asked = reached.flatMap(({ name }) => numbers.get(name as ReturnType<typeof ownerOf>) ?? [])
  return [...new Set(asked)]
}

const issue = async (client: TestClient): Promise<string> =>
  String(
    (await bodyOf(await tokenRequest(deployment, client, { grant_type: 'client_credentials' })))[
      'access_token'
    ],
  )

/** Introspects so many new tokens of a client, and returns which shards were asked for. */
async function spread(client: TestClient, tokens: number): Promise<number[]> {
  reached.length = 0
  for (let made = 0; made < tokens; made += 1)
    expect((await deployment.introspect(await issue(client)))['active']).toBe(true)
  return shards(client)
}

const set = async (client: TestClient, value: number | null): Promise<void> => {
  const patch = [{ op: 'add', path: '/ledger_shards', value }]
  expect((await deployment.admin('PATCH', `/admin/clients/${client.id}`, patch)).status).toBe(200)
}

describe('the ledgers that share the revocations of a client without grants', () => {
  it.each([
    ['8 unless set', {}, 8],
    ['1', { ledger_shards: 1 }, 1],
    ['3', { ledger_shards: 3 }, 3],
  ])('are %s', async (_name, metadata, most) => {
    const client = await registerClient(deployment, metadata)
    const asked = await spread(client, 8 * most)
    // Of 8 x 8 tokens a given shard has none with a probability of 1 in 5,000; one missing is no fault.
    expect(asked.length).toBeGreaterThanOrEqual(most - 1)
    expect(Math.max(...asked)).toBeLessThan(most)
  })

  it('may be more, and change for new tokens only', async () => {
    const client = await registerClient(deployment, { ledger_shards: 1 })
    const old = await issue(client)
    await set(client, 64)
    expect((await spread(client, 16)).length).toBeGreaterThan(4)
    reached.length = 0
    expect((await revoke(deployment, client, old)).status).toBe(200)
    expect(shards(client)).toEqual([0])
    await set(client, null)
    expect(await deployment.introspect(old)).toEqual({ active: false })
    expect(shards(client)).toEqual([0])
  })

  it('hold revocations of JWTs too', async () => {
    const client = await registerClient(deployment, { ledger_shards: 2, access_token_strategy: 'jwt' })
    const tokens = [await issue(client), await issue(client)]
    for (const token of tokens) await revoke(deployment, client, token)
    await set(client, 64)
    for (const token of tokens) expect(await deployment.introspect(token)).toEqual({ active: false })
    expect(Math.max(...shards(client))).toBeLessThan(2)
  })

  it.each(['DELETE /admin/oauth2/tokens', 'DELETE /admin/clients'])(
    'need no visit by %s, which the stamp of every token shows',
    async (call) => {
      const client = await registerClient(deployment, { ledger_shards: 64 })
      const tokens = [await issue(client), await issue(client)]
      reached.length = 0
      const path = call.endsWith('tokens')
        ? `/admin/oauth2/tokens?client_id=${client.id}`
        : `/admin/clients/${client.id}`
      expect((await deployment.admin('DELETE', path)).status).toBe(204)
      expect(shards(client)).toEqual([])
      for (const token of tokens) expect(await deployment.introspect(token)).toEqual({ active: false })
    },
  )
})

describe('the number of shards', () => {
  it.each([0, 65, 1.5, -1, '8', [8]])('is not %j', async (value) => {
    const answer = await deployment.admin('POST', '/admin/clients', { ledger_shards: value })
    expect([answer.status, (await bodyOf(answer))['error']]).toEqual([400, 'invalid_client_metadata'])
  })

  it('is shown to admins, and stays when the client changes itself', async () => {
    const answer = await deployment.admin('POST', '/admin/clients', { ledger_shards: 64, scope: 'a b' })
    const created = await bodyOf(answer)
    const own = new Deployment(testEnv({ OIDC_DYNAMIC_CLIENT_REGISTRATION_ENABLED: 'true' }))
    const path = `/oauth2/register/${created['client_id']}`
    const headers = { authorization: `Bearer ${created['registration_access_token']}` }
    const body = JSON.stringify({ scope: 'a' })
    expect((await own.fetch(path, { method: 'PUT', headers, body })).status).toBe(200)
    const kept = await bodyOf(await own.admin('GET', `/admin/clients/${created['client_id']}`))
    expect([kept['ledger_shards'], kept['scope']]).toEqual([64, 'a'])
  })
})

describe('the id of an assertion', () => {
  let key: TestKey
  beforeAll(async () => {
    key = await makeKey()
  })

  it.each([
    ['more', 1, 64],
    ['fewer', 64, 2],
    ['none of its own', 3, null],
  ])('is spent once, though the client gets %s shards meanwhile', async (_name, before, later) => {
    const client = await registerClient(deployment, {
      token_endpoint_auth_method: 'private_key_jwt',
      token_endpoint_auth_signing_alg: 'ES256',
      jwks: { keys: [key.publicJwk] },
      ledger_shards: before,
    })
    const ask = async (assertion: string): Promise<unknown> => {
      const fields = { grant_type: 'client_credentials', ...assertionFields(assertion) }
      return (await bodyOf(await deployment.form('/oauth2/token', fields)))['error']
    }
    const assertions = await Promise.all(
      Array.from({ length: 6 }, () => signAssertion(key, { iss: client.id, sub: client.id })),
    )
    reached.length = 0
    for (const assertion of assertions) expect(await ask(assertion)).toBeUndefined()
    const spent = shards(client)
    expect(spent.length).toBeGreaterThan(1)
    await set(client, later)
    // By then the answer to the same request sent again is no longer remembered.
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 61_000 })
    reached.length = 0
    for (const assertion of assertions) expect(await ask(assertion)).toBe('jti_known')
    expect(shards(client)).toEqual(spent)
  })
})
