import { OAuthError } from '../errors/oauth-error.ts'
import { renderError } from '../http/error-response.ts'
import { logLine, requestFields } from '../http/log.ts'
import { failureFields } from './request-line.ts'

/**
 * Answers a request with status 503 that came while the settings could not be read: there is no context for it, which
 * else answers and writes the line.
 *
 * @param thrown - why they could not; of anything but our own errors only the name is logged
 */
export function answerUnsettled({ method }: Request, thrown: unknown): Response {
  const late = new OAuthError('temporarily_unavailable', 'load_slow')
  const error = thrown instanceof OAuthError && thrown.status === late.status ? thrown : late
  const response = renderError(error)
  const requestId = crypto.randomUUID()
  response.headers.set('x-content-type-options', 'nosniff')
  response.headers.set('x-request-id', requestId)
  const line = { request_id: requestId, method, route: '*', status: error.status, client_id: null }
  logLine('request', {
    ...requestFields({ ...line, duration_ms: 0 }),
    ...failureFields(error),
    ...(thrown !== error && thrown instanceof Error && { thrown: thrown.name }),
  })
  return response
}
