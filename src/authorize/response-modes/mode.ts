import type { Context } from 'hono'
import type { AppEnv } from '../../context.ts'
import type { UrlParameters } from '../../http/location.ts'
import type { Target } from '../request.ts'

/**
 * One way for an answer to reach the client (OAuth 2.0 Multiple Response Type Encoding Practices, section 2.1). It only
 * carries: what belongs into every answer is there already, and nothing of an earlier one is in the redirect URI.
 */
export interface ResponseMode {
  /** The value of `response_mode`. */
  readonly name: string
  /** Whether what such a request is answered with may go this way. */
  fits(responseTypes: readonly string[]): boolean
  send(c: Context<AppEnv>, target: Target, answer: UrlParameters): Response | Promise<Response>
}
