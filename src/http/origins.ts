/** The form of an `Origin` header (RFC 6454 section 6.1), except `null`, which names no origin. */
const ORIGIN = /^[a-z][a-z0-9+.-]*:\/\/[^\s/?#@\\*]+$/

/** The entry of a list that allows every origin. */
export const ANY_ORIGIN = '*'

/**
 * Whether a list allows an origin (contract 3.14). An entry is an origin, or has one `*` that stands for a whole host
 * (`https://*`), its leading labels (`https://*.example.com`) or its port (`http://localhost:*`). An entry with a star
 * anywhere else (`https://*foo.com`) matches nothing.
 */
export function originAllowed(patterns: readonly string[], origin: string): boolean {
  if (patterns.includes(ANY_ORIGIN)) return true
  if (!ORIGIN.test(origin) || !URL.canParse(origin)) return false
  return patterns.some((pattern) => matchesPattern(pattern.toLowerCase().replace(/\/$/, ''), origin))
}

/** Whether an entry of a list, with a `*` or without, can match any origin at all. */
export function originCanMatch(pattern: string): boolean {
  const [head = '', tail, ...more] = pattern.split('*')
  return tail === undefined || (more.length === 0 && isBounded(head, tail))
}

function matchesPattern(pattern: string, origin: string): boolean {
  if (pattern === origin) return true
  const [head = '', tail] = pattern.split('*')
  if (tail === undefined || !originCanMatch(pattern)) return false
  return origin.length > head.length + tail.length && origin.startsWith(head) && origin.endsWith(tail)
}

const isBounded = (head: string, tail: string): boolean =>
  head.endsWith('://') ? /^(?:|[.:].+)$/.test(tail) : tail === '' && /:\/\/.+:$/.test(head)
