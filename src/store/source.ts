import { OAuthError } from '../errors/oauth-error.ts'
import { logLine } from '../http/log.ts'

/** Writes one line about a failure of storage. Parameters are bound, so a database message holds no value of a row. */
export function logFailure(event: string, error: unknown): void {
  const reason = error instanceof Error ? error.message.slice(0, 200) : 'unknown'
  logLine(event, { reason })
}

/**
 * Runs a query against D1. Throws `temporarily_unavailable` when it fails: whether a write took hold is then
 * unknown (design section 8).
 */
export async function askSource<T>(query: () => Promise<T>): Promise<T> {
  try {
    return await query()
  } catch (error) {
    if (error instanceof OAuthError) throw error
    logFailure('store.unreachable', error)
    throw new OAuthError('temporarily_unavailable', 'The database cannot be reached.')
  }
}
