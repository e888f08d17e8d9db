import type { Changes, ColumnName, EndingTable, GrantWithSession, KeyOf, Row, TableName } from './schema.ts'

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
