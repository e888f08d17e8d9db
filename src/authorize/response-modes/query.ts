import { redirect, withQuery } from '../../http/location.ts'
import { isFrontChannel } from '../check-response-type.ts'
import type { ResponseMode } from './mode.ts'

/** In the query of the redirect URI, where servers and their logs see it: no tokens (Multiple Response Types section 3). */
export const query: ResponseMode = {
  name: 'query',
  fits: (responseTypes) => !isFrontChannel({ responseTypes }),
  send: (c, { redirectUri }, answer) => redirect(c, withQuery(redirectUri, answer), 303),
}
