import { redirect, withFragment } from '../../http/location.ts'
import type { ResponseMode } from './mode.ts'

/**
 * The answer is in the fragment of the redirect URI, which the browser does not send to the server (Multiple Response
 * Types section 2.1).
 */
export const fragment: ResponseMode = {
  name: 'fragment',
  fits: () => true,
  send: (c, { redirectUri }, answer) => redirect(c, withFragment(redirectUri, answer), 303),
}
