import { allColumns, byKey, found, grantWithSession, insertion, resolved, storedIn } from './layout.ts'
import type { Bound, ReadableTables } from './readable-tables.ts'
import {
  type Changes,
  type ColumnName,
  type EndingTable,
  type GrantWithSession,
  type KeyOf,
  keyOf,
  type NewRow,
  type Row,
  type TableName,
} from './schema.ts'
import { StoredTables } from './stored-tables.ts'

/** The queries of grants, by the columns that they read. */
const GRANT_QUERIES = new WeakMap<readonly string[], string>()

/** The condition for rows that did not expire, of which the time is a parameter. */
const ALIVE = ' AND (expires IS NULL OR expires > ?)'

/** The tables of one object: reads and changes their rows. */
export class Tables extends StoredTables implements ReadableTables {
  readonly #sql: SqlStorage

  constructor(sql: SqlStorage) {
    super(sql)
    this.#sql = sql
  }

  select<Name extends TableName, Column extends ColumnName<Name> = ColumnName<Name>>(
    name: Name,
    columns: '*' | readonly Column[],
    rest = '',
    ...values: readonly Bound[]
  ): readonly Row<Name, Column>[] {
    return this.#query<Row<Name, Column>>(name, columns === '*' ? columns : columns.join(), rest, values)
  }

  find<Name extends TableName>(name: Name, key: KeyOf<Name>): Row<Name> | undefined {
    return this.#byKey<Row<Name>>(name, allColumns(name), '', key)
  }

  findAlive<Name extends EndingTable>(name: Name, key: KeyOf<Name>, now: number): Row<Name> | undefined {
    return this.#byKey<Row<Name>>(name, allColumns(name), ALIVE, key, now)
  }

  findGrant<Column extends ColumnName<'grants'>>(
    id: KeyOf<'grants'>,
    now: number,
    columns: readonly Column[],
  ): GrantWithSession<Column> | undefined {
    if (!this.has('grants')) return undefined
    const query = GRANT_QUERIES.get(columns) ?? grantWithSession(columns)
    GRANT_QUERIES.set(columns, query)
    return this.#sql.exec<GrantWithSession<Column>>(query, id, now).toArray()[0]
  }

  value<Name extends TableName, Column extends ColumnName<Name> & keyof Changes<Name>>(
    name: Name,
    key: KeyOf<Name>,
    column: Column,
  ): Row<Name, Column>[Column] | undefined {
    return this.#byKey<Row<Name, Column>>(name, column, '', key)?.[column]
  }

  extreme<Name extends TableName, Column extends ColumnName<Name>>(
    name: Name,
    which: 'MIN' | 'MAX',
    column: Column,
    rest = '',
    ...values: readonly Bound[]
  ): Row<Name>[Column] | null {
    const found = this.#query<{ found: Row<Name>[Column] | null }>(
      name,
      `${which}(${column}) AS found`,
      rest,
      values,
    )
    return found[0]?.found ?? null
  }

  count(name: TableName, rest: string, ...values: readonly Bound[]): number {
    return this.#query<{ found: number }>(name, 'count(*) AS found', rest, values)[0]?.found ?? 0
  }

  exists(name: TableName, rest: string, ...values: readonly Bound[]): boolean {
    return this.#query<{ found: number }>(name, '1 AS found', `${rest} LIMIT 1`, values).length > 0
  }

  number(query: string, ...values: readonly Bound[]): number | null {
    return this.#sql.exec<{ found: number | null }>(resolved(query), ...values).toArray()[0]?.found ?? null
  }

  /** Inserts a row, or replaces the row of its key. Columns that are not given get their defaults. */
  insert<Name extends TableName>(name: Name, row: NewRow<Name>): void {
    this.make(name)
    this.#sql.exec(insertion(name, row), ...Object.values(row))
  }

  /** Changes some columns of the row of a key. */
  update<Name extends TableName>(name: Name, key: KeyOf<Name>, changes: Changes<Name>): void {
    const columns = Object.keys(changes).map((column) => `${column} = ?`)
    const query = `UPDATE ${storedIn(name)} SET ${columns.join()} ${byKey(name)}`
    this.#sql.exec(query, ...Object.values(changes), key)
  }

  /** Changes some columns of the rows that a condition holds for. */
  updateWhere<Name extends TableName>(
    name: Name,
    changes: Changes<Name>,
    rest: string,
    ...values: readonly Bound[]
  ): void {
    if (!this.has(name)) return
    const columns = Object.keys(changes).map((column) => `${column} = ?`)
    const query = `UPDATE ${storedIn(name)} SET ${columns.join()} ${found(name, rest)}`
    this.#sql.exec(resolved(query), ...Object.values(changes), ...values)
  }

  /** Deletes the rows of some keys. */
  delete<Name extends TableName>(name: Name, keys: readonly KeyOf<Name>[]): void {
    if (!this.has(name)) return
    for (const key of keys) this.#sql.exec(`DELETE FROM ${storedIn(name)} ${byKey(name)}`, key)
  }

  /** Deletes the rows that a condition holds for; all rows if `rest` is empty. */
  deleteWhere(name: TableName, rest: string, ...values: readonly Bound[]): void {
    if (!this.has(name)) return
    this.#sql.exec(resolved(`DELETE FROM ${storedIn(name)} ${found(name, rest)}`), ...values)
  }

  /** Deletes at most `limit` of the rows that a condition holds for. Returns whether there may be more. */
  deleteSome(name: TableName, limit: number, rest: string, ...values: readonly Bound[]): boolean {
    if (!this.has(name)) return false
    const key = keyOf(name)
    const some = found(name, `WHERE ${key} IN (SELECT ${key} FROM ${name} ${rest} LIMIT ${limit})`)
    const query = `DELETE FROM ${storedIn(name)} ${some} RETURNING 1`
    return this.#sql.exec(resolved(query), ...values).toArray().length === limit
  }

  /** Returns the row of a key. The type parameter must name the columns, as `#query` says. */
  #byKey<Found extends Record<string, SqlStorageValue>>(
    name: TableName,
    columns: string,
    rest: string,
    ...values: readonly Bound[]
  ): Found | undefined {
    if (!this.has(name)) return undefined
    const query = `SELECT ${columns} FROM ${storedIn(name)} ${byKey(name)}${rest}`
    return this.#sql.exec<Found>(query, ...values).toArray()[0]
  }

  /** Runs a query. The type parameter must name the columns that the query returns, with their types in the schema. */
  #query<Found extends Record<string, SqlStorageValue>>(
    name: TableName,
    columns: string,
    rest: string,
    values: readonly Bound[],
  ): readonly Found[] {
    if (!this.has(name)) return []
    return this.#sql.exec<Found>(resolved(`SELECT ${columns} FROM ${name} ${rest}`), ...values).toArray()
  }
}
