import { expect, it } from 'vitest'
import {
  checkLoggedOut,
  checkLogoutMetadata,
  checkReturn,
  logInToLeave,
  logOut,
  STATE,
} from '../../../support/certification/log-out.ts'
import { cleanUp, OP, SUITE } from '../../../support/certification/suite.ts'

cleanUp()

const URI = `${SUITE}/frontchannel_logout`

it('oidcc-frontchannel-logout-discovery-endpoint-verification: is supported, with sessions', async () => {
  await checkLogoutMetadata(['frontchannel_logout_supported', 'frontchannel_logout_session_supported'])
})

it('oidcc-frontchannel-rp-initiated-logout: the client is loaded with iss and sid, then its user comes back, logged out', async () => {
  const registration = { frontchannel_logout_uri: URI, frontchannel_logout_session_required: true }
  const session = await logInToLeave('oidcc-frontchannel-rp-initiated-logout', registration)
  const landing = await logOut(session.browser, session.request)
  const [frame, ...others] = landing.frames
  expect(others).toEqual([])
  expect(`${frame?.origin}${frame?.pathname}`).toBe(URI)
  expect(Object.fromEntries(frame?.searchParams ?? [])).toEqual({
    iss: OP,
    sid: session.login.claims['sid'],
  })
  expect(session.login.claims['sid']).toEqual(expect.stringMatching(/./))
  checkReturn(landing, { state: STATE })
  await checkLoggedOut(session)
})
