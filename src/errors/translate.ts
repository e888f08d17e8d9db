import type { ErrorCode } from './catalogue.ts'
import { OAuthError } from './oauth-error.ts'

/** By error code, what replaces an error: another error, which is thrown, or an answer, which is returned. */
type Cases<Answer> = {
  readonly [Code in ErrorCode]?: (failure: OAuthError) => Answer | OAuthError
}

/**
 * Returns a handler that replaces errors of some codes and throws any other error again:
 * `work.catch(as({ malformed_body: () => invalidRequest() }))`.
 */
export const as =
  <Answer = never>(cases: Cases<Answer>) =>
  (thrown: unknown): Answer => {
    const translate = thrown instanceof OAuthError ? cases[thrown.code] : undefined
    if (translate === undefined || !(thrown instanceof OAuthError)) throw thrown
    const outcome = translate(thrown)
    if (outcome instanceof OAuthError) throw outcome
    return outcome
  }
