/** The fields of a log line: identifiers and outcomes, never a token, code, secret or cookie. */
export type LogFields = Readonly<Record<string, string | number | boolean | null | readonly string[]>>

/** The log line of a request. */
export interface RequestLine {
  readonly request_id: string
  readonly method: string
  /** The pattern of the route, which contains neither ids nor a query. */
  readonly route: string
  readonly status: number
  readonly client_id: string | null
  readonly duration_ms: number
}

/**
 * Matches envelopes and JWTs: two long base64url parts around a dot. The look-behind starts a match only at the
 * beginning of a part, so a long part is read once.
 */
const SEALED = /(?<![A-Za-z0-9_-])[A-Za-z0-9_-]{20,}\.[A-Za-z0-9_-]{20,}/g

/** The shortest text that `SEALED` matches, in characters. */
const MIN_SEALED = 41

/** Longest text that is logged, in characters. Longer ones are cut. */
const MAX_TEXT = 512
/** The largest number of texts of a list that are logged. */
const MAX_TEXTS = 100

/**
 * Writes one log line: JSON with `kind` first. Parts of texts that look like an envelope or a JWT are replaced, so a
 * caller's mistake does not write a valid token into the log (design section 6).
 *
 * @param kind - the event, such as `request`
 */
export function logLine(kind: string, fields: LogFields): void {
  console.log(JSON.stringify({ kind, ...scrubbed(fields) }))
}

/**
 * Returns fields as they are logged.
 *
 * @param most - the largest number of texts of a list
 */
export function scrubbed(fields: LogFields, most = MAX_TEXTS): LogFields {
  const shown: Record<string, LogFields[string]> = {}
  for (const name in fields) shown[name] = scrub(fields[name] ?? null, most)
  return shown
}

/** Returns the fields of a request's log line. A query in the route is dropped. */
export const requestFields = (line: RequestLine): LogFields => ({
  ...line,
  route: line.route.replace(/[?#].*$/s, ''),
})

function scrub(value: LogFields[string], most: number): LogFields[string] {
  if (typeof value === 'string') return scrubText(value)
  return typeof value === 'object' && value !== null ? value.slice(0, most).map(scrubText) : value
}

/** Cuts the text before it searches it, since a stranger may have sent it. */
const scrubText = (text: string): string =>
  text.length < MIN_SEALED ? text : text.slice(0, MAX_TEXT).replace(SEALED, '[sealed]')
