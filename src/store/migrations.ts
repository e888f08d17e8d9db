import { getTableColumns, is, type SQL, sql } from 'drizzle-orm'
import { SQLiteTable } from 'drizzle-orm/sqlite-core'
import { openDatabase } from './d1.ts'
import * as schema from './schema.ts'

/**
 * Reads no row, but names every column. Each with its table: where a column is missing, SQLite takes a quoted name
 * alone for a text.
 */
const NAMES_EVERY_COLUMN = sql`SELECT ${list(
  Object.values(schema).flatMap((table) => (is(table, SQLiteTable) ? [countOfNone(table)] : [])),
)}`

function countOfNone(table: SQLiteTable): SQL {
  const columns = Object.values(getTableColumns(table)).map((column) => sql`${column}`)
  return sql`(SELECT count(*) FROM (SELECT ${list(columns)} FROM ${table} WHERE 0))`
}

function list(parts: SQL[]): SQL {
  return sql.join(parts, sql`, `)
}

/**
 * Asks D1 whether it has every table and column that this release uses, in one query that reads no row.
 *
 * @returns `missing` if D1 answers, but lacks some: its migrations were not applied
 */
export async function schemaState(d1: D1Database): Promise<'whole' | 'missing' | 'unreachable'> {
  const db = openDatabase(d1)
  const answers = (query: SQL): Promise<boolean> =>
    db.run(query).then(
      () => true,
      () => false,
    )
  if (await answers(NAMES_EVERY_COLUMN)) return 'whole'
  return (await answers(sql`SELECT 1`)) ? 'missing' : 'unreachable'
}
