import type { ErrorCode } from './catalogue.ts'
import { OAuthError } from './oauth-error.ts'

/** What becomes of a failure of some codes: another failure, which is thrown, or an answer. */
type Cases<Answer> = {
  readonly [Code in ErrorCode]?: (failure: OAuthError) => Answer | OAuthError
}

/**
 * What a promise rejects with, as its caller is to see it: `work.catch(as({ malformed_body: () => invalidRequest() }))`.
 * A failure of a code that is not named, and whatever is no failure of ours, passes as it is.
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
