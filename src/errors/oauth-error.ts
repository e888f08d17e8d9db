import { type ErrorCode, type Failure, failureOf } from './catalogue.ts'
import { boundedFacts, explain, type Facts, type Reason } from './reasons.ts'

/** The body of an error response (RFC 6749 section 5.2). */
export interface ErrorBody {
  readonly error: string
  readonly error_description: string
}

/**
 * The only error class. Callers branch on `code`. `hint` tells the sender of the request what was wrong with it. The
 * log names the reason and its facts. None of them contains a secret.
 */
export class OAuthError extends Error {
  override readonly name = 'OAuthError'
  readonly code: ErrorCode
  readonly reason: Reason
  readonly facts: Facts
  readonly hint: string

  /**
   * @param facts - the values for the braces in the reason's text
   * @param told - the reason for `hint`, if the true reason is for the log only
   */
  constructor(code: ErrorCode, reason: Reason, facts: Facts = {}, told: Reason = reason) {
    super(code)
    this.code = code
    this.facts = boundedFacts(facts)
    this.reason = reason
    this.hint = publicText(told, facts)
  }

  /** The reason, if the sender of the request may know it; else empty. */
  get publicReason(): Reason | '' {
    return explain(this.reason, {}).public ? this.reason : ''
  }

  get status(): Failure['status'] {
    return failureOf(this.code).status
  }
}

function publicText(reason: Reason, facts: Facts): string {
  const { text, public: told } = explain(reason, facts)
  return told ? text : ''
}

/** Returns the error for a bad request. */
export const invalidRequest = (reason: Reason, facts?: Facts): OAuthError =>
  new OAuthError('invalid_request', reason, facts)

/** Returns the error for a bad code, refresh token or assertion, or for a grant type that the client may not use. */
export const invalidGrant = (reason: Reason, facts?: Facts): OAuthError =>
  new OAuthError('invalid_grant', reason, facts)

/** Returns the error for a request whose user must log in first, or in another way. */
export const loginRequired = (reason: Reason, facts?: Facts): OAuthError =>
  new OAuthError('login_required', reason, facts)

/** Returns the error for a request that a user or an app denied, or that can no longer be decided. */
export const accessDenied = (reason: Reason, facts?: Facts): OAuthError =>
  new OAuthError('access_denied', reason, facts)

/** Returns the body of an error: description, space and hint, with single quotes for double quotes (contract 0.3). */
export function errorBody(error: OAuthError): ErrorBody {
  const failure = failureOf(error.code)
  const text = `${failure.description} ${error.hint}`.trim()
  return { error: failure.error, error_description: text.replaceAll('"', "'") }
}
