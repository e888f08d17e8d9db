import { type ErrorCode, type Failure, failureOf } from './catalogue.ts'
import { boundedFacts, explain, type Facts, type Reason, templateOf } from './reasons.ts'

/** The body of an error response (RFC 6749 section 5.2). */
export interface ErrorBody {
  readonly error: string
  readonly error_description: string
}

/**
 * The only error class. Callers branch on `code`. `hint` tells the sender of the request what was wrong with it and what
 * to do. The log names the reason and its facts. None of them contains a secret.
 */
export class OAuthError extends Error {
  override readonly name = 'OAuthError'
  readonly code: ErrorCode
  readonly reason: Reason
  readonly facts: Facts
  /** The reason that the sender of the request may read; null if that is for others. */
  readonly told: Reason | null
  readonly hint: string

  /**
   * @param facts - the values for the braces in the reason's words
   * @param told - the reason for `hint`: by default the true one, if anyone may read it
   */
  constructor(code: ErrorCode, reason: Reason, facts: Facts = {}, told: Reason | null = toldOf(reason)) {
    super(code)
    this.code = code
    this.facts = boundedFacts(facts)
    this.reason = reason
    this.told = told
    this.hint = told === null ? '' : inWords(told, this.facts)
  }

  /** The reason that the sender of the request may read; empty if that is for others. */
  get publicReason(): Reason | '' {
    return this.told ?? ''
  }

  get status(): Failure['status'] {
    return failureOf(this.code).status
  }
}

/** Returns a reason if anyone may read it, else null. */
export const toldOf = (reason: Reason): Reason | null =>
  templateOf(reason).reader === 'anyone' ? reason : null

/** Returns what was wrong and what to do about it, in words. */
export function inWords(reason: Reason, facts: Facts): string {
  const { text, fix } = explain(reason, facts)
  return `${text} ${fix}`
}

/** Returns an error as a client that authenticated may read it: with what is for clients. */
export function asToldToClient(error: OAuthError): OAuthError {
  if (error.told !== null || templateOf(error.reason).reader !== 'client') return error
  return new OAuthError(error.code, error.reason, error.facts, error.reason)
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

/** What a description may not hold (RFC 6749 section 5.2). Double quotes become single ones before (contract 0.3). */
const UNTELLABLE = /[^\x20\x21\x23-\x5b\x5d-\x7e]/gu

/** Returns the body of an error. Its description is cause, fix, and the sentence of the code (contract 0.3). */
export function errorBody(error: OAuthError): ErrorBody {
  const failure = failureOf(error.code)
  const text = `${error.hint} ${failure.description}`.trim()
  return {
    error: failure.error,
    error_description: text.replaceAll('"', "'").replace(UNTELLABLE, '?'),
  }
}
