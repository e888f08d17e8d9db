import { createLocalJWKSet, decodeJwt, type JSONWebKeySet, jwtVerify } from 'jose'
import { expect } from 'vitest'
import { bodyOf, ISSUER } from '../support/browser.ts'
import { approve, poll } from '../support/device.ts'
import { LoginApp, parameter, redeem, refresh } from '../support/relying-party.ts'
import { expectError, isActive, type Step, step, tokensOf } from './stage.ts'

/** What the older release left is read, goes on and ends as if it alone were there. */
export const FROM_BEFORE: readonly Step[] = [
  step('the server is ready', async ({ at }) => {
    expect((await at.fetch('/health/ready')).status).toBe(200)
  }),
  step('the keys verify an ID token from before', async ({ at, left }) => {
    const keys: JSONWebKeySet = await (await at.fetch('/.well-known/jwks.json')).json()
    const { payload } = await jwtVerify(left.tokens.id_token, createLocalJWKSet(keys), { issuer: ISSUER })
    expect(payload.sub).toBe('alice')
  }),
  step('an access token from before is active', async ({ at, left }) => {
    expect(await at.introspect(left.tokens.access_token)).toMatchObject({ active: true, sub: 'alice' })
    expect(await at.introspect(left.machine)).toMatchObject({ active: true, sub: left.client.id })
  }),
  step('userinfo with an access token from before', async ({ at, left }) => {
    const headers = { authorization: `Bearer ${left.tokens.access_token}` }
    expect(await bodyOf(await at.fetch('/userinfo', { headers }))).toMatchObject({ sub: 'alice' })
  }),
  step('a refresh token from before is refreshed', async ({ at, left, passed }) => {
    passed.tokens = await tokensOf(await refresh(at, left.client, left.tokens.refresh_token))
    expect(await isActive(at, passed.tokens.access_token)).toBe(true)
  }),
  step('a code from before gives tokens', async ({ at, left, passed }) => {
    passed.fromCode = await tokensOf(await redeem(at, left.client, left.code))
    expect(decodeJwt(passed.fromCode.id_token).sub).toBe('bob')
  }),
  step('that code again gives nothing, and ends what it gave', async ({ at, left, passed }) => {
    await expectError(await redeem(at, left.client, left.code), 400, 'invalid_grant')
    expect(await isActive(at, passed.fromCode.access_token)).toBe(false)
    await expectError(await refresh(at, left.client, passed.fromCode.refresh_token), 400, 'invalid_grant')
  }),
  step('a login that was asked for before goes on', async ({ at, left: { client, atLogin } }) => {
    const app = new LoginApp(at)
    expect((await app.get('login', atLogin.challenge)).status).toBe(200)
    const asked = await atLogin.browser.next(
      await app.decide('login', 'accept', atLogin.challenge, { subject: 'carol' }),
    )
    const end = await app.decide('consent', 'accept', parameter(asked, 'consent_challenge'), {
      grant_scope: ['openid'],
    })
    const code = parameter(await atLogin.browser.next(end), 'code')
    expect(decodeJwt((await tokensOf(await redeem(at, client, code))).id_token).sub).toBe('carol')
  }),
  step('a consent from before gives a code once', async ({ at, left: { client, afterConsent } }) => {
    const code = parameter(await afterConsent.browser.next(afterConsent.url), 'code')
    const { access_token } = await tokensOf(await redeem(at, client, code))
    expect(await at.introspect(access_token)).toMatchObject({ active: true, sub: 'bob' })
    await expectError(await redeem(at, client, code), 400, 'invalid_grant')
  }),
  step('a device that began before gets tokens', async ({ at, left }) => {
    expect((await approve(at, left.device)).status).toBeLessThan(400)
    const { access_token } = await tokensOf(await poll(at, left.devices, left.device))
    expect(await isActive(at, access_token)).toBe(true)
  }),
]
