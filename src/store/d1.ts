import { DrizzleQueryError, type SQL, sql } from 'drizzle-orm'
import { type DrizzleD1Database, drizzle } from 'drizzle-orm/d1'
import { OAuthError } from '../errors/oauth-error.ts'
import { logLine } from '../http/log.ts'
import { noteTrouble } from '../util/trouble.ts'
import { Late } from '../util/with-timeout.ts'

/** The database, with a query builder. */
export type Database = DrizzleD1Database

/** Opens D1 for queries. */
export const openDatabase = (d1: D1Database): Database => drizzle(d1)

/** The values of a list of any length, as one bound text: D1 takes few parameters. */
export const anyOf = (values: readonly string[]): SQL =>
  sql`(SELECT value FROM json_each(${JSON.stringify(values)}))`

/**
 * Logs a failure of storage. The query builder's message repeats the parameters, so only the database's own message is
 * logged: that contains names of tables and columns, but no values.
 */
export function logFailure(event: string, thrown: unknown): void {
  const error = thrown instanceof DrizzleQueryError ? thrown.cause : thrown
  const reason = error instanceof Error ? error.message.slice(0, 200) : 'unknown'
  noteTrouble(event.startsWith('cache.kv_') ? 'kv' : 'd1', error instanceof Late ? 'timeout' : 'error')
  logLine(event, { reason })
}

/**
 * Runs a query in D1. Throws `temporarily_unavailable` if it fails; it is then unknown whether a write was committed
 * (design section 8).
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
