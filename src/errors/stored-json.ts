import { OAuthError } from './oauth-error.ts'

/**
 * Reads stored JSON, which is checked and never believed.
 *
 * @param read - gives the content its type, and throws where it has another form
 * @param place - what the log calls the place it was stored in
 * @throws OAuthError `server_error` for a form that is not known: damage, or a newer release's; never taken for an
 *   absent row (design invariant 5)
 */
export function readStored<T>(stored: string, place: string, read: (value: unknown) => T): T {
  try {
    return read(JSON.parse(stored))
  } catch {
    throw new OAuthError('server_error', 'stored_unreadable', { place })
  }
}

/** A reader of what fits a guard. */
export const fitting =
  <T>(is: (value: unknown) => value is T) =>
  (value: unknown): T => {
    if (is(value)) return value
    throw new TypeError('Another form.')
  }
