import { BACKFILLS, type Backfill } from './backfills.ts'
import {
  allColumns,
  byKey,
  creation,
  found,
  grantWithSession,
  insertion,
  resolved,
  SHARING,
  storedColumns,
  storedIn,
  takeover,
} from './layout.ts'
import {
  type Changes,
  COLUMNS,
  type ColumnName,
  type EndingTable,
  type GrantWithSession,
  isEnding,
  type KeyOf,
  keyOf,
  type NewRow,
  type Row,
  TABLES,
  type TableName,
} from './schema.ts'

/** A value that is bound to a statement. */
export type Bound = string | number | null

/** The tables, for reading only. `rest` is what follows the table's name in a query: conditions, order, limit. */
export interface ReadableTables {
  /** Whether a table exists. */
  has(name: TableName): boolean
  /** Returns the rows that a query finds, with all or the named columns; none if the table does not exist. */
  select<Name extends TableName, Column extends ColumnName<Name> = ColumnName<Name>>(
    name: Name,
    columns: '*' | readonly Column[],
    rest?: string,
    ...values: readonly Bound[]
  ): readonly Row<Name, Column>[]
  /** Returns the row of a key. */
  find<Name extends TableName>(name: Name, key: KeyOf<Name>): Row<Name> | undefined
  /** Returns the row of a key, unless it expired (seconds since the epoch). */
  findAlive<Name extends EndingTable>(name: Name, key: KeyOf<Name>, now: number): Row<Name> | undefined
  /**
   * Returns some columns of a grant that did not expire, with its session's. The list of columns is one of a few
   * constants: few take less time.
   */
  findGrant<Column extends ColumnName<'grants'>>(
    id: KeyOf<'grants'>,
    now: number,
    columns: readonly Column[],
  ): GrantWithSession<Column> | undefined
  /** Returns one column of the row of a key; undefined if there is no such row. */
  value<Name extends TableName, Column extends ColumnName<Name> & keyof Changes<Name>>(
    name: Name,
    key: KeyOf<Name>,
    column: Column,
  ): Row<Name, Column>[Column] | undefined
  /** Returns the least or greatest value of a column of numbers; null if no row has a value. */
  extreme<Name extends TableName, Column extends ColumnName<Name>>(
    name: Name,
    which: 'MIN' | 'MAX',
    column: Column,
    rest?: string,
    ...values: readonly Bound[]
  ): Row<Name>[Column] | null
  /** Counts the rows that a query finds. */
  count(name: TableName, rest: string, ...values: readonly Bound[]): number
  /** Whether a query finds a row. */
  exists(name: TableName, rest: string, ...values: readonly Bound[]): boolean
  /** Returns the number that a query of existing tables finds, which calls it `found`; null for none. */
  number(query: string, ...values: readonly Bound[]): number | null
}

/** The queries of grants, by the columns that they read. */
const GRANT_QUERIES = new WeakMap<readonly string[], string>()

/** The condition for rows that did not expire, of which the time is a parameter. */
const ALIVE = ' AND (expires IS NULL OR expires > ?)'

/** The tables of one object: creates them and reads and changes their rows. */
export class Tables implements ReadableTables {
  readonly #sql: SqlStorage
  /** The stored tables that exist, and the statement of each. */
  #existing: ReadonlyMap<string, string> = new Map()

  constructor(sql: SqlStorage) {
    this.#sql = sql
    this.reload()
  }

  /** Reads again which tables exist: after a start, a rolled back transaction or the deletion of everything. */
  reload(): void {
    const query = "SELECT name, sql FROM sqlite_master WHERE type = 'table'"
    const tables = this.#sql.exec<{ name: string; sql: string }>(query).toArray()
    this.#existing = new Map(tables.map(({ name, sql }) => [name, sql]))
  }

  has(name: TableName): boolean {
    return this.#existing.has(storedIn(name))
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

  /** Returns the tables that exist, in a fixed order. */
  all(): readonly TableName[] {
    return TABLES.filter((name) => this.has(name))
  }

  /** Returns the existing tables whose rows expire, grants before sessions. */
  expiring(): readonly EndingTable[] {
    return this.all().filter(isEnding)
  }

  /** Creates a table unless it exists. To be called inside a transaction. */
  make(name: TableName): void {
    if (this.has(name)) return
    this.#sql.exec(creation(name))
    this.#existing = new Map([...this.#existing, [storedIn(name), creation(name)]])
  }

  /** Whether no table is of an older release: each was made by the statement that would make it now. */
  areCurrent(): boolean {
    const isCurrent = (name: TableName): boolean => this.#existing.get(storedIn(name)) === creation(name)
    return this.all().every(isCurrent) && !SHARING.some((name) => this.#existing.has(name))
  }

  /**
   * Adds the columns that tables of an older release lack, fills them, and takes over the tables that were stored by
   * themselves. To be called inside a transaction. Returns whether those came beside rows of this release: what the older
   * one noted of grants is then not all.
   */
  upgrade(): boolean {
    const apart = SHARING.filter((name) => this.#existing.has(name))
    const cameBack = apart.some((name) => this.has(name))
    const added = apart.flatMap((name) => this.#complete(name, new Map(Object.entries(COLUMNS[name]))))
    for (const backfill of BACKFILLS) if (added.includes(backfill.column)) this.#fill(backfill)
    for (const name of this.all()) this.#complete(storedIn(name), storedColumns(name))
    for (const name of apart) {
      this.make(name)
      for (const statement of takeover(name)) this.#sql.exec(statement)
    }
    if (apart.length > 0) this.reload()
    return cameBack
  }

  /** Adds the columns that a stored table lacks, and returns which. */
  #complete(table: string, columns: ReadonlyMap<string, string>): readonly string[] {
    const there = this.#names('SELECT name FROM pragma_table_info(?)', table)
    const lacking = [...columns].filter(([column]) => !there.has(column))
    for (const [column, type] of lacking) this.#sql.exec(`ALTER TABLE ${table} ADD COLUMN ${column} ${type}`)
    return lacking.map(([column]) => `${table}.${column}`)
  }

  #fill({ needs, makes, statement }: Backfill): void {
    if (!needs.every((name) => this.#existing.has(name))) return
    if (makes !== undefined) {
      const [from] = needs
      const query = `SELECT count(*) AS found FROM ${from} ${makes.if}`
      if (this.#sql.exec<{ found: number }>(query).one().found === 0) return
      this.make(makes.table)
    }
    this.#sql.exec(statement)
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

  #names(query: string, ...values: readonly string[]): ReadonlySet<string> {
    const rows = this.#sql.exec<{ name: string }>(query, ...values).toArray()
    return new Set(rows.map(({ name }) => name))
  }
}
