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
    ...(error.status === 503 && { 'retry-after': String(RETRY_AFTER_SECONDS) }),
  })
}
