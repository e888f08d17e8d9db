import type { Context } from 'hono'
import type { AppEnv } from '../../context.ts'
import type { UrlParameters } from '../../http/location.ts'
import type { Target } from '../request.ts'

/**
 * One way to send an answer to the client (OAuth 2.0 Multiple Response Type Encoding Practices, section 2.1). A mode
 * only carries the parameters: the common ones are already added, and those of an earlier answer are already removed
 * from the redirect URI.
 */
export interface ResponseMode {
  /** The value of `response_mode`. */
  readonly name: string
  /** Whether this mode may carry the answer to these response types. */
  fits(responseTypes: readonly string[]): boolean
  send(c: Context<AppEnv>, target: Target, answer: UrlParameters): Response | Promise<Response>
}
