import type { Context } from 'hono'
import { afterConsent } from '../authorize/after-consent.ts'
import { afterLogin } from '../authorize/after-login.ts'
import { validate } from '../authorize/pipeline.ts'
import { readRequest } from '../authorize/request-source/read.ts'
import { respondErrorPage } from '../authorize/respond.ts'
import { startLogin } from '../authorize/start.ts'
import type { AppEnv } from '../context.ts'
import { OAuthError } from '../errors/oauth-error.ts'
import { MAX_REQUEST, Parameters, queryOf, readEntries } from '../http/form.ts'
import { speakAs } from '../http/page-text.ts'

/**
 * The authorization endpoint, GET and POST (RFC 6749 section 3.1, contract 1.3.2). Without a verifier it starts a flow;
 * with a verifier it continues one. Errors that must not go to a client go to the error page.
 */
export async function authorize(c: Context<AppEnv>): Promise<Response> {
  try {
    return await dispatch(c)
  } catch (thrown) {
    // A browser gets a page instead of JSON: errors that have no client to go to go to the error page.
    if (thrown instanceof OAuthError && thrown.code !== 'misconfiguration') {
      // Of any other failure the client is known: it is looked for first.
      return respondErrorPage(c, thrown, thrown.code === 'invalid_client' ? null : c.var.ctx.client())
    }
    throw thrown
  }
}

async function dispatch(c: Context<AppEnv>): Promise<Response> {
  const entries = readEntries(queryOf(c.req.url, MAX_REQUEST))
  const given = new Parameters(entries, c.var.ctx.rt.profiles.server.repeats)
  const clientId = given.get('client_id')
  const loginVerifier = given.get('login_verifier')
  if (loginVerifier !== undefined) return afterLogin(c, loginVerifier, clientId)
  const consentVerifier = given.get('consent_verifier')
  if (consentVerifier !== undefined) return afterConsent(c, consentVerifier, clientId)
  const { query, ...origin } = await readRequest(c)
  speakAs(c, query)
  const validation = await validate(c.var.ctx, query, null, origin)
  if (validation.error !== undefined) return validation.tell(c, validation.error)
  const { request } = validation
  try {
    return await startLogin(c, request)
  } catch (thrown) {
    if (thrown instanceof OAuthError) return request.channel.tell(c, thrown)
    throw thrown
  }
}
