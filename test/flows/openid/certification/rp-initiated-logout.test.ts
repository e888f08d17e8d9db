import { SignJWT } from 'jose'
import { expect, it } from 'vitest'
import { nowSeconds } from '../../../../src/util/clock.ts'
import {
  checkLoggedOut,
  checkLogoutMetadata,
  checkReturn,
  GOODBYE,
  logInToLeave,
  logOut,
  type Session,
  STATE,
} from '../../../support/certification/log-out.ts'
import { type Changes, cleanUp, endpoint, OP, random } from '../../../support/certification/suite.ts'

cleanUp()

const LOGGED_OUT = '/oauth2/fallbacks/logout/callback'

/** Expects that this logout request ends at the server's own page that says so, and that nobody is logged in then. */
async function expectOwnPage(session: Session, request: Changes): Promise<void> {
  const { pages, url, text } = await logOut(session.browser, request)
  expect([url.origin, url.pathname]).toEqual([OP, LOGGED_OUT])
  expect(pages).toEqual(['/ui/logout', LOGGED_OUT])
  expect(text).toContain('You are logged out')
  await checkLoggedOut(session)
}

/** Expects that this logout request goes nowhere but to the server's error page. */
async function expectErrorPage({ browser }: Session, request: Changes): Promise<void> {
  const { pages, url } = await logOut(browser, request)
  expect(url.origin).toBe(OP)
  expect(pages).toEqual(['/oauth2/fallbacks/error'])
  expect(url.searchParams.get('error')).toBe('invalid_request')
}

it('oidcc-rp-initiated-logout-discovery-endpoint-verification: names the logout endpoint', async () => {
  await checkLogoutMetadata([])
  expect(await endpoint('end_session_endpoint')).toMatch(/^https:/)
})

it('oidcc-rp-initiated-logout: comes back with its state, and nobody is logged in', async () => {
  const session = await logInToLeave('oidcc-rp-initiated-logout')
  const landing = await logOut(session.browser, session.request)
  expect(landing.pages).toEqual(['/ui/logout'])
  checkReturn(landing, { state: STATE })
  await checkLoggedOut(session)
})

it('oidcc-rp-initiated-logout-no-state: comes back without state, and nobody is logged in', async () => {
  const session = await logInToLeave('oidcc-rp-initiated-logout-no-state')
  const landing = await logOut(session.browser, { ...session.request, state: undefined })
  expect(landing.pages).toEqual(['/ui/logout'])
  checkReturn(landing, {})
  await checkLoggedOut(session)
})

it('oidcc-rp-initiated-logout-no-params: asks the user, logs out, and shows its own page', async () => {
  const session = await logInToLeave('oidcc-rp-initiated-logout-no-params')
  await expectOwnPage(session, {})
})

it('oidcc-rp-initiated-logout-no-post-logout-redirect-uri: logs out, and shows its own page', async () => {
  const session = await logInToLeave('oidcc-rp-initiated-logout-no-post-logout-redirect-uri')
  const request = { ...session.request, post_logout_redirect_uri: undefined }
  await expectOwnPage(session, request)
})

it('oidcc-rp-initiated-logout-only-state: asks the user, logs out, and shows its own page', async () => {
  const session = await logInToLeave('oidcc-rp-initiated-logout-only-state')
  await expectOwnPage(session, { state: STATE })
})

it('oidcc-rp-initiated-logout-bad-post-logout-redirect-uri: goes nowhere', async () => {
  const session = await logInToLeave('oidcc-rp-initiated-logout-bad-post-logout-redirect-uri')
  const bad = `${GOODBYE}${random(10)}`
  await expectErrorPage(session, { ...session.request, post_logout_redirect_uri: bad })
})

it('oidcc-rp-initiated-logout-query-added-to-post-logout-redirect-uri: goes nowhere', async () => {
  const session = await logInToLeave('oidcc-rp-initiated-logout-query-added-to-post-logout-redirect-uri')
  const bad = `${GOODBYE}?foo=bar`
  await expectErrorPage(session, { ...session.request, post_logout_redirect_uri: bad })
})

it('oidcc-rp-initiated-logout-modified-id-token-hint: an ID token without its signature goes nowhere', async () => {
  const session = await logInToLeave('oidcc-rp-initiated-logout-modified-id-token-hint')
  const [, payload] = session.login.idToken.split('.')
  const hint = `${btoa('{"alg": "none"}').replaceAll('=', '')}.${payload}.`
  await expectErrorPage(session, { ...session.request, id_token_hint: hint })
})

it('oidcc-rp-initiated-logout-bad-id-token-hint: an ID token that the client signed goes nowhere', async () => {
  const session = await logInToLeave('oidcc-rp-initiated-logout-bad-id-token-hint')
  const { id, key } = session.client
  const now = nowSeconds()
  const claims = { iss: id, sub: 'SubjectID', aud: OP, nonce: 'flibble', iat: now, exp: now + 300 }
  const hint = await new SignJWT(claims).setProtectedHeader({ alg: 'RS256' }).sign(key.privateKey)
  await expectErrorPage(session, { ...session.request, id_token_hint: hint })
})

it('oidcc-rp-initiated-logout-no-id-token-hint: an address that nobody answers for is not gone to', async () => {
  const session = await logInToLeave('oidcc-rp-initiated-logout-no-id-token-hint')
  await expectErrorPage(session, { ...session.request, id_token_hint: undefined })
})
