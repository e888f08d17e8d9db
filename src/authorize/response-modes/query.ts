import { redirect, withQuery } from '../../http/location.ts'
import { isFrontChannel } from '../check-response-type.ts'
import type { ResponseMode } from './mode.ts'

/**
 * The answer is in the query of the redirect URI. Servers and their logs see it, so it carries no tokens (Multiple
 * Response Types section 3).
 */
export const query: ResponseMode = {
  name: 'query',
  fits: (responseTypes) => !isFrontChannel({ responseTypes }),
  send: (c, { redirectUri }, answer) => redirect(c, withQuery(redirectUri, answer), 303),
}
