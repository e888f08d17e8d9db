import { nearest } from '../util/nearest.ts'

/** Longer paths, and paths of more segments, are compared with none. */
const MAX_LENGTH = 100
const MAX_SEGMENTS = 8

/** What other servers call the endpoints that have another name here. */
const ELSEWHERE: Readonly<Record<string, string>> = {
  authorize: '/oauth2/auth',
  jwks: '/.well-known/jwks.json',
  certs: '/.well-known/jwks.json',
}

/**
 * Returns the path of an endpoint that was probably meant by one that no endpoint has: the nearest by letters, or the
 * one with the same last segment. Parameters are in braces, so that nothing of the request is repeated.
 *
 * @param patterns - the paths of all endpoints in Hono's notation
 */
export function nearPath(patterns: readonly string[], path: string): string | undefined {
  const segments = path.split('/')
  if (path.length > MAX_LENGTH || segments.length > MAX_SEGMENTS) return undefined
  const filled = new Map(patterns.flatMap(spelled).flatMap((pattern) => fill(pattern, segments)))
  const meant = filled.get(nearest(path, filled.keys()) ?? '') ?? byLastSegment(patterns, segments)
  return meant?.replace(/\/:(\w+)/g, '/{$1}')
}

/** The forms of a pattern whose last parameter may be left out. */
const spelled = (pattern: string): readonly string[] => {
  const [, whole = pattern, shorter] = /^((.*)\/:\w+)\?$/.exec(pattern) ?? []
  return shorter === undefined ? [whole] : [whole, shorter]
}

/** Returns the pattern under the path that it has with the parameters of the request, if their lengths are the same. */
function fill(pattern: string, segments: readonly string[]): readonly (readonly [string, string])[] {
  const own = pattern.split('/')
  if (own.length !== segments.length) return []
  return [[own.map((part, at) => (part.startsWith(':') ? segments[at] : part)).join('/'), pattern]]
}

function byLastSegment(patterns: readonly string[], segments: readonly string[]): string | undefined {
  const last = segments.at(-1) ?? ''
  if (last === '') return undefined
  if (Object.hasOwn(ELSEWHERE, last)) return ELSEWHERE[last]
  return patterns.find((pattern) => pattern.endsWith(`/${last}`) || pattern.endsWith(`/${last}.json`))
}
