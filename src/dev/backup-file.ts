import { createHash } from 'node:crypto'
import { DatabaseSync } from 'node:sqlite'
import * as v from 'valibot'
import { CommandError } from './command-error.ts'

/** What a backup says of itself in its first line, which is a comment of SQL. The export follows as it was made. */
export interface Manifest {
  /** When it was made: RFC 3339. */
  readonly made_at: string
  /** The migrations that the database has had, in order. */
  readonly migrations: readonly string[]
  /** How many rows each table has. */
  readonly rows: Readonly<Record<string, number>>
  /** The SHA-256 of the export, in hex. */
  readonly sha256: string
}

const Form = v.object({
  made_at: v.string(),
  migrations: v.array(v.string()),
  rows: v.record(v.string(), v.number()),
  sha256: v.string(),
})

/** What a backup begins with, and the version of its form. */
const MARK = '-- ladon-backup 1 '

const digestOf = (sql: string): string => createHash('sha256').update(sql).digest('hex')

/**
 * Returns a backup: the manifest and the export of a database. The export is executed in memory first, so what cannot
 * be restored is no backup. Throws CommandError if it cannot be executed.
 */
export function composeBackup(
  sql: string,
  madeAt: string,
): { readonly manifest: Manifest; readonly text: string } {
  const manifest = { made_at: madeAt, ...contentsOf(sql), sha256: digestOf(sql) }
  return { manifest, text: `${MARK}${JSON.stringify(manifest)}\n${sql}` }
}

/** Reads a backup. Throws CommandError if it is none, or if it is not as it was made. */
export function readBackup(text: string): { readonly manifest: Manifest; readonly sql: string } {
  const end = text.indexOf('\n')
  if (!text.startsWith(MARK) || end === -1)
    throw new CommandError('This is no backup: its first line does not begin with "-- ladon-backup 1".', 2)
  const sql = text.slice(end + 1)
  const manifest = v.safeParse(Form, jsonOf(text.slice(MARK.length, end)))
  if (!manifest.success || manifest.output.sha256 !== digestOf(sql))
    throw new CommandError('The backup is damaged: its checksum is that of another file.', 2)
  return { manifest: manifest.output, sql }
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function contentsOf(sql: string): Pick<Manifest, 'migrations' | 'rows'> {
  const database = new DatabaseSync(':memory:')
  const all = (query: string): readonly string[] =>
    database
      .prepare(query)
      .all()
      .map((row) => String(row['name']))
  try {
    database.exec(sql)
    const tables = all(
      `SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY 1`,
    )
    const rows = tables
      .filter((name) => name !== MIGRATIONS_TABLE)
      .map((name) => [name, Number(database.prepare(`SELECT count(*) AS n FROM "${name}"`).get()?.['n'])])
    const migrations = tables.includes(MIGRATIONS_TABLE)
      ? all(`SELECT name FROM ${MIGRATIONS_TABLE} ORDER BY id`)
      : []
    return { migrations, rows: Object.fromEntries(rows) }
  } catch (thrown) {
    throw new CommandError(`The export cannot be read: ${thrown instanceof Error ? thrown.message : thrown}`)
  } finally {
    database.close()
  }
}

/** The table in which wrangler notes the migrations. */
export const MIGRATIONS_TABLE = 'd1_migrations'
