/** Formats seconds since the epoch as an RFC 3339 time in UTC, with whole seconds and `Z`. */
export const rfc3339 = (seconds: number): string => `${new Date(seconds * 1000).toISOString().slice(0, 19)}Z`

const INSTANT = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)$/i

/** Parses an RFC 3339 time into milliseconds since the epoch; `undefined` for any other text. */
export function parseRfc3339Ms(text: string): number | undefined {
  const ms = INSTANT.test(text) ? Date.parse(text.toUpperCase()) : Number.NaN
  return Number.isNaN(ms) ? undefined : ms
}

/** Parses an RFC 3339 time into whole seconds since the epoch; `undefined` for any other text. */
export function parseRfc3339(text: string): number | undefined {
  const ms = parseRfc3339Ms(text)
  return ms === undefined ? undefined : Math.floor(ms / 1000)
}
