import type { ErrorCode } from '../../errors/catalogue.ts'
import { OAuthError } from '../../errors/oauth-error.ts'

/** An absolute URI (RFC 3986 section 4.3) without fragment, white space, or backslash; parsers disagree about these. */
const ABSOLUTE = /^[A-Za-z][A-Za-z0-9+.-]*:[^\s#\\]+$/
const HTTP = /^https?:/i

/** Schemes that make a browser run or show the redirect itself instead of giving it to a client. */
const ACTIVE = /^(?:javascript|data|vbscript|about|blob|view-source|filesystem|file):/i

/** Checks redirect URIs (RFC 6749 section 3.1.2); throws `invalid_redirect_uri`. */
export function checkRedirectUris(uris: readonly string[]): void {
  const rule = 'must be an absolute URI without a fragment'
  checkEach('redirect_uris', uris, isAbsolute, rule, 'invalid_redirect_uri')
}

/**
 * Checks that scheme, host and port of each post-logout URI occur in a redirect URI; throws `invalid_client_metadata`.
 */
export function checkPostLogoutUris(uris: readonly string[], redirectUris: readonly string[]): void {
  const places = new Set(redirectUris.map(placeOf))
  const fits = (uri: string): boolean => isAbsolute(uri) && places.has(placeOf(uri))
  checkEach('post_logout_redirect_uris', uris, fits, 'must have the scheme, host and port of a redirect URI')
}

/**
 * Reads CORS origins, and removes trailing slashes; throws `invalid_client_metadata` for anything but http(s) origins.
 */
export function readCorsOrigins(given: readonly string[]): readonly string[] {
  const origins = given.map((origin) => origin.replace(/\/$/, ''))
  const fits = (origin: string): boolean => /^https?:\/\/[^/?#@\\\s]+$/i.test(origin) && URL.canParse(origin)
  const rule = 'must be an http or https origin without path, query or user'
  checkEach('allowed_cors_origins', origins, fits, rule)
  return origins
}

function checkEach(
  field: string,
  uris: readonly string[],
  fits: (uri: string) => boolean,
  problem: string,
  code: ErrorCode = 'invalid_client_metadata',
): void {
  const index = uris.findIndex((uri) => !fits(uri))
  if (index !== -1) throw new OAuthError(code, 'entry_unusable', { field, index, problem })
}

function isAbsolute(uri: string): boolean {
  if (!ABSOLUTE.test(uri) || ACTIVE.test(uri) || !URL.canParse(uri)) return false
  return !HTTP.test(uri) || /^https?:\/\/[^/]/i.test(uri)
}

function placeOf(uri: string): string {
  const { protocol, host } = new URL(uri)
  return `${protocol}//${host}`
}
