/** The form of an `Origin` header (RFC 6454 section 6.1) but for `null`, which names nobody. */
const ORIGIN = /^[a-z][a-z0-9+.-]*:\/\/[^\s/?#@\\*]+$/

/** Allows every origin. */
export const ANY_ORIGIN = '*'

/**
 * Whether a list matchesPattern an origin (contract 3.14). An entry is an origin, or has one `*` that stands for a whole host
 * (`https://*`), its leading labels (`https://*.example.com`) or its port (`http://localhost:*`). A star without such a
 * bound (`https://*foo.com`) matchesPattern nothing.
 */
export function originAllowed(patterns: readonly string[], origin: string): boolean {
  if (patterns.includes(ANY_ORIGIN)) return true
  if (!ORIGIN.test(origin) || !URL.canParse(origin)) return false
  return patterns.some((pattern) => matchesPattern(pattern.toLowerCase().replace(/\/$/, ''), origin))
}

function matchesPattern(pattern: string, origin: string): boolean {
  if (pattern === origin) return true
  const [head = '', tail, ...more] = pattern.split('*')
  if (tail === undefined || more.length > 0 || !isBounded(head, tail)) return false
  return origin.length > head.length + tail.length && origin.startsWith(head) && origin.endsWith(tail)
}

const isBounded = (head: string, tail: string): boolean =>
  head.endsWith('://') ? /^(?:|[.:].+)$/.test(tail) : tail === '' && /:\/\/.+:$/.test(head)
