import { PrefixTree } from './prefix-tree.ts'

/** Matches a scope: no white space, quote, backslash or control character (RFC 6749 section 3.3). */
export const SCOPE_TOKEN = /^[\x21\x23-\x5B\x5D-\x7E]+$/

/** The wildcard segment of a registered scope. */
const ANY = '*'

/**
 * How many scopes of a client may have a wildcard before their last segment: each can add a branch to follow at every
 * requested segment. Further ones are compared literally.
 */
export const MAX_INNER_WILDCARDS = 10

export const hasInnerWildcard = (scope: string): boolean => scope.split('.').slice(0, -1).includes(ANY)

/** Whether a requested value is among the registered ones. */
type Rule = (requested: string) => boolean

/**
 * Returns the rule that decides which scopes a client may have (contract section 3.8). The cost of making it grows with
 * the registered scopes, the cost of applying it with the requested one.
 *
 * @param strategy `exact` compares strings; `wildcard` compares segments between dots, where a registered `*` stands
 * for one segment, or at the end for one or more. A `*` in the requested scope is literal.
 * @param registered the client's scopes.
 */
export function scopeRule(strategy: 'wildcard' | 'exact', registered: readonly string[]): Rule {
  if (strategy === 'exact') {
    const known = new Set(registered)
    return (requested) => known.has(requested)
  }
  const inner = registered.filter(hasInnerWildcard)
  const literal = new Set(inner.slice(MAX_INNER_WILDCARDS))
  const tree = new PrefixTree<'open' | 'closed'>()
  for (const scope of registered) {
    if (literal.has(scope)) continue
    const segments = scope.split('.')
    tree.add(segments, segments.at(-1) === ANY ? 'open' : 'closed')
  }
  const covers = (requested: string): boolean =>
    tree.covers(requested.split('.'), (mark, left) => mark === 'open' || left === 0, ANY)
  return (requested) => literal.has(requested) || covers(requested)
}

const URI = /^(?:([A-Za-z][A-Za-z0-9+.-]*):)?(?:\/\/([^/?#]*))?([^?#]*)/

const AMBIGUOUS = /[?#\\]|%2e|%2f|%5c|(?:^|\/)\.{1,2}(?:\/|$)/i

/**
 * Whether an audience could lead to another path when it is used as an address: it has a dot segment, an encoded dot or
 * slash, a backslash, a query or a fragment. Such an audience is refused, never normalised.
 */
export const isAmbiguousAudience = (audience: string): boolean => AMBIGUOUS.test(audience)

/** What an audience must be, for the message of a refusal. */
export const AUDIENCE_RULE = 'without dot segment, encoded dot or slash, backslash, query and fragment'

/**
 * Returns the rule that decides which audiences a client may have (contract section 3.8). An audience is allowed if it
 * is equal to a registered one, or if it has the same scheme and host, and a path that is equal or continues after a
 * slash, without query, fragment and dot segments. A plain word counts as a path. The costs are those of `scopeRule`.
 *
 * @param registered the client's audiences.
 */
export function audienceRule(registered: readonly string[]): Rule {
  const known = new Set(registered)
  const tree = new PrefixTree<'base'>()
  for (const audience of registered) {
    const base = split(audience)
    if (!isAmbiguousAudience(audience) && canExtend(base))
      tree.add(wordsOf({ ...base, path: withoutEndSlashes(base.path) }), 'base')
  }
  return (requested) =>
    known.has(requested) ||
    (!isAmbiguousAudience(requested) && tree.covers(wordsOf(split(requested)), () => true))
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

const wordsOf = ({ scheme, host, path }: UriParts): readonly string[] => [scheme, host, ...path.split('/')]

/** Whether longer audiences may be below this one. A URN has no hierarchy, so it only equals itself. */
function canExtend({ scheme, host, path }: UriParts): boolean {
  if (host !== '') return true
  return scheme === ''
    ? withoutEndSlashes(path) !== ''
    : path.startsWith('/') && withoutEndSlashes(path) !== ''
}

function withoutEndSlashes(path: string): string {
  let end = path.length
  while (path[end - 1] === '/') end -= 1
  return path.slice(0, end)
}
