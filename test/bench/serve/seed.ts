import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'

/** The tables that a login writes, and the columns in which each copy has an id of its own. */
const COPIED: Readonly<Record<string, readonly string[]>> = {
  sessions: ['sid'],
  grants: ['id', 'sid'],
}

/** So many rows are copied by one statement, so that no transaction is larger than memory. */
const BATCH = 50_000

/**
 * Copies the one login in the ledgers of a stopped server until its subject has so many. Each copy has ids of its own and
 * is otherwise the same. It writes the SQLite file of the subject's object, so it knows the ledgers' tables by name, and
 * nothing of their other columns.
 */
export async function seedGrants(state: string, count: number): Promise<void> {
  const files = (await readdir(state, { recursive: true })).filter((name) => name.endsWith('.sqlite'))
  const path = files.map((name) => join(state, name)).find(hasLogin)
  if (path === undefined) throw new Error(`No ledger under ${state} has a login.`)
  const database = new DatabaseSync(path)
  try {
    for (const [table, ids] of Object.entries(COPIED)) {
      for (let left = count - 1; left > 0; left -= BATCH)
        copyRows(database, table, ids, Math.min(left, BATCH))
    }
  } finally {
    database.close()
  }
}

/** Whether a database is a ledger in which somebody logged in: D1 has a table of grants, too, and none of sessions. */
function hasLogin(path: string): boolean {
  const database = new DatabaseSync(path)
  try {
    const table = database.prepare(
      "SELECT name FROM sqlite_master WHERE type = 'table' AND name = 'sessions'",
    )
    return (
      table.get() !== undefined && database.prepare('SELECT sid FROM sessions LIMIT 1').get() !== undefined
    )
  } finally {
    database.close()
  }
}

/** Copies the first row of a table. An id is as long as the one that it replaces. */
function copyRows(database: DatabaseSync, table: string, ids: readonly string[], count: number): void {
  const names = database
    .prepare(`PRAGMA table_info(${table})`)
    .all()
    .map((column) => String(column['name']))
  const columns = names.map((name) =>
    ids.includes(name) ? `substr(hex(randomblob(40)), 1, length(${name}))` : name,
  )
  database.exec(`
    INSERT INTO ${table} (${names.join(', ')})
    WITH RECURSIVE times(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM times WHERE n < ${count}),
      model AS MATERIALIZED (SELECT * FROM ${table} LIMIT 1)
    SELECT ${columns.join(', ')} FROM times, model`)
}
