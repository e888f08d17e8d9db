import { OAuthError } from './oauth-error.ts'

/**
 * Reads and checks stored JSON.
 *
 * @param place - where it was stored, for the log
 * @param read - returns the content with its type, and throws if it has another form
 * @throws OAuthError `server_error` for an unknown form, which is damage or a newer release's. It never counts as an
 *   absent row (design invariant 5)
 */
export function readStored<T>(stored: string, place: string, read: (value: unknown) => T): T {
  try {
    return read(JSON.parse(stored))
  } catch {
    throw new OAuthError('server_error', 'stored_unreadable', { place })
  }
}

/** Returns a function that returns a value if it passes a guard, and throws otherwise. */
export const fitting =
  <T>(is: (value: unknown) => value is T) =>
  (value: unknown): T => {
    if (is(value)) return value
    throw new TypeError('Another form.')
  }
