import { errorBody, OAuthError } from '../errors/oauth-error.ts'
import { json, NO_STORE } from './json.ts'

/** Seconds a client should wait before it repeats a request that met `temporarily_unavailable`. */
const RETRY_AFTER_SECONDS = 1

/** Anything thrown, as an OAuthError: what is not ours is a `server_error` and shows nothing of itself. */
export function toOAuthError(thrown: unknown): OAuthError {
  return thrown instanceof OAuthError ? thrown : new OAuthError('server_error')
}

/** Renders an error as JSON with its catalogue status; never cached (RFC 6749 section 5.2). */
export function renderError(thrown: unknown): Response {
  const error = toOAuthError(thrown)
  return json(errorBody(error), error.status, {
    'content-type': 'application/json',
    ...NO_STORE,
    ...(error.status === 503 && { 'retry-after': String(RETRY_AFTER_SECONDS) }),
  })
}
