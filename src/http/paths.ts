import { addressOf } from './address.ts'

/** The documents whose path may be before the path of the issuer, too (RFC 8414 section 3.1). */
const BEFORE_ISSUER = /^\/\.well-known\/(?:openid-configuration|oauth-authorization-server)(?=\/)/

/**
 * Returns a path without the path of the issuer or the public URL. Without that the path is our own already: a proxy may
 * have removed it.
 *
 * @param prefixes - these paths, without slash at the end
 */
export function ownPath(path: string, prefixes: readonly string[]): string {
  if (prefixes.length === 0) return path
  const collapsed = path.replace(/\/{2,}/g, '/')
  const [document = ''] = BEFORE_ISSUER.exec(collapsed) ?? []
  const rest = collapsed.slice(document.length)
  const prefix = prefixes.find((one) => rest === one || rest.startsWith(`${one}/`))
  if (prefix === undefined) return path
  const below = rest.slice(prefix.length)
  // Nothing comes after the issuer's path there.
  if (document !== '') return below.length > 1 ? path : document
  return below || '/'
}

/** The admin routes that v1 SDKs call without the `/admin` prefix (contract 0.2, 1.2). */
const UNPREFIXED =
  /^\/(?:clients|keys|version|trust|metrics|oauth2\/(?:introspect|flush|tokens|auth\/(?:requests|sessions)))(?:\/|$)/

/** One of them that only DELETE takes; to whoever sends it anything else it is a misspelt token endpoint. */
const TOKENS = '/admin/oauth2/tokens'

/** The form of v1.0-beta, with the challenge before the verdict; the routes here have it last (contract 8.1). */
const VERDICT_LAST = /^(\/admin\/oauth2\/auth\/requests\/(?:login|consent))\/([^/]+)\/(accept|reject)$/

/**
 * Returns the path that a request is routed by. Repeated slashes are collapsed, one trailing slash is dropped, and the
 * admin prefix is added if an older SDK left it out (contract 0.2). `//admin/…` comes from a base URL that ends in a
 * slash.
 */
export function canonicalPath(path: string): string {
  const collapsed = collapse(path)
  const trimmed = collapsed.length > 1 && collapsed.endsWith('/') ? collapsed.slice(0, -1) : collapsed
  const prefixed = UNPREFIXED.test(trimmed) ? `/admin${trimmed}` : trimmed
  return prefixed.replace(VERDICT_LAST, '$1/$3/$2')
}

/** Returns the path that a request is routed by. */
export function routedPath({ url, method }: Pick<Request, 'url' | 'method'>): string {
  const path = pathOf(url)
  const routed = canonicalPath(path)
  if (routed !== TOKENS || method === 'DELETE' || collapse(path).startsWith('/admin/')) return routed
  return routed.slice('/admin'.length)
}

const collapse = (path: string): string => (path.includes('//') ? path.replace(/\/{2,}/g, '/') : path)

const pathOf = (url: string): string => addressOf(url)?.pathname ?? '/'

/** The address of registration in v1's documents (contract 8.1). */
const V1_REGISTRATION = /^\/connect\/register(?:\/|$)/

/** Whether the path of a URL is spelled as in v1: an admin path without the prefix, or v1's address of registration. */
export function isV1Path(url: string): boolean {
  const path = collapse(pathOf(url))
  return UNPREFIXED.test(path) || V1_REGISTRATION.test(path)
}

/**
 * Whether the path of a URL ends in an empty segment. That is all that is left of a name `.`, so a call that would
 * otherwise be about the whole must not take it for no name.
 */
export function endsInSlash(url: string): boolean {
  const path = pathOf(url)
  return path.endsWith('/') && /[^/]/.test(path)
}
