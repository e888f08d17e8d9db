import { type Explanation, type Found, filled } from './explanation.ts'

/** How much of a description that came in a URL is shown, in characters. */
const MAX_DESCRIPTION = 500

/**
 * Explains the address at which an application, or an error page of the operator's, got an error; undefined for any
 * other. Anybody can write such an address: it is told as it stands.
 */
export function explainRefusal(parameters: ReadonlyMap<string, string>): Found | undefined {
  const error = parameters.get('error')
  if (!error || parameters.has('client_id')) return undefined
  const requestId = filled(parameters.get('request_id'))
  const description = filled(parameters.get('error_description')?.slice(0, MAX_DESCRIPTION))
  const explanation: Explanation = {
    kind: 'authorization_response',
    state: 'refused',
    cause: description ?? `The error is '${error}'.`,
    fix:
      requestId === undefined
        ? 'Explain the URL of the request that it answers.'
        : 'The log has more, in the line of the request.',
    error,
    request_id: requestId,
  }
  return { explanation }
}
