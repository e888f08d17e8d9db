import { type SQL, type SQLWrapper, sql } from 'drizzle-orm'
import type { SQLiteColumn } from 'drizzle-orm/sqlite-core'
import { PAGE_BYTES } from '../util/page-bytes.ts'

/** What a row weighs that is small but for some columns, bytes. */
const ROW_BYTES = 1024

/** The bytes of a row, of which these columns are the large ones. Their content is not read for it. */
export const bytesOf = (...columns: readonly SQLiteColumn[]): SQL.Aliased<number> =>
  sql<number>`${ROW_BYTES} + ${sql.join(
    columns.map((column) => sql`coalesce(octet_length(${column}), 0)`),
    sql` + `,
  )}`.as('bytes')

/**
 * The condition that a row is on a page: it is among those that are listed, before a page has as many bytes as it may.
 *
 * @param id - the column by whose order the rows are listed
 * @param listed - selects `id` and `bytes` of the rows that a page would have by their number
 */
export function onPage(id: SQLiteColumn, listed: SQLWrapper): SQL {
  const summed = sql`SELECT id, sum(bytes) OVER (ORDER BY id) - bytes AS before FROM (${listed})`
  return sql`${id} IN (SELECT id FROM (${summed}) WHERE before < ${PAGE_BYTES})`
}
