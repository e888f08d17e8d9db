import { getTableColumns, is, type SQL, sql } from 'drizzle-orm'
import { SQLiteTable } from 'drizzle-orm/sqlite-core'
import journal from '../../migrations/meta/_journal.json'
import { openDatabase, queryD1 } from './d1.ts'
import * as schema from './schema.ts'

/**
 * Reads no row, but names every column. Each with its table: where a column is missing, SQLite takes a quoted name
 * alone for a text.
 */
const namesEveryColumn = (): SQL =>
  sql`SELECT ${list(
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
  if (await answers(namesEveryColumn())) return 'whole'
  return (await answers(sql`SELECT 1`)) ? 'missing' : 'unreachable'
}

/** The migrations of this release, as wrangler names them when it has applied them. */
const EXPECTED: readonly string[] = journal.entries.map(({ tag }) => `${tag}.sql`)

/**
 * Returns how many migrations this release has, and which of them wrangler did not apply.
 *
 * @throws `temporarily_unavailable` if D1 cannot be asked, or keeps no list of them
 */
export async function migrationsOf(
  d1: D1Database,
): Promise<{ readonly expected: number; readonly missing: readonly string[] }> {
  const names = sql`SELECT name FROM d1_migrations`
  const rows = await queryD1(() => openDatabase(d1).all<{ readonly name: string }>(names))
  const applied = new Set(rows.map(({ name }) => name))
  return { expected: EXPECTED.length, missing: EXPECTED.filter((name) => !applied.has(name)) }
}
