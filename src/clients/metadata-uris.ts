import { OAuthError } from '../errors/oauth-error.ts'

/** An absolute URI without fragment (RFC 3986 section 4.3), white space, or backslash, which parsers read differently. */
const ABSOLUTE = /^[A-Za-z][A-Za-z0-9+.-]*:[^\s#\\]+$/
const HTTP = /^https?:/i

/** Schemes that make a browser run or show the redirect itself instead of handing it to a client. */
const ACTIVE = /^(?:javascript|data|vbscript|about|blob|view-source|filesystem|file):/i

/** Checks redirect URIs (RFC 6749 section 3.1.2); throws `invalid_redirect_uri`. */
export function checkRedirectUris(uris: readonly string[]): void {
  for (const [index, uri] of uris.entries()) {
    if (!isAbsolute(uri) || ACTIVE.test(uri)) {
      throw new OAuthError(
        'invalid_redirect_uri',
        `Entry ${index} of 'redirect_uris' must be an absolute URI without a fragment.`,
      )
    }
  }
}

/** Checks that scheme, host and port of each post-logout URI are those of a redirect URI; throws `invalid_client_metadata`. */
export function checkPostLogoutUris(uris: readonly string[], redirectUris: readonly string[]): void {
  const places = new Set(redirectUris.map(placeOf))
  for (const [index, uri] of uris.entries()) {
    if (!isAbsolute(uri) || ACTIVE.test(uri) || !places.has(placeOf(uri))) {
      const field = `Entry ${index} of 'post_logout_redirect_uris'`
      throw new OAuthError(
        'invalid_client_metadata',
        `${field} must have the scheme, host and port of a redirect URI.`,
      )
    }
  }
}

/** Checks that a field, unless empty, is an http or https URL; throws `invalid_client_metadata`. */
export function checkHttpUrl(field: string, url: string): void {
  if (url === '' || (HTTP.test(url) && URL.canParse(url) && !/\s/.test(url))) return
  throw new OAuthError('invalid_client_metadata', `Field '${field}' must be an http or https URL.`)
}

/** CORS origins without a trailing slash; throws `invalid_client_metadata` for what is more than an http(s) origin. */
export function readCorsOrigins(origins: readonly string[]): readonly string[] {
  return origins.map((origin, index) => {
    const trimmed = origin.replace(/\/$/, '')
    if (/^https?:\/\/[^/?#@\\\s]+$/i.test(trimmed) && URL.canParse(trimmed)) return trimmed
    const field = `Entry ${index} of 'allowed_cors_origins'`
    throw new OAuthError(
      'invalid_client_metadata',
      `${field} must be an http or https origin without path, query or user.`,
    )
  })
}

function isAbsolute(uri: string): boolean {
  return ABSOLUTE.test(uri) && URL.canParse(uri) && (!HTTP.test(uri) || /^https?:\/\/[^/]/i.test(uri))
}

function placeOf(uri: string): string {
  const { protocol, hostname, port } = new URL(uri)
  return `${protocol}//${hostname}:${port}`
}
