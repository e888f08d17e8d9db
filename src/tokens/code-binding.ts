import { invalidGrant } from '../errors/oauth-error.ts'
import { toBase64url } from '../util/base64url.ts'
import { constantTimeEqual, sha256 } from '../util/digest.ts'

/** Digest (128 bits) of the redirect URI of an authorization request, for its code; null if the request had none. */
export function redirectUriDigest(redirectUri: string | undefined): string | null {
  return redirectUri === undefined ? null : toBase64url(sha256(redirectUri).subarray(0, 16))
}

/**
 * Checks that a redirect URI of the authorization request is repeated exactly (RFC 6749 section 4.1.3). Throws
 * `invalid_grant`.
 */
export function checkRedirectUriAgain(expected: string | null, presented: string | undefined): void {
  if (expected === null || expected === redirectUriDigest(presented)) return
  throw invalidGrant('redirect_uri_differs')
}

/**
 * Verifies PKCE (RFC 7636 section 4.6): challenge and verifier must match, or both be missing. Throws `invalid_grant`.
 */
export function checkCodeVerifier(challenge: string | null, verifier: string | undefined): void {
  if (challenge === null && verifier === undefined) return
  if (challenge === null) throw invalidGrant('verifier_unexpected')
  if (verifier === undefined) throw invalidGrant('verifier_missing')
  if (!/^[A-Za-z0-9\-._~]{43,128}$/.test(verifier)) {
    throw invalidGrant('verifier_malformed')
  }
  if (!constantTimeEqual(toBase64url(sha256(verifier)), challenge)) {
    throw invalidGrant('verifier_differs')
  }
}
