import { beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type AssertionChanges, makeKey, signAssertion, type TestKey } from '../support/assertions.ts'
import { bodyOf, Deployment, ISSUER } from '../support/deployment.ts'
import { registerClient, type TestClient, tokenRequest } from '../support/relying-party.ts'
import { trust } from '../support/trust.ts'

const grant_type = 'urn:ietf:params:oauth:grant-type:jwt-bearer'
const deployment = new Deployment()
const now = (): number => Math.floor(Date.now() / 1000)
let key: TestKey
let stranger: TestKey
let iss: string

beforeAll(async () => {
  ;[key, stranger] = await Promise.all([makeKey('RS256'), makeKey('RS256')])
})

beforeEach(async () => {
  iss = `https://issuer.example/${crypto.randomUUID()}`
  await trust(deployment, key, iss)
})

const sign = (changes: AssertionChanges = {}, signer = key): Promise<string> =>
  signAssertion(signer, { iss, sub: 'alice' }, changes)

describe.each(['opaque', 'jwt'])(
  '%s access tokens (contract 6, oauth2/grant_jwtbearer)',
  (access_token_strategy) => {
    let client: TestClient

    beforeAll(async () => {
      client = await registerClient(deployment, { access_token_strategy, grant_types: [grant_type] })
    })

    const ask = (assertion: string, scope = 'api.read'): Promise<Response> =>
      tokenRequest(deployment, client, { grant_type, assertion, scope })

    const good: readonly (readonly [string, () => AssertionChanges])[] = [
      ['a valid assertion', () => ({})],
      ['nbf in the past', () => ({ claims: { nbf: now() - 60 } })],
    ]

    it.each(good)('%s gives an access token of the strategy', async (_name, changes) => {
      const answer = await ask(await sign(changes()))
      const token = String((await bodyOf(answer))['access_token'])
      expect([answer.status, token.split('.').length]).toEqual([200, access_token_strategy === 'jwt' ? 3 : 2])
      const common = { active: true, sub: 'alice', client_id: client.id, scope: 'api.read', iss: ISSUER }
      expect(await deployment.introspect(token)).toMatchObject({ ...common, token_use: 'access_token' })
    })

    it('an issuer of any subject gives a token for each', async () => {
      const issuer = `${iss}/any`
      await trust(deployment, stranger, issuer, { subject: undefined, allow_any_subject: true })
      const assertion = await sign({ claims: { iss: issuer, sub: 'any-subject-is-valid' } }, stranger)
      const token = String((await bodyOf(await ask(assertion)))['access_token'])
      expect(await deployment.introspect(token)).toMatchObject({ active: true, sub: 'any-subject-is-valid' })
    })

    it('without client credentials is 400', async () => {
      const answer = await deployment.form('/oauth2/token', { grant_type, assertion: await sign() })
      expect([answer.status, (await bodyOf(answer))['error']]).toEqual([400, 'invalid_request'])
    })

    const own = (): TestKey => key
    const bad: readonly (readonly [string, () => AssertionChanges, () => TestKey])[] = [
      ['no jti', () => ({ claims: { jti: undefined } }), own],
      ['no iat', () => ({ claims: { iat: undefined } }), own],
      ['a wrong signature', () => ({}), () => ({ ...stranger, kid: key.kid })],
      ['a wrong subject', () => ({ claims: { sub: 'wrong_subject' } }), own],
      ['a wrong issuer', () => ({ claims: { iss: 'wrong_issuer' } }), own],
      ['a wrong audience', () => ({ claims: { aud: 'https://wrong.example' } }), own],
      ['an expiry in the past', () => ({ claims: { iat: now() - 120, exp: now() - 60 } }), own],
      ['nbf in the future', () => ({ claims: { nbf: now() + 60 } }), own],
    ]

    it.each(bad)('%s is 400', async (_name, changes, signer) => {
      const answer = await ask(await sign(changes(), signer()))
      expect([answer.status, (await bodyOf(answer))['error']]).toEqual([400, 'invalid_grant'])
    })

    it('a jti that came before is 400', async () => {
      const assertion = await sign()
      expect((await ask(assertion)).status).toBe(200)
      const answer = await ask(assertion)
      expect([answer.status, (await bodyOf(answer))['error']]).toEqual([400, 'jti_known'])
    })
  },
)
