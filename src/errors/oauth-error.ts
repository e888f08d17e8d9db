import { type ErrorCode, type Failure, failureOf } from './catalogue.ts'

/** What a failure looks like to its receiver: the two members of RFC 6749 section 5.2. */
export interface ErrorBody {
  readonly error: string
  readonly error_description: string
}

/** The one error class. Callers branch on `code`; `hint` says what was wrong this time and never holds a secret. */
export class OAuthError extends Error {
  override readonly name = 'OAuthError'
  readonly code: ErrorCode
  readonly hint: string

  constructor(code: ErrorCode, hint = '') {
    super(code)
    this.code = code
    this.hint = hint
  }

  get status(): Failure['status'] {
    return failureOf(this.code).status
  }
}

/** The commonest failure, with what was wrong with the request this time. */
export const invalidRequest = (hint: string): OAuthError => new OAuthError('invalid_request', hint)

/** The refusal of a code, refresh token or assertion, or of a grant type. */
export const invalidGrant = (hint?: string): OAuthError => new OAuthError('invalid_grant', hint)

/** The refusal of a request whose user has to log in first, or otherwise. */
export const loginRequired = (hint?: string): OAuthError => new OAuthError('login_required', hint)

/** The refusal of what somebody who may decide has denied, or what cannot be decided any more. */
export const accessDenied = (hint: string): OAuthError => new OAuthError('access_denied', hint)

/** Composes the body of an error: description, a space, the hint; double quotes become single ones (contract 0.3). */
export function errorBody(error: OAuthError): ErrorBody {
  const failure = failureOf(error.code)
  const text = `${failure.description} ${error.hint}`.trim()
  return { error: failure.error, error_description: text.replaceAll('"', "'") }
}
