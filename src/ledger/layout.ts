import { COLUMNS, keyOf, type NewRow, OF_SESSION, type TableName } from './schema.ts'

/*
 * How the tables lie in SQLite. A session and its grants are rows of one stored table, since a table costs two rows when
 * it is made and a page at least for as long as the object lives. Queries name the tables of the schema all the same.
 */

/** The stored table of sessions and grants. */
const LOGINS = 'logins'

/** The kinds of rows of that table: the first part of its key. */
const KINDS = { grants: 0, sessions: 1 } as const

/** The tables of the schema that share a stored table. */
export const SHARING = Object.keys(KINDS).filter((name): name is keyof typeof KINDS => name in KINDS)

const kindOf = (name: TableName): number | undefined =>
  name === 'grants' || name === 'sessions' ? KINDS[name] : undefined

const isShared = (name: TableName): boolean => kindOf(name) !== undefined

/** Returns the name of the stored table that holds the rows of a table. */
export const storedIn = (name: TableName): string => (isShared(name) ? LOGINS : name)

/** What a column is called in the stored table. */
const stored = (name: TableName, column: string): string =>
  isShared(name) && column === keyOf(name) ? 'id' : column

/** Columns of the shared table hold nothing in rows of the other kind, and defaults are written by `insertion`. */
const bare = (type: string): string => type.split(' ', 1)[0] ?? type

/** Returns the columns of the stored table of a table, with their types as a column that is added has them. */
export function storedColumns(name: TableName): ReadonlyMap<string, string> {
  if (!isShared(name)) return new Map(Object.entries(COLUMNS[name]))
  const types = SHARING.flatMap((one) =>
    Object.entries(COLUMNS[one]).map(([column, type]): [string, string] => {
      const [, otherwise] = type.split(' DEFAULT ')
      return [stored(one, column), bare(type) + (otherwise === undefined ? '' : ` DEFAULT ${otherwise}`)]
    }),
  )
  return new Map([['kind', 'INTEGER'], ...types])
}

const creations = new Map<TableName, string>()

/** Returns the statement that makes the stored table of a table. */
export function creation(name: TableName): string {
  const statement = creations.get(name) ?? makeCreation(name)
  creations.set(name, statement)
  return statement
}

function makeCreation(name: TableName): string {
  const columns = [...storedColumns(name)].map(
    ([column, type]) => `${column} ${isShared(name) ? bare(type) : type}`,
  )
  const key = isShared(name) ? ', PRIMARY KEY (kind, id)' : ''
  return `CREATE TABLE ${storedIn(name)} (${columns.join(', ')}${key}) WITHOUT ROWID`
}

/** Returns the condition for the row of a key, which is its only parameter. */
export const byKey = (name: TableName): string =>
  isShared(name) ? `WHERE kind = ${kindOf(name)} AND id = ?` : `WHERE ${keyOf(name)} = ?`

const LISTS = Object.fromEntries(
  SHARING.map((name) => [
    name,
    Object.keys(COLUMNS[name])
      .map((column) => (column === keyOf(name) && column !== 'id' ? `id AS ${column}` : column))
      .join(),
  ]),
)

/** Returns the columns of a table, as a query of its stored table names them. */
export const allColumns = (name: TableName): string => LISTS[name] ?? '*'

/**
 * Returns the query of a grant that did not expire, by its id and now, with what there is of its session. That takes
 * little more time than the grant alone, and every use of a grant asks both.
 */
export const grantWithSession = (columns: readonly string[]): string =>
  `SELECT ${columns.map((column) => `own.${column}`).join()},
    ${OF_SESSION.map((column) => `session.${column} AS session_${column}`).join()}
  FROM ${LOGINS} AS own LEFT JOIN ${LOGINS} AS session ON session.kind = ${KINDS.sessions} AND session.id = own.sid
  WHERE own.kind = ${KINDS.grants} AND own.id = ? AND (own.expires IS NULL OR own.expires > ?)`

