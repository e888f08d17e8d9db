import { jwtVerify } from 'jose'
import { expect, it } from 'vitest'
import { nowSeconds } from '../../../../src/util/clock.ts'
import { keySet } from '../../../support/certification/checks.ts'
import {
  checkLoggedOut,
  checkLogoutMetadata,
  checkReturn,
  logInToLeave,
  logOut,
  STATE,
} from '../../../support/certification/log-out.ts'
import { cleanUp, OP, SUITE, suiteSite } from '../../../support/certification/suite.ts'

cleanUp()

const URI = `${SUITE}/backchannel_logout`

it('oidcc-backchannel-logout-discovery-endpoint-verification: is supported, with sessions', async () => {
  await checkLogoutMetadata(['backchannel_logout_supported', 'backchannel_logout_session_supported'])
})

it('oidcc-backchannel-rp-initiated-logout: the client is sent a good logout token, and its user comes back, logged out', async () => {
  const site = suiteSite()
  const noStore = { headers: { 'cache-control': 'no-store' } }
  site.files.set(URI, () => new Response('', noStore))
  const registration = { backchannel_logout_uri: URI, backchannel_logout_session_required: true }
  const session = await logInToLeave('oidcc-backchannel-rp-initiated-logout', registration)
  const landing = await logOut(session.browser, session.request)
  const [sent, ...others] = site.visits
  expect(others).toEqual([])
  expect([sent?.method, sent?.url]).toEqual(['POST', URI])
  expect(sent?.headers.get('content-type')).toMatch(/^application\/x-www-form-urlencoded/)
  const form = new URLSearchParams(await sent?.text())
  expect([...form.keys()]).toEqual(['logout_token'])

  const { payload, protectedHeader } = await jwtVerify(form.get('logout_token') ?? '', await keySet(), {
    issuer: OP,
    audience: session.client.id,
    typ: 'logout+jwt',
  })
  expect(protectedHeader).toMatchObject({ alg: 'RS256', kid: expect.any(String) })
  const { sub, sid } = session.login.claims
  expect(payload).toMatchObject({
    sub,
    sid,
    jti: expect.stringMatching(/./),
    exp: expect.any(Number),
    events: { 'http://schemas.openid.net/event/backchannel-logout': {} },
  })
  expect(Object.keys(payload['events'] ?? {})).toHaveLength(1)
  expect(payload).not.toHaveProperty('nonce')
  expect(Math.abs(nowSeconds() - (payload.iat ?? 0))).toBeLessThanOrEqual(300)
  checkReturn(landing, { state: STATE })
  await checkLoggedOut(session)
})
