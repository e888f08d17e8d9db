import { type ErrorCode, type Failure, failureOf } from './catalogue.ts'
import { boundedFacts, explain, type Facts, type Reason } from './reasons.ts'

/** What a failure looks like to its receiver: the two members of RFC 6749 section 5.2. */
export interface ErrorBody {
  readonly error: string
  readonly error_description: string
}

/**
 * The one error class. Callers branch on `code`; `hint` says to whoever was refused what was wrong this time, and the
 * log names the reason and its facts. None of them holds a secret.
 */
export class OAuthError extends Error {
  override readonly name = 'OAuthError'
  readonly code: ErrorCode
  readonly reason: Reason
  readonly facts: Facts
  readonly hint: string

  /**
   * @param facts - what the reason's text speaks of
   * @param told - the reason that is told instead, where the true one is for the log only
   */
  constructor(code: ErrorCode, reason: Reason, facts: Facts = {}, told: Reason = reason) {
    super(code)
    this.code = code
    this.facts = boundedFacts(facts)
    this.reason = reason
    this.hint = publicText(told, facts)
  }

  get status(): Failure['status'] {
    return failureOf(this.code).status
  }
}

function publicText(reason: Reason, facts: Facts): string {
  const { text, public: told } = explain(reason, facts)
  return told ? text : ''
}

/** The commonest failure, with what was wrong with the request this time. */
export const invalidRequest = (reason: Reason, facts?: Facts): OAuthError =>
  new OAuthError('invalid_request', reason, facts)

/** The refusal of a code, refresh token or assertion, or of a grant type. */
export const invalidGrant = (reason: Reason, facts?: Facts): OAuthError =>
  new OAuthError('invalid_grant', reason, facts)

/** The refusal of a request whose user has to log in first, or otherwise. */
export const loginRequired = (reason: Reason, facts?: Facts): OAuthError =>
  new OAuthError('login_required', reason, facts)

/** The refusal of what somebody who may decide has denied, or what cannot be decided any more. */
export const accessDenied = (reason: Reason, facts?: Facts): OAuthError =>
  new OAuthError('access_denied', reason, facts)

/** Composes the body of an error: description, a space, the hint; double quotes become single ones (contract 0.3). */
export function errorBody(error: OAuthError): ErrorBody {
  const failure = failureOf(error.code)
  const text = `${failure.description} ${error.hint}`.trim()
  return { error: failure.error, error_description: text.replaceAll('"', "'") }
}
