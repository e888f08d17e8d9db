import { expect } from 'vitest'
import { assertionFields, signAssertion } from '../support/assertions.ts'
import { bodyOf } from '../support/browser.ts'
import { registerClient, revoke, tokenRequest } from '../support/relying-party.ts'
import { TRUST_PATH, trust } from '../support/trust.ts'
import { expectError, isActive, JWT_BEARER, type Step, step, tokensOf } from './stage.ts'

/** Clients without a user. */
export const MACHINES: readonly Step[] = [
  step('client_credentials', async ({ at, left, passed }) => {
    const body = await bodyOf(await tokenRequest(at, left.client, { grant_type: 'client_credentials' }))
    passed.machine = String(body['access_token'])
    expect(await isActive(at, passed.machine)).toBe(true)
  }),
  step('its token is revoked', async ({ at, left, passed }) => {
    expect((await revoke(at, left.client, passed.machine)).status).toBe(200)
    expect(await isActive(at, passed.machine)).toBe(false)
  }),
  step('a wrong secret', async ({ at }) => {
    const wrong = { ...(await registerClient(at)), secret: 'not-the-secret' }
    await expectError(
      await tokenRequest(at, wrong, { grant_type: 'client_credentials' }),
      401,
      'invalid_client',
    )
  }),
  step('private_key_jwt', async ({ at, left, passed }) => {
    const { id } = left.byKey
    passed.assertion = await signAssertion(left.key, { iss: id, sub: id })
    const fields = { grant_type: 'client_credentials', ...assertionFields(passed.assertion) }
    expect((await at.form('/oauth2/token', fields)).status).toBe(200)
  }),
  step('that assertion again authenticates nobody', async ({ at, passed }) => {
    const fields = { grant_type: 'client_credentials', ...assertionFields(passed.assertion) }
    await expectError(await at.form('/oauth2/token', fields), 400, 'jti_known')
  }),
  step('an issuer is trusted, and its assertion gives a token', async ({ at, left, passed }) => {
    const iss = 'https://issuer.example'
    expect((await trust(at, left.key, iss, { subject: 'grace' })).status).toBe(201)
    passed.assertion = await signAssertion(left.key, { iss, sub: 'grace' })
    const { id } = left.byKey
    const own = assertionFields(await signAssertion(left.key, { iss: id, sub: id }))
    const fields = { grant_type: JWT_BEARER, assertion: passed.assertion, ...own }
    const { access_token } = await tokensOf(await at.form('/oauth2/token', fields))
    expect(await at.introspect(access_token)).toMatchObject({ active: true, sub: 'grace' })
  }),
  step('that assertion again gives nothing', async ({ at, left, passed }) => {
    const { id } = left.byKey
    const own = assertionFields(await signAssertion(left.key, { iss: id, sub: id }))
    const fields = { grant_type: JWT_BEARER, assertion: passed.assertion, ...own }
    await expectError(await at.form('/oauth2/token', fields), 400, 'jti_known')
  }),
  step('trusted issuers are listed', async ({ at }) => {
    expect(await (await at.admin('GET', TRUST_PATH)).text()).toContain('https://issuer.example')
  }),
]
