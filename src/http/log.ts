/** Fields of a log line: identifiers and outcomes only, never a token, code, secret or cookie. */
export type LogFields = Readonly<Record<string, string | number | boolean | null | readonly string[]>>

/** What a request's own line says; `route` is the route's pattern, so neither ids nor query strings get in. */
export interface RequestLine {
  readonly request_id: string
  readonly method: string
  readonly route: string
  readonly status: number
  readonly client_id: string | null
  readonly duration_ms: number
}

/**
 * Shape of everything sealed or signed: two long base64url parts around a dot. It is looked for where a part begins and
 * nowhere within, so that a long part is read once.
 */
const SEALED = /(?<![A-Za-z0-9_-])[A-Za-z0-9_-]{20,}\.[A-Za-z0-9_-]{20,}/g

/** Most characters of a text, and most texts of a list, that are logged. */
const MAX_TEXT = 512
const MAX_TEXTS = 100

/**
 * Writes one structured line: JSON with `kind` first. Texts that look like an envelope or a JWT are struck out, so a
 * mistake in a caller does not put a working token into a log (design section 6).
 *
 * @param kind - what happened, such as `request` or an audit event
 */
export function logLine(kind: string, fields: LogFields): void {
  const entries = Object.entries(fields).map(([name, value]) => [name, scrub(value)])
  console.log(JSON.stringify({ kind, ...Object.fromEntries(entries) }))
}

/** The fields of a request's line; whatever follows a `?` in the route is dropped. */
export const requestFields = (line: RequestLine): LogFields => ({
  ...line,
  route: line.route.replace(/[?#].*$/s, ''),
})

function scrub(value: LogFields[string]): LogFields[string] {
  if (typeof value === 'string') return scrubText(value)
  return typeof value === 'object' && value !== null ? value.slice(0, MAX_TEXTS).map(scrubText) : value
}

/** Cuts first: a text may be as long as a stranger likes. */
const scrubText = (text: string): string => text.slice(0, MAX_TEXT).replace(SEALED, '[sealed]')
