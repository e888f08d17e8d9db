import type { Context } from 'hono'
import { afterConsent } from '../authorize/after-consent.ts'
import { afterLogin } from '../authorize/after-login.ts'
import { validate } from '../authorize/pipeline.ts'
import { unpackRequest } from '../authorize/request-object.ts'
import { respondError, respondErrorPage } from '../authorize/respond.ts'
import { startLogin } from '../authorize/start.ts'
import type { AppEnv } from '../context.ts'
import { OAuthError } from '../errors/oauth-error.ts'
import { readFormEntries } from '../http/form.ts'

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
  const url = new URL(c.req.url)
  const { searchParams } = url
  const clientId = searchParams.getAll('client_id').find((id) => id !== '')
  const loginVerifier = searchParams.get('login_verifier') ?? ''
  if (loginVerifier !== '') return afterLogin(c, loginVerifier, clientId)
  const consentVerifier = searchParams.get('consent_verifier') ?? ''
  if (consentVerifier !== '') return afterConsent(c, consentVerifier, clientId)
  const asked = c.req.method === 'POST' ? await mergedQuery(c, url) : url.search.slice(1)
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
async function mergedQuery(c: Context<AppEnv>, url: URL): Promise<string> {
  const entries = await readFormEntries(c.req.raw)
  const merged = new URLSearchParams([...url.searchParams, ...entries.map(([name, value]) => [name, value])])
  merged.delete('login_verifier')
  merged.delete('consent_verifier')
  return merged.toString()
}
