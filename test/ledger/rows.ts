import { runInDurableObject } from 'cloudflare:test'
import { vi } from 'vitest'
import { Subject } from './support.ts'

/** Rows that ledgers read and wrote. */
export interface Rows {
  readonly read: number
  readonly written: number
}

/**
 * Starts the count of rows that all ledgers read and write, alarms included; the storage itself works as ever. It lasts
 * until the mocks are restored.
 */
export async function countRows(): Promise<() => Rows> {
  const cursors = new Set<SqlStorageCursor<Record<string, SqlStorageValue>>>()
  let [read, written] = [0, 0]
  await runInDurableObject(new Subject().stub, (_ledger, { storage }) => {
    const sql: SqlStorage = Object.getPrototypeOf(storage.sql)
    const exec = sql.exec
    vi.spyOn(sql, 'exec').mockImplementation(function (
      this: SqlStorage,
      query: string,
      ...bindings: unknown[]
    ) {
      const cursor = exec.call(this, query, ...bindings)
      cursors.add(cursor)
      return cursor
    } as SqlStorage['exec'])
    const proto: DurableObjectStorage = Object.getPrototypeOf(storage)
    const setAlarm = proto.setAlarm
    vi.spyOn(proto, 'setAlarm').mockImplementation(function (this: DurableObjectStorage, at) {
      written += 1
      return setAlarm.call(this, at)
    })
  })
  return () => {
    for (const cursor of cursors) {
      read += cursor.rowsRead
      written += cursor.rowsWritten
    }
    cursors.clear()
    return { read, written }
  }
}

/** Returns the rows that a step reads and writes. */
export async function spent(rows: () => Rows, step: () => unknown): Promise<Rows> {
  const before = rows()
  await step()
  const now = rows()
  return { read: now.read - before.read, written: now.written - before.written }
}

/** Whose ledger rows are planted in. */
type Planted = Pick<Subject, 'stub'>

/** Numbers from 1 to `?`, for a statement that plants many rows. */
const NUMBERS = 'WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < ?)'

/**
 * Plants copies of a subject's only grant, in one statement.
 * @param columns what is different in a copy, as SQL in which `n` counts the copies.
 */
export async function plantGrants(
  user: Planted,
  count: number,
  columns: Record<string, string>,
): Promise<void> {
  await plant(user, 'grants', count, columns)
}

/** As `plantGrants`, for copies of a subject's only session. */
export async function plantSessions(
  user: Planted,
  count: number,
  columns: Record<string, string>,
): Promise<void> {
  await plant(user, 'sessions', count, columns)
}

async function plant(
  user: Planted,
  table: string,
  count: number,
  columns: Record<string, string>,
): Promise<void> {
  await runInDurableObject(user.stub, (_ledger, { storage }) => {
    const names = storage.sql
      .exec<{ name: string }>('SELECT name FROM pragma_table_info(?)', table)
      .toArray()
      .map(({ name }) => name)
    const values = names.map((name) => columns[name] ?? `one.${name}`)
    storage.sql
      .exec(
        `${NUMBERS} INSERT INTO ${table} (${names}) SELECT ${values} FROM numbers, (SELECT * FROM ${table} LIMIT 1) AS one`,
        count,
      )
      .toArray()
  })
}
