import {
  type Changes,
  COLUMNS,
  type ColumnName,
  type EndingTable,
  isEnding,
  type KeyOf,
  keyOf,
  type NewRow,
  type Row,
  TABLES,
  type TableName,
} from './schema.ts'

/** A value that a statement is given. */
export type Bound = string | number | null

/** What can only be read of the tables. `rest` is what follows the table's name in a query: conditions, order, limit. */
export interface ReadableTables {
  /** Whether a table was made yet. */
  has(name: TableName): boolean
  /** The rows a query finds, of every column or those named; none where the table was never made. */
  select<Name extends TableName, Column extends ColumnName<Name> = ColumnName<Name>>(
    name: Name,
    columns: '*' | readonly Column[],
    rest?: string,
    ...values: readonly Bound[]
  ): readonly Row<Name, Column>[]
  /** The row of a key. */
  find<Name extends TableName>(name: Name, key: KeyOf<Name>): Row<Name> | undefined
  /** The least or greatest value of a column of numbers; null without a row that has one. */
  extreme<Name extends TableName, Column extends ColumnName<Name>>(
    name: Name,
    which: 'MIN' | 'MAX',
    column: Column,
    rest?: string,
    ...values: readonly Bound[]
  ): Row<Name>[Column] | null
  /** How many rows there are. */
  count(name: TableName, rest: string, ...values: readonly Bound[]): number
  /** Whether there is such a row. */
  exists(name: TableName, rest: string, ...values: readonly Bound[]): boolean
}

const byKey = (name: TableName): string => `WHERE ${keyOf(name)} = ?`

/** The tables of one object: which there are, the making of those that are not, and every change of their rows. */
export class Tables implements ReadableTables {
  readonly #sql: SqlStorage
  #there: ReadonlySet<string> = new Set()

  constructor(sql: SqlStorage) {
    this.#sql = sql
    this.reload()
  }

  /** Looks again at what is stored, after a start, a rolled back transaction or the deletion of everything. */
  reload(): void {
    this.#there = this.#names("SELECT name FROM sqlite_master WHERE type = 'table'")
  }

  has(name: TableName): boolean {
    return this.#there.has(name)
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
    return this.select(name, '*', byKey(name), key)[0]
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

  /** Writes a row, in the place of the one of its key if there is one; its other columns get their defaults. */
  insert<Name extends TableName>(name: Name, row: NewRow<Name>): void {
    this.make(name)
    const columns = Object.keys(row)
    const query = `INSERT OR REPLACE INTO ${name} (${columns.join()}) VALUES (${columns.map(() => '?').join()})`
    this.#sql.exec(query, ...Object.values(row))
  }

  /** Changes columns of the row of a key. */
  update<Name extends TableName>(name: Name, key: KeyOf<Name>, changes: Changes<Name>): void {
    const columns = Object.keys(changes).map((column) => `${column} = ?`)
    this.#sql.exec(`UPDATE ${name} SET ${columns.join()} ${byKey(name)}`, ...Object.values(changes), key)
  }

  /** Deletes the rows of some keys. */
  delete<Name extends TableName>(name: Name, keys: readonly KeyOf<Name>[]): void {
    for (const key of keys) this.deleteWhere(name, byKey(name), key)
  }

  /** Deletes the rows for which a condition holds, or all. */
  deleteWhere(name: TableName, rest: string, ...values: readonly Bound[]): void {
    if (this.has(name)) this.#sql.exec(`DELETE FROM ${name} ${rest}`, ...values)
  }

  /** The tables there are, in a fixed order. */
  all(): readonly TableName[] {
    return TABLES.filter((name) => this.has(name))
  }

  /** Those of them whose rows end, grants before sessions. */
  expiring(): readonly EndingTable[] {
    return this.all().filter(isEnding)
  }

  /** Makes a table unless it is there. Inside a transaction. */
  make(name: TableName): void {
    if (this.has(name)) return
    const columns = Object.entries(COLUMNS[name]).map((column) => column.join(' '))
    this.#sql.exec(`CREATE TABLE ${name} (${columns.join(', ')}) WITHOUT ROWID`)
    this.#there = new Set([...this.#there, name])
  }

  /** Adds the columns that tables of an older release lack. Inside a transaction. */
  upgrade(): void {
    for (const table of this.all()) {
      const there = this.#names('SELECT name FROM pragma_table_info(?)', table)
      for (const [column, type] of Object.entries(COLUMNS[table])) {
        if (!there.has(column)) this.#sql.exec(`ALTER TABLE ${table} ADD COLUMN ${column} ${type}`)
      }
    }
  }

  /** The rows of a query; the schema says of what kind its columns are, and whoever asks which ones it names. */
  #query<Found extends Record<string, SqlStorageValue>>(
    name: TableName,
    columns: string,
    rest: string,
    values: readonly Bound[],
  ): readonly Found[] {
    if (!this.has(name)) return []
    return this.#sql.exec<Found>(`SELECT ${columns} FROM ${name} ${rest}`, ...values).toArray()
  }

  #names(query: string, ...values: readonly string[]): ReadonlySet<string> {
    const rows = this.#sql.exec<{ name: string }>(query, ...values).toArray()
    return new Set(rows.map(({ name }) => name))
  }
}
