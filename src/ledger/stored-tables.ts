import { BACKFILLS, type Backfill } from './backfills.ts'
import { creation, SHARING, storedColumns, storedIn, takeover } from './layout.ts'
import { COLUMNS, type EndingTable, isEnding, TABLES, type TableName } from './schema.ts'

/** Which tables one object stores: makes them, and brings those of an older release up to date. */
export class StoredTables {
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

  /** Whether a table exists. */
  has(name: TableName): boolean {
    return this.#existing.has(storedIn(name))
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

  #names(query: string, ...values: readonly string[]): ReadonlySet<string> {
    const rows = this.#sql.exec<{ name: string }>(query, ...values).toArray()
    return new Set(rows.map(({ name }) => name))
  }
}
