import { errorBody, OAuthError } from '../errors/oauth-error.ts'
import { json, NO_STORE } from './json.ts'

/** How long a client should wait before it repeats a request that was answered with status 503, seconds. */
const RETRY_AFTER_SECONDS = 1

/** Converts anything thrown to an OAuthError. Any other error becomes a `server_error` that reveals nothing of it. */
export function toOAuthError(thrown: unknown): OAuthError {
  return thrown instanceof OAuthError ? thrown : new OAuthError('server_error', 'unexpected')
}

/** Returns the JSON response for an error, with its status in the catalogue. Never cached (RFC 6749 section 5.2). */
export function renderError(thrown: unknown): Response {
  const error = toOAuthError(thrown)
  return json(errorBody(error), error.status, {
    'content-type': 'application/json',
    ...NO_STORE,
    ...retryAfter(error),
  })
}

/**
 * Returns the header that says when to ask again (RFC 9110 section 10.2.3). Whoever sent too many requests waits as long
 * as the reason says (RFC 6585 section 4).
 */
export function retryAfter({ status, facts }: OAuthError): Readonly<Record<string, string>> {
  if (status !== 503 && status !== 429) return {}
  return { 'retry-after': String(status === 429 ? facts['seconds'] : RETRY_AFTER_SECONDS) }
}
