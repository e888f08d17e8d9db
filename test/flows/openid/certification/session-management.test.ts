import { expect, it } from 'vitest'
import {
  checkLoggedOut,
  checkLogoutMetadata,
  checkReturn,
  logInToLeave,
  logOut,
  STATE,
} from '../../../support/certification/log-out.ts'
import { cleanUp, metadata, op, SUITE } from '../../../support/certification/suite.ts'
import { frameSaysUnchanged } from '../../../support/session-frame.ts'

cleanUp()

it('oidcc-session-management-discovery-endpoint-verification: the frame is named, and is there', async () => {
  await checkLogoutMetadata([])
  const { check_session_iframe: frame } = await metadata()
  expect(frame).toEqual(expect.stringMatching(/^https:\/\//))
  const response = await op.fetch(String(frame))
  expect([response.status, response.headers.get('x-frame-options')]).toEqual([200, null])
})

it('oidcc-session-management-rp-initiated-logout: the session is unchanged before the logout, and changed after', async () => {
  const session = await logInToLeave('oidcc-session-management-rp-initiated-logout')
  const { browser, client, login, request } = session
  const sessionState = login.answer['session_state']
  expect(sessionState).toEqual(expect.stringMatching(/^[^ ]+$/))
  const told = { clientId: client.id, origin: SUITE, sessionState }
  expect(frameSaysUnchanged(browser, told)).toBe(true)
  checkReturn(await logOut(browser, request), { state: STATE })
  expect(frameSaysUnchanged(browser, told)).toBe(false)
  await checkLoggedOut(session)
})
