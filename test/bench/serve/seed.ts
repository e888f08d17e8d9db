import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { storedIn } from '../../../src/ledger/layout.ts'

/** The stored table of sessions and grants. */
const LOGINS = storedIn('grants')

/** Its columns in which each copy has ids of its own. */
const IDS: readonly string[] = ['id', 'sid']

/** The range of what an id begins with: eight hexadecimal digits. */
const RANGE = 2 ** 32

/**
 * Copies the one login in the ledgers of a stopped server until its subject has so many. Each copy has ids of its own and
 * is otherwise the same. It writes the SQLite file of the subject's object. Throws if no ledger has a login.
 */
export async function seedGrants(state: string, count: number): Promise<void> {
  const files = (await readdir(state, { recursive: true })).filter((name) => name.endsWith('.sqlite'))
  const path = files.map((name) => join(state, name)).find(hasLogin)
  if (path === undefined) throw new Error(`No ledger under ${state} has a login.`)
  const database = new DatabaseSync(path)
  try {
    // Nobody else has the file, and a log would be as large as itself.
    database.exec('PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF')
    if (count > 1) copyRows(database, count - 1)
    database.exec('PRAGMA journal_mode = WAL')
  } finally {
    database.close()
  }
}

function hasLogin(path: string): boolean {
  const database = new DatabaseSync(path)
  try {
    const table = database.prepare(`SELECT name FROM sqlite_master WHERE name = '${LOGINS}'`)
    return table.get() !== undefined && database.prepare(`SELECT id FROM ${LOGINS}`).get() !== undefined
  } finally {
    database.close()
  }
}

/**
 * Copies the rows of the login. Ids begin with numbers that are spread evenly, and end as those of the row: so they are
 * written in their order, and a session's copies and those of its grants belong together.
 */
function copyRows(database: DatabaseSync, count: number): void {
  const names = database
    .prepare(`PRAGMA table_info(${LOGINS})`)
    .all()
    .map((column) => String(column['name']))
  const step = Math.floor(RANGE / (count + 1))
  const columns = names.map((name) =>
    IDS.includes(name) ? `printf('%08x', n * ${step}) || substr(${name}, 9)` : name,
  )
  database.exec(`
    INSERT OR IGNORE INTO ${LOGINS} (${names.join(', ')})
    WITH RECURSIVE times(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM times WHERE n < ${count}),
      login AS MATERIALIZED (SELECT * FROM ${LOGINS})
    SELECT ${columns.join(', ')} FROM login CROSS JOIN times WHERE n <= ${count}`)
}
