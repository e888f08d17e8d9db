import type { Context } from 'hono'
import { afterConsent } from '../authorize/after-consent.ts'
import { afterLogin } from '../authorize/after-login.ts'
import { afterUserCode } from '../authorize/after-user-code.ts'
import { showDeviceError, wantsPage } from '../authorize/channels/device.ts'
import { respondPage } from '../authorize/respond.ts'
import type { AppEnv } from '../context.ts'
import { OAuthError } from '../errors/oauth-error.ts'
import { bindBrowser } from '../flow/browser.ts'
import { deviceChallenge } from '../flow/device-state.ts'
import { type Parameters, queryOf, readQuery } from '../http/form.ts'
import { ownerOf } from '../ledger/owner.ts'
import { after, nowSeconds } from '../util/clock.ts'

/**
 * Device verification: where a user with a code goes (RFC 8628 section 3.3, contract 1.3.10). Without a verifier it
 * sends the browser to the page that asks for the code; with a verifier it continues the flow. Errors are pages for
 * browsers, and JSON for others.
 */
export async function deviceVerify(c: Context<AppEnv>): Promise<Response> {
  try {
    return await verify(c)
  } catch (thrown) {
    if (!(thrown instanceof OAuthError) || !wantsPage(c)) throw thrown
    c.var.ctx.refused(thrown)
    return showDeviceError(c, thrown)
  }
}

async function verify(c: Context<AppEnv>): Promise<Response> {
  const query = readQuery(queryOf(c.req.url))
  const clientId = query.get('client_id') ?? ''
  const deviceVerifier = query.get('device_verifier')
  if (deviceVerifier !== undefined) return afterUserCode(c, deviceVerifier, clientId)
  const loginVerifier = query.get('login_verifier')
  if (loginVerifier !== undefined) return afterLogin(c, loginVerifier, clientId)
  const consentVerifier = query.get('consent_verifier')
  if (consentVerifier !== undefined) return afterConsent(c, consentVerifier, clientId)
  return askUserCode(c, query)
}

async function askUserCode(c: Context<AppEnv>, given: Parameters): Promise<Response> {
  const { rt, network } = c.var.ctx
  const userCode = given.get('user_code') ?? ''
  const id = crypto.randomUUID()
  const csrf = await bindBrowser(c, 'device', '', id)
  // Without a network all browsers count together: user codes are short, and somebody could try them all.
  const { wide, narrow } = network ?? { wide: '', narrow: null }
  const rateLimitOwner = ownerOf('guesser', wide, rt.config.residency.jurisdiction)
  const state = { id, csrf, reauthenticate: given.get('prompt') === 'login', rateLimitOwner, wide, narrow }
  const expiresAt = after(nowSeconds(), rt.config.ttl.loginConsentRequest)
  const query = userCode === '' ? {} : { user_code: userCode }
  const page = rt.config.urls.deviceVerification
  return respondPage(c, await deviceChallenge.urlWith(rt, page, state, expiresAt, query))
}
