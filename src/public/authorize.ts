import type { Context } from 'hono'
import { afterConsent } from '../authorize/after-consent.ts'
import { afterLogin } from '../authorize/after-login.ts'
import { validate } from '../authorize/pipeline.ts'
import { unpackRequest } from '../authorize/request-object.ts'
import { respondError, respondErrorPage } from '../authorize/respond.ts'
import { startLogin } from '../authorize/start.ts'
import type { AppEnv } from '../context.ts'
import { OAuthError } from '../errors/oauth-error.ts'
import { type Entries, queryOf, readEntries, readFormEntries, toQuery } from '../http/form.ts'

/** Parameters of the way back from login and consent, which no client sends. */
const OURS: readonly string[] = ['login_verifier', 'consent_verifier']

/**
 * Authorization endpoint, GET and POST (RFC 6749 section 3.1, contract 1.3.2). Without a verifier it starts a
 * flow; with one it goes on with it. What cannot be told to a client goes to the error page.
 */
export async function authorize(c: Context<AppEnv>): Promise<Response> {
  try {
    return await dispatch(c)
  } catch (thrown) {
    // A browser is not shown JSON; what has no client to go to goes to the error page.
    if (thrown instanceof OAuthError && thrown.code !== 'misconfiguration') return respondErrorPage(c, thrown)
    throw thrown
  }
}

async function dispatch(c: Context<AppEnv>): Promise<Response> {
  const plain = queryOf(c.req.url)
  const entries = readEntries(plain)
  const given = (name: string): string | undefined =>
    entries.find(([known, value]) => known === name && value !== '')?.[1]
  const clientId = given('client_id')
  const loginVerifier = given('login_verifier')
  if (loginVerifier !== undefined) return afterLogin(c, loginVerifier, clientId)
  const consentVerifier = given('consent_verifier')
  if (consentVerifier !== undefined) return afterConsent(c, consentVerifier, clientId)
  const asked = c.req.method === 'POST' ? await mergedQuery(c, entries) : plain
  const query = await unpackRequest(c.var.ctx, asked)
  const validation = await validate(c.var.ctx, query)
  if (validation.error !== undefined) return respondError(c, validation.target, validation.error)
  const { request } = validation
  try {
    return await startLogin(c, request)
  } catch (thrown) {
    if (thrown instanceof OAuthError) return respondError(c, request, thrown)
    throw thrown
  }
}

/** Query and form, but for what is ours, as one query string, so that nothing posted is lost after login (contract 8.2). */
async function mergedQuery(c: Context<AppEnv>, entries: Entries): Promise<string> {
  const form = await readFormEntries(c.req.raw)
  return toQuery([...entries, ...form].filter(([name]) => !OURS.includes(name)))
}
