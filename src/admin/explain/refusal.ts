import { type Explanation, type Found, ID } from './explanation.ts'

/** How much of a description that came in a URL is shown, in characters. */
const MAX_DESCRIPTION = 500

/** The form of an error code, in RFC 6749 and everything that builds on it. */
const CODE = /^[\w.-]{1,100}$/

/**
 * Explains the address at which an application, or an error page of the operator's, got an error; undefined for any
 * other. Anybody can write such an address, so what it says is told as its own words.
 */
export function explainRefusal(parameters: ReadonlyMap<string, string>): Found | undefined {
  const error = parameters.get('error') ?? ''
  if (!CODE.test(error) || parameters.has('client_id')) return undefined
  const said = parameters.get('error_description')?.slice(0, MAX_DESCRIPTION) || error
  const requestId = parameters.get('request_id') ?? ''
  const isId = ID.test(requestId)
  const explanation: Explanation = {
    kind: 'authorization_response',
    state: 'refused',
    cause: `The address says, and anybody can write one: "${said}"`,
    fix: isId
      ? 'The log has more, in the line of the request.'
      : 'Explain the URL of the request that it answers.',
    error,
    request_id: isId ? requestId : undefined,
  }
  return { explanation }
}