const VIEWS = `WITH ${SHARING.map(
  (name) =>
    `${name} AS NOT MATERIALIZED (SELECT ${allColumns(name)} FROM ${LOGINS} WHERE kind = ${KINDS[name]})`,
).join(', ')} `

const NAMES_SHARED = new RegExp(`\\b(?:${SHARING.join('|')})\\b`)

/** Returns a statement that names tables of the schema as SQLite understands it. */
export const resolved = (statement: string): string =>
  NAMES_SHARED.test(statement) ? VIEWS + statement : statement

/** Returns the condition for the rows of a table, in its stored table, that a query of the table finds. */
export function found(name: TableName, rest: string): string {
  const kind = kindOf(name)
  if (kind === undefined) return rest
  return `WHERE kind = ${kind} AND id IN (SELECT ${keyOf(name)} FROM ${name} ${rest})`
}

/** The columns of a shared table with a default, and that default as SQL. */
const DEFAULTS = new Map(
  SHARING.map((name): [TableName, readonly (readonly [string, string])[]] => [
    name,
    Object.entries(COLUMNS[name]).flatMap(([column, type]) => {
      const [, otherwise] = type.split(' DEFAULT ')
      return otherwise === undefined ? [] : [[column, otherwise] as const]
    }),
  ]),
)

/** Returns the statement that inserts a row, or replaces the row of its key. Its values are bound in their order. */
export function insertion<Name extends TableName>(name: Name, row: NewRow<Name>): string {
  const given = Object.keys(row).map((column) => [stored(name, column), '?'] as const)
  const defaults = (DEFAULTS.get(name) ?? []).filter(([column]) => !(column in row))
  const kind = isShared(name) ? [['kind', String(kindOf(name))] as const] : []
  const columns = [...kind, ...given, ...defaults]
  const names = columns.map(([column]) => column).join()
  return `INSERT OR REPLACE INTO ${storedIn(name)} (${names}) VALUES (${columns.map(([, value]) => value).join()})`
}

/**
 * What makes one of two rows of the same key the stricter, the most significant first: it ended, its consent was
 * withdrawn, its tokens were refreshed more often.
 */
const STRICTNESS = {
  grants: ['revoked', "record = ''", 'generation'],
  sessions: ['ended', 'revoked'],
} as const

/** Columns of which neither row decides alone: the epoch is the earlier, and a flow's tombstone lasts for both. */
const OF_BOTH: ReadonlyMap<string, string> = new Map([
  ['epoch', `MIN(${LOGINS}.epoch, excluded.epoch)`],
  ['flow_expires', `MAX(${LOGINS}.flow_expires, excluded.flow_expires)`],
])

/**
 * Returns the statements that take the rows of an older release, whose table was stored by itself, into the shared one.
 * Where that release came back for a while both may have a row of a key. The stricter is kept: what ended in either
 * has ended.
 */
export function takeover(name: (typeof SHARING)[number]): readonly string[] {
  const columns = Object.keys(COLUMNS[name])
  const into = columns.map((column) => stored(name, column))
  const rank = (row: string): string => `(${STRICTNESS[name].map((column) => `${row}.${column}`).join()})`
  const stricter = `${rank('excluded')} > ${rank(LOGINS)}`
  const merged = into
    .filter((column) => column !== 'id')
    .map((column) => {
      const kept = `iif(${stricter}, excluded.${column}, ${LOGINS}.${column})`
      // Null is never, and stays that.
      if (column === 'expires') return `expires = MAX(${kept}, ${OF_BOTH.get('flow_expires')})`
      return `${column} = ${OF_BOTH.get(column) ?? kept}`
    })
  return [
    `INSERT INTO ${LOGINS} (kind, ${into.join()}) SELECT ${KINDS[name]}, ${columns.join()} FROM ${name} WHERE TRUE
     ON CONFLICT (kind, id) DO UPDATE SET ${merged.join()}`,
    `DROP TABLE ${name}`,
  ]
}
