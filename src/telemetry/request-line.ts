import { inWords, OAuthError } from '../errors/oauth-error.ts'
import type { LogFields } from '../http/log.ts'

/** Errors that belong to the ordinary course of a flow: a device is told so at every poll (RFC 8628 section 3.5). */
const ROUTINE: ReadonlySet<string> = new Set(['authorization_pending'])

/** Hexadecimal digits of a request's id that decide about its line: 32 random bits. */
const DIGITS = 8

/**
 * Whether the line of a request is written: always if it failed, or else at a rate. The request's id decides, so the
 * same request has a line or has none wherever it is asked.
 *
 * @param rate - the share of the requests without failure, 0 to 1
 * @param failed - whether the request was refused, failed or was warned of
 */
export const isLogged = (requestId: string, rate: number, failed: boolean): boolean =>
  failed || Number.parseInt(requestId.slice(0, DIGITS), 16) < rate * 16 ** DIGITS

/** Whether an answer tells of trouble that somebody may look for in the log. */
export function isFailure(status: number, thrown: Error | undefined): boolean {
  if (thrown instanceof OAuthError && ROUTINE.has(thrown.code)) return false
  return status >= 400 || thrown !== undefined
}

/**
 * Log fields of a failure: code, reason and facts, and in words why, if the answer must not say that. The message of a
 * foreign error is left out, because it could contain anything.
 */
export function failureFields(thrown: Error | undefined): LogFields {
  if (thrown === undefined) return {}
  if (!(thrown instanceof OAuthError))
    return {
      error: 'server_error',
      reason: 'unexpected',
      why: inWords('unexpected', {}),
      thrown: thrown.name,
    }
  const facts = Object.entries(thrown.facts).map(([name, fact]) => `${name}=${fact}`)
  return {
    error: thrown.code,
    reason: thrown.reason,
    ...(facts.length > 0 && { facts }),
    ...(thrown.told !== thrown.reason && { why: inWords(thrown.reason, thrown.facts) }),
  }
}
