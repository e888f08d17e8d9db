/** Wildcard segment of a registered scope. */
const ANY = '*'

/**
 * Whether a client may have a scope (contract section 3.8).
 * @param strategy `exact` compares strings; `wildcard` compares segments between dots, where a registered `*` stands
 * for one segment, or for one and more at the end. What is requested is always literal.
 * @param registered the client's scopes.
 * @param requested one scope.
 */
export function scopeAllowed(
  strategy: 'wildcard' | 'exact',
  registered: readonly string[],
  requested: string,
): boolean {
  if (strategy === 'exact') return registered.includes(requested)
  const segments = requested.split('.')
  return registered.some((scope) => covers(scope.split('.'), segments))
}

function covers(pattern: readonly string[], segments: readonly string[]): boolean {
  const open = pattern.at(-1) === ANY
  if (open ? segments.length < pattern.length : segments.length !== pattern.length) return false
  return pattern.every((part, at) => (part === ANY ? segments[at] !== '' : part === segments[at]))
}

const URI = /^(?:([A-Za-z][A-Za-z0-9+.-]*):)?(?:\/\/([^/?#]*))?([^?#]*)/

/** What makes a path mean another one to whoever reads it as an address: refused, never normalised. */
const AMBIGUOUS = /[?#\\]|%2e|%2f|%5c|(?:^|\/)\.{1,2}(?:\/|$)/i

/**
 * Whether a client may have an audience (contract section 3.8): equal to a registered one, or of the same scheme
 * and host with a path that is equal or goes on after a slash, without query, fragment and dot segments. A plain word
 * counts as a path.
 * @param registered the client's audiences.
 * @param requested one audience.
 */
export function audienceAllowed(registered: readonly string[], requested: string): boolean {
  if (registered.includes(requested)) return true
  if (AMBIGUOUS.test(requested)) return false
  const wanted = split(requested)
  return registered.some((audience) => !AMBIGUOUS.test(audience) && extendsUri(split(audience), wanted))
}

interface UriParts {
  readonly scheme: string
  readonly host: string
  readonly path: string
}

function split(uri: string): UriParts {
  const [, scheme = '', host = '', path = ''] = URI.exec(uri) ?? []
  return { scheme: scheme.toLowerCase(), host, path }
}

function extendsUri(base: UriParts, wanted: UriParts): boolean {
  if (base.scheme !== wanted.scheme || base.host !== wanted.host) return false
  // A URN has no hierarchy to extend: only equality counts for it.
  if (base.scheme !== '' && base.host === '' && !base.path.startsWith('/')) return false
  const path = base.path.replace(/\/+$/, '')
  if (path === '' && base.host === '') return false
  return wanted.path === base.path || wanted.path === path || wanted.path.startsWith(`${path}/`)
}
