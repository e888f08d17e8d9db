import { DrizzleQueryError } from 'drizzle-orm'
import { type DrizzleD1Database, drizzle } from 'drizzle-orm/d1'
import { OAuthError } from '../errors/oauth-error.ts'
import { logLine } from '../http/log.ts'

/** The database as the stores ask it. */
export type Database = DrizzleD1Database

/** Opens D1 for queries. */
export const openDatabase = (d1: D1Database): Database => drizzle(d1)

/**
 * Writes one line about a failure of storage. The query builder's own message repeats the parameters, so only what the
 * database said itself is told: that holds names of tables and columns, no value of a row.
 */
export function logFailure(event: string, thrown: unknown): void {
  const error = thrown instanceof DrizzleQueryError ? thrown.cause : thrown
  const reason = error instanceof Error ? error.message.slice(0, 200) : 'unknown'
  logLine(event, { reason })
}

/**
 * Runs a query against D1. Throws `temporarily_unavailable` when it fails: whether a write took hold is then
 * unknown (design section 8).
 */
export async function queryD1<T>(query: () => Promise<T>): Promise<T> {
  try {
    return await query()
  } catch (thrown) {
    if (thrown instanceof OAuthError) throw thrown
    logFailure('store.unreachable', thrown)
    throw new OAuthError('temporarily_unavailable', 'storage_unreachable')
  }
}
