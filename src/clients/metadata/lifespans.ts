import { invalidMetadata, malformedBody } from '../../errors/refusals.ts'
import type { ClientMetadata } from '../../store/types.ts'
import { formatDuration, parseDuration } from '../../util/duration.ts'

/** The longest Go duration, seconds: 2^63 nanoseconds, rounded down. */
const MAX_SECONDS = 9_223_372_036

/**
 * Reads the lifespans that are given, in Go's canonical form. Throws `malformed_body` for a text that is no Go
 * duration and `invalid_client_metadata` for a negative one, except for refresh tokens, where it means "never ends".
 */
export function readLifespans(given: Readonly<Record<string, string | null>>): ClientMetadata['lifespans'] {
  const lifespans: Record<string, string> = {}
  for (const [field, text] of Object.entries(given)) {
    if (text === null) continue
    const seconds = parseDuration(text)
    if (seconds === undefined || Math.abs(seconds) > MAX_SECONDS) {
      throw malformedBody(`Field '${field}' must be a Go duration such as 1h30m.`)
    }
    if (seconds < 0 && !field.endsWith('refresh_token_lifespan')) {
      throw invalidMetadata(`Field '${field}' must not be negative.`)
    }
    lifespans[field] = formatDuration(seconds)
  }
  return lifespans
}
