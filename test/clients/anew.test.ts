import { describe, expect, it } from 'vitest'
import { makeKey, signAssertion } from '../support/assertions.ts'
import { bodyOf, Deployment, testEnv } from '../support/deployment.ts'
import {
  authorizeAt,
  parameter,
  redeem,
  registerClient,
  type TestClient,
  tokenRequest,
} from '../support/relying-party.ts'
import { trust } from '../support/trust.ts'

type Metadata = Readonly<Record<string, unknown>>

/** A client made anew under its id, while another isolate still has a copy of the former one. */
async function makeAnew(former: Metadata, present: Metadata) {
  const [here, elsewhere] = [new Deployment(), new Deployment(testEnv())]
  const client_id = crypto.randomUUID()
  const before = await registerClient(here, { client_id, ...former })
  // A code that is none: the client proves itself, and that is all.
  expect((await redeem(elsewhere, before, 'none')).status).toBe(400)
  expect((await here.admin('DELETE', `/admin/clients/${client_id}`)).status).toBe(204)
  const after = await registerClient(here, { client_id, ...present })
  return { here, elsewhere, before, after }
}

describe('where the copy of a client is older than the client made anew', () => {
  const PUBLIC = { token_endpoint_auth_method: 'none', grant_types: ['authorization_code'] }
  const KEPT = { client_secret: 'the same secret' }
  const cases: readonly (readonly [string, Metadata, Metadata, number])[] = [
    ['another secret', {}, {}, 400],
    ['a secret where it was public', PUBLIC, {}, 400],
    ['the same secret', KEPT, KEPT, 200],
    ['none, as before', PUBLIC, PUBLIC, 200],
  ]

  it.each(cases)('the new one has %s: a code of it for who proves the old one', async (...given) => {
    const [, former, present, status] = given
    const { here, elsewhere, before, after } = await makeAnew(former, present)
    const code = parameter(await authorizeAt(here, after), 'code')
    expect((await redeem(elsewhere, before, code)).status).toBe(status)
    // What was refused changed nothing.
    if (status === 400) expect((await redeem(elsewhere, after, code)).status).toBe(200)
  })

  it('who proves the old one is given no token for the new one’s scope', async () => {
    const { elsewhere, before, after } = await makeAnew({}, { scope: 'admin' })
    const asked = { grant_type: 'client_credentials', scope: 'admin' }
    expect(await bodyOf(await tokenRequest(elsewhere, before, asked))).toMatchObject({
      error: 'invalid_scope',
    })
    expect((await tokenRequest(elsewhere, after, asked)).status).toBe(200)
  })

  it('who proves the old one is given nothing of the new one’s for an assertion', async () => {
    const grant_type = 'urn:ietf:params:oauth:grant-type:jwt-bearer'
    const both = { grant_types: ['authorization_code', grant_type] }
    const { here, elsewhere, before, after } = await makeAnew(
      { ...both, scope: 'openid' },
      { ...both, scope: 'openid api.read' },
    )
    const [key, iss] = [await makeKey(), `https://${crypto.randomUUID()}.example`]
    expect((await trust(here, key, iss)).status).toBe(201)
    const scopeFor = async (client: TestClient): Promise<unknown> => {
      const assertion = await signAssertion(key, { iss, sub: 'alice' })
      const asked = { grant_type, assertion, scope: 'api.read' }
      return (await bodyOf(await tokenRequest(elsewhere, client, asked)))['scope']
    }
    expect([await scopeFor(before), await scopeFor(after)]).toEqual(['', 'api.read'])
  })
})
