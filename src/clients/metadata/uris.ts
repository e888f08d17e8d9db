import type { ErrorCode } from '../../errors/catalogue.ts'
import { OAuthError } from '../../errors/oauth-error.ts'
import type { ClientMetadata } from '../../store/types.ts'
import { isLoopbackHost } from '../../util/loopback.ts'
import { canonicalOrigin } from '../../util/origin.ts'
import { AUDIENCE_RULE, isAmbiguousAudience } from '../../util/scope.ts'
import type { Doubt } from './doubt.ts'

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

/** Checks audiences; throws `invalid_client_metadata` for one that could be taken for another. */
export const checkAudience = (audience: readonly string[]): void =>
  checkEach('audience', audience, (value) => !isAmbiguousAudience(value), `must be ${AUDIENCE_RULE}`)

/**
 * Reads CORS origins in the form in which browsers send them; throws `invalid_client_metadata` for anything but http(s)
 * origins.
 */
export function readCorsOrigins(given: readonly string[]): readonly string[] {
  const origins = given.map((origin) => (HTTP.test(origin) ? canonicalOrigin(origin) : undefined))
  const rule = 'must be an http or https origin without path, query or user'
  checkEach('allowed_cors_origins', origins, (origin) => origin !== undefined, rule)
  return origins.filter((origin) => origin !== undefined)
}

/**
 * Finds redirect URIs that the `application_type` does not allow, where one was given. A web application that gets
 * tokens from the authorization endpoint needs https and a host other than this machine (OIDC Registration section 2),
 * a native one may have http on this machine alone. Its https URIs are claimed by the application (RFC 8252 section 7).
 *
 * @param loopback - whether this is a development server, whose web applications are on this machine too
 */
export function redirectDoubt(
  { application_type: type, redirect_uris: uris, grant_types: grants }: ClientMetadata,
  loopback: boolean,
): readonly Doubt[] {
  if (type === undefined) return []
  const urls = (uris ?? []).map((uri) => new URL(uri))
  const isLocal = ({ hostname }: URL): boolean => isLoopbackHost(hostname)
  const isWeb = ({ protocol, hostname }: URL): boolean =>
    loopback || (protocol === 'https:' && !isLoopbackHost(hostname))
  if (type === 'native' && urls.some((url) => url.protocol === 'http:' && !isLocal(url)))
    return [
      { field: 'redirect_uris', problem: "of a native application may have 'http' on this machine alone" },
    ]
  if (type === 'web' && grants?.includes('implicit') && !urls.every(isWeb))
    return [
      {
        field: 'redirect_uris',
        problem: "of a web application with grant type implicit must have 'https' and no local host",
      },
    ]
  return []
}

/**
 * Finds a front-channel logout URI that has not the scheme, host and port of a redirect URI (OIDC Front-Channel Logout
 * 1.0 section 2).
 */
export function frontChannelDoubt({
  frontchannel_logout_uri: uri,
  redirect_uris: redirectUris,
}: ClientMetadata): readonly Doubt[] {
  if (uri === '' || isAtRedirectUri(uri, redirectUris)) return []
  return [
    { field: 'frontchannel_logout_uri', problem: 'must have the scheme, host and port of a redirect URI' },
  ]
}

/** Whether a URI has the scheme, host and port of a redirect URI. */
export const isAtRedirectUri = (uri: string, redirectUris: readonly string[] | null): boolean =>
  (redirectUris ?? []).map(placeOf).includes(placeOf(uri))

function checkEach<T>(
  field: string,
  uris: readonly T[],
  fits: (uri: T) => boolean,
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
