import { decodeJwt } from 'jose'
import { expect } from 'vitest'
import { Browser, bodyOf, ISSUER } from '../support/browser.ts'
import { approve, poll, pollOutcome, startDevice } from '../support/device.ts'
import {
  authorizationPath,
  authorizeAt,
  LoginApp,
  logIn,
  parameter,
  redeem,
  refresh,
  revoke,
  tokenRequest,
  VERIFIER,
} from '../support/relying-party.ts'
import { expectError, isActive, type Step, sessions, silently, step, tokensOf } from './stage.ts'

/** Logins, consents and devices. */
export const LOGINS: readonly Step[] = [
  step('a code with a wrong verifier is refused, and is not spent', async ({ at, left, passed }) => {
    const code = parameter(await authorizeAt(at, left.client, { login: { subject: 'dave' } }), 'code')
    const fields = { grant_type: 'authorization_code', code, redirect_uri: 'https://app.example/cb' }
    const wrong = await tokenRequest(at, left.client, { ...fields, code_verifier: `${VERIFIER}-not` })
    await expectError(wrong, 400, 'invalid_grant')
    passed.fromCode = await tokensOf(await redeem(at, left.client, code))
  }),
  step('an old refresh token ends the family', async ({ at, left, passed }) => {
    const first = passed.fromCode
    const second = await tokensOf(await refresh(at, left.client, first.refresh_token))
    const third = await tokensOf(await refresh(at, left.client, second.refresh_token))
    await expectError(await refresh(at, left.client, first.refresh_token), 400, 'invalid_grant')
    expect(await isActive(at, third.access_token)).toBe(false)
    await expectError(await refresh(at, left.client, third.refresh_token), 400, 'invalid_grant')
  }),
  step('a remembered login and consent are told to the app', async ({ at, left: { client, browser } }) => {
    const challenge = parameter(await browser.next(authorizationPath(client)), 'login_challenge')
    const app = new LoginApp(at)
    expect(await bodyOf(await app.get('login', challenge))).toMatchObject({ skip: true, subject: 'alice' })
    const asked = await browser.next(await app.decide('login', 'accept', challenge, { subject: 'alice' }))
    const consent = await app.get('consent', parameter(asked, 'consent_challenge'))
    expect(await bodyOf(consent)).toMatchObject({ skip: true, subject: 'alice' })
  }),
  step('prompt=none without a login', async ({ at, left }) => {
    expect(await silently(new Browser(at), left.client)).toBe('login_required')
  }),
  step('a login that is rejected', async ({ at, left }) => {
    const browser = new Browser(at)
    const challenge = parameter(await browser.next(authorizationPath(left.client)), 'login_challenge')
    const end = await new LoginApp(at).decide('login', 'reject', challenge, { error: 'access_denied' })
    expect((await browser.next(end)).searchParams.get('error')).toBe('access_denied')
  }),
  step('a consent that is rejected', async ({ at, left }) => {
    const app = new LoginApp(at)
    const browser = new Browser(at)
    const challenge = parameter(await browser.next(authorizationPath(left.client)), 'login_challenge')
    const asked = await browser.next(await app.decide('login', 'accept', challenge, { subject: 'erin' }))
    const consent = parameter(asked, 'consent_challenge')
    const end = await app.decide('consent', 'reject', consent, { error: 'access_denied' })
    expect((await browser.next(end)).searchParams.get('error')).toBe('access_denied')
  }),
  step('a login that another browser would end is refused', async ({ at, left }) => {
    const challenge = parameter(await new Browser(at).next(authorizationPath(left.client)), 'login_challenge')
    const end = await new LoginApp(at).decide('login', 'accept', challenge, { subject: 'mallory' })
    const response = await new Browser(at).visit(end)
    const location = new URL(response.headers.get('location') ?? '/', ISSUER)
    expect([location.searchParams.has('consent_challenge'), location.searchParams.has('code')]).toEqual([
      false,
      false,
    ])
  }),
  step('consents are listed', async ({ at, left }) => {
    const listed: readonly unknown[] = await (await at.admin('GET', sessions('consent', 'alice'))).json()
    expect(listed).toContainEqual(
      expect.objectContaining({
        grant_scope: ['openid', 'offline_access'],
        consent_request: expect.objectContaining({
          client: expect.objectContaining({ client_id: left.client.id }),
        }),
      }),
    )
  }),
  step('sessions are listed', async ({ at, passed }) => {
    const listed = await (await at.admin('GET', sessions('login', 'alice'))).text()
    expect(listed).toContain(String(decodeJwt(passed.tokens.id_token)['sid']))
  }),
  step('revocation ends both tokens', async ({ at, left, passed }) => {
    expect((await revoke(at, left.client, passed.tokens.refresh_token)).status).toBe(200)
    expect(await isActive(at, passed.tokens.access_token)).toBe(false)
    await expectError(await refresh(at, left.client, passed.tokens.refresh_token), 400, 'invalid_grant')
  }),
  step('consents that an operator revokes end their tokens', async ({ at, left }) => {
    const { access_token, refresh_token } = await logIn(at, left.client, { login: { subject: 'frank' } })
    const path = `${sessions('consent', 'frank')}&client=${left.client.id}`
    expect((await at.admin('DELETE', path)).status).toBe(204)
    expect(await isActive(at, access_token)).toBe(false)
    await expectError(await refresh(at, left.client, refresh_token), 400, 'invalid_grant')
  }),
  step('a device waits for its user', async ({ at, left }) => {
    const outcome = await pollOutcome(at, left.devices, await startDevice(at, left.devices))
    expect(outcome).toBe('400 authorization_pending')
  }),
  step('a device gets tokens once', async ({ at, left }) => {
    const device = await startDevice(at, left.devices)
    expect((await approve(at, device)).status).toBeLessThan(400)
    const { access_token } = await tokensOf(await poll(at, left.devices, device))
    expect(await isActive(at, access_token)).toBe(true)
    expect(await pollOutcome(at, left.devices, device)).not.toBe('ok')
  }),
]
