import { evictDurableObject, runInDurableObject } from 'cloudflare:test'
import { vi } from 'vitest'
import { resolved } from '../../src/ledger/layout.ts'
import { Subject } from './support.ts'

/** Rows that ledgers read and wrote. */
export interface Rows {
  readonly read: number
  readonly written: number
}

/**
 * Starts the count of rows that all ledgers read and write, as the platform bills them (Durable Objects pricing, August
 * 2026): what the cursors say, which tables and deleted rows are part of, and one for each `setAlarm`. `deleteAll` counts
 * as one, however many rows go: so the open-source runtime meters it (`actor-state.c++`, which takes nothing for
 * `deleteAlarm`). The storage itself works as ever. It lasts until the mocks are restored.
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
    const deleteAll = proto.deleteAll
    vi.spyOn(proto, 'deleteAll').mockImplementation(function (this: DurableObjectStorage) {
      written += 1
      return deleteAll.call(this)
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
  // A ledger that got them one by one would have made its indexes.
  await runInDurableObject(user.stub, (_ledger, { storage: { sql } }) => {
    if (count < 100) return
    sql.exec('CREATE TABLE remembered (client TEXT NOT NULL PRIMARY KEY, id TEXT NOT NULL) WITHOUT ROWID')
    const remembered = 'SELECT client, id FROM grants WHERE remembered = 1 ORDER BY consent_ends IS NULL'
    for (const { client, id } of sql.exec(resolved(remembered)))
      sql.exec('INSERT OR REPLACE INTO remembered VALUES (?, ?)', client, id)
  })
  await evictDurableObject(user.stub)
}

/** As `plantGrants`, for copies of a subject's only session. */
export async function plantSessions(
  user: Planted,
  count: number,
  columns: Record<string, string>,
): Promise<void> {
  // A session that is copied tells the clients that the grants of the first one name.
  await runInDurableObject(user.stub, (_ledger, { storage: { sql } }) => {
    const told = "SELECT json_group_array(json_array(client, notify)) FROM grants WHERE notify <> ''"
    sql.exec(resolved(`UPDATE logins SET recipients = (${told}) WHERE kind = 1`))
  })
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
      .exec<{ name: string }>("SELECT name FROM pragma_table_info('logins')")
      .toArray()
      .map(({ name }) => name)
    const given: Readonly<Record<string, string | undefined>> =
      table === 'sessions' ? { ...columns, id: columns['sid'], sid: 'NULL' } : columns
    const values = names.map((name) => given[name] ?? `one.${name}`)
    const kind = table === 'sessions' ? 1 : 0
    const one = `(SELECT * FROM logins WHERE kind = ${kind} LIMIT 1) AS one`
    storage.sql
      .exec(`${NUMBERS} INSERT INTO logins (${names}) SELECT ${values} FROM numbers, ${one}`, count)
      .toArray()
  })
}
