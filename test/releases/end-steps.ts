import { decodeJwt } from 'jose'
import { expect } from 'vitest'
import { Browser } from '../support/browser.ts'
import { authorizeAt, LoginApp, logIn, parameter, redeem, refresh } from '../support/relying-party.ts'
import {
  expectError,
  GOODBYE,
  isActive,
  REMEMBERED,
  type Step,
  sessions,
  silently,
  step,
  tokensOf,
} from './stage.ts'

/** Sessions and their ends. */
export const ENDS: readonly Step[] = [
  step('prompt=none with a login', async ({ at, left }) => {
    const request = { prompt: 'none' }
    const callback = await authorizeAt(at, left.client, { browser: left.browser, request })
    const tokens = await tokensOf(await redeem(at, left.client, parameter(callback, 'code')))
    expect(decodeJwt(tokens.id_token)['sid']).toBe(decodeJwt(left.tokens.id_token)['sid'])
  }),
  step('a logout tells the client once, and ends the session', async ({ at, left }) => {
    const query = new URLSearchParams({
      id_token_hint: left.tokens.id_token,
      post_logout_redirect_uri: GOODBYE,
      state: 'bye',
    })
    const asked = await left.browser.next(`/oauth2/sessions/logout?${query}`)
    const end = await new LoginApp(at).decide('logout', 'accept', parameter(asked, 'logout_challenge'))
    expect((await left.browser.next(end)).href).toBe(`${GOODBYE}?state=bye`)
    const { form } = await left.site.next('POST', '/backchannel')
    const { sid } = decodeJwt(left.tokens.id_token)
    expect(decodeJwt(form.get('logout_token') ?? '')).toMatchObject({ sub: 'alice', sid })
    const told = left.site.visits.filter(
      (visit) => decodeJwt(visit.form.get('logout_token') ?? '')['sid'] === sid,
    )
    expect(new Set(told.map((visit) => decodeJwt(visit.form.get('logout_token') ?? '').jti)).size).toBe(1)
    expect(await silently(left.browser, left.client)).toBe('login_required')
  }),
  step('an operator ends all sessions of a user', async ({ at, left }) => {
    const browsers = [new Browser(at), new Browser(at)]
    for (const browser of browsers)
      await logIn(at, left.client, {
        browser,
        login: { subject: 'heidi', ...REMEMBERED },
        consent: REMEMBERED,
      })
    expect((await at.admin('DELETE', sessions('login', 'heidi'))).status).toBe(204)
    for (const browser of browsers) expect(await silently(browser, left.client)).toBe('login_required')
  }),
  step('a user is erased', async ({ at, left }) => {
    const browser = new Browser(at)
    const login = { subject: 'ivan', ...REMEMBERED }
    const { access_token, refresh_token } = await logIn(at, left.client, { browser, login })
    expect((await at.admin('DELETE', '/admin/subjects/ivan')).status).toBe(204)
    expect(await isActive(at, access_token)).toBe(false)
    await expectError(await refresh(at, left.client, refresh_token), 400, 'invalid_grant')
    expect(await silently(browser, left.client)).toBe('login_required')
  }),
]
