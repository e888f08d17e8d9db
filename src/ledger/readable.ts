import { OAuthError } from '../errors/oauth-error.ts'
import { logLine } from '../http/log.ts'
import type { KeyOf, TableName } from './schema.ts'

/**
 * Returns what a row holds, or `otherwise` if that has a form that this release does not know: one such row must not
 * stop what is done for many. The log names the row: nothing else may be left that does.
 */
export function readable<Name extends TableName, T>(
  table: Name,
  key: KeyOf<Name> & string,
  read: () => T,
  otherwise: T,
): T {
  try {
    return read()
  } catch (thrown) {
    if (!(thrown instanceof OAuthError && thrown.reason === 'stored_unreadable')) throw thrown
    logLine('ledger.row_unreadable', { table, key })
    return otherwise
  }
}
