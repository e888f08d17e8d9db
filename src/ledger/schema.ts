import type { Milliseconds, Seconds } from '../util/clock.ts'
import type { ClientId, GrantId, Sid } from '../util/ids.ts'
import type { Owner } from './owner.ts'

const TEXT = 'TEXT NOT NULL'
const INTEGER = 'INTEGER NOT NULL'
const ID = `${TEXT} PRIMARY KEY`
const COUNT = `${INTEGER} DEFAULT 0`

/**
 * The stored format of a ledger. Ledgers outlive deployments: columns are only ever added, at the end of their table's
 * list, nullable or with a default, and one release reads them before the next one writes them (design section 5). The
 * columns of a table are its stored version: when an object starts, its tables get the columns that they lack. Every
 * table is WITHOUT ROWID and has no further index, so a change costs one row. The first write creates a table, which
 * costs two rows once per object; sessions and grants share one (`layout.ts`). README.md describes every column.
 */
export const COLUMNS = {
  // Before the sessions that they name, since rows are deleted in this order.
  grants: {
    id: ID,
    client: TEXT,
    sid: TEXT,
    skipped: INTEGER,
    remembered: INTEGER,
    revoked: COUNT,
    consent_ends: 'INTEGER',
    granted_at: INTEGER,
    digest: TEXT,
    code_expires: INTEGER,
    flow_expires: INTEGER,
    code_attempt: 'TEXT',
    generation: COUNT,
    issued_at: COUNT,
    attempt: TEXT,
    recent: `${TEXT} DEFAULT '[]'`,
    expires: 'INTEGER',
    record: TEXT,
    notify: `${TEXT} DEFAULT ''`,
    rests_on: `${TEXT} DEFAULT ''`,
    tokens_end: 'INTEGER',
    epoch: COUNT,
    ended_at: 'INTEGER',
    ended_by: 'TEXT',
  },
  sessions: {
    sid: ID,
    subject: TEXT,
    auth_time: INTEGER,
    remember: INTEGER,
    ends: 'INTEGER',
    flow_expires: INTEGER,
    ended: COUNT,
    attempt: TEXT,
    expires: 'INTEGER',
    provider_session: `${TEXT} DEFAULT ''`,
    epoch: COUNT,
    revoked: COUNT,
    recipients: `${TEXT} DEFAULT '[]'`,
    used: COUNT,
    ended_at: 'INTEGER',
  },
  epochs: { client: ID, value: INTEGER, attempt: TEXT, expires: INTEGER },
  consumed: { id: ID, attempt: TEXT, expires: INTEGER },
  directory: { sid: ID, owner: TEXT },
  blobs: { id: ID, expires: INTEGER, data: TEXT },
  devices: {
    id: ID,
    request: TEXT,
    status: `${TEXT} DEFAULT 'pending'`,
    owner: 'TEXT',
    grant_id: 'TEXT',
    epoch: 'INTEGER',
    attempt: TEXT,
    expires: INTEGER,
  },
  notices: {
    id: ID,
    client: TEXT,
    instance: TEXT,
    subject: TEXT,
    sid: TEXT,
    tries: COUNT,
    due: INTEGER,
    attempt: TEXT,
    expires: INTEGER,
    kind: `${TEXT} DEFAULT 'client'`,
  },
  remembered: { client: ID, id: TEXT },
  sweeps: { name: ID, position: TEXT, keep_until: INTEGER, notify: COUNT },
  allowances: { id: ID, whole_ms: INTEGER, attempt: TEXT, expires: INTEGER },
  initial_access: {
    id: ID,
    uses: INTEGER,
    used: COUNT,
    policy: TEXT,
    created_at: INTEGER,
    revoked: COUNT,
    recent: `${TEXT} DEFAULT ''`,
    attempt: TEXT,
    expires: INTEGER,
  },
  changes: {
    id: ID,
    tag: `${TEXT} DEFAULT ''`,
    open: `${TEXT} DEFAULT ''`,
    mixed: COUNT,
    until_ms: INTEGER,
    attempt: TEXT,
    head: COUNT,
    expires: 'INTEGER',
  },
} as const satisfies Record<string, Readonly<Record<string, string>>>

type Columns = typeof COLUMNS

/** The name of a table of a ledger. */
export type TableName = keyof Columns

/** The name of a column of a table. */
export type ColumnName<Name extends TableName> = keyof Columns[Name] & string

/** The columns that do not hold every string or number, with their types. */
interface Narrower {
  readonly grants: {
    readonly id: GrantId
    readonly client: ClientId
    readonly consent_ends: Seconds
    readonly granted_at: Seconds
    readonly code_expires: Seconds
    readonly flow_expires: Seconds
    readonly issued_at: Seconds
    readonly rests_on: GrantId | ''
    readonly tokens_end: Seconds
    readonly ended_at: Seconds
    readonly ended_by: EndedBy
  }
  readonly sessions: {
    readonly auth_time: Seconds
    readonly ends: Seconds
    readonly flow_expires: Seconds
    readonly used: Seconds
    readonly ended_at: Seconds
  }
  readonly epochs: { readonly client: EpochKey; readonly value: Milliseconds }
  readonly allowances: { readonly whole_ms: Milliseconds }
  readonly devices: { readonly status: 'pending' | 'approved' | 'denied'; readonly grant_id: GrantId }
  readonly notices: {
    readonly client: ClientId
    readonly due: Seconds
    readonly kind: 'client' | 'identity_provider'
  }
  readonly remembered: { readonly client: ClientId; readonly id: GrantId }
  readonly sweeps: { readonly name: 'grants' | 'sessions'; readonly keep_until: Seconds }
  readonly initial_access: { readonly created_at: Seconds }
  readonly changes: { readonly until_ms: Milliseconds }
}

/**
 * Such columns with the same type in every table, except the `sid` of a notice: a client may have its own name for it.
 */
interface NarrowerEverywhere {
  readonly sid: Sid
  readonly owner: Owner
  readonly expires: Seconds
}

/** What ended the tokens of a grant before their time. */
export type EndedBy =
  | 'token_revoked'
  | 'consent_revoked'
  | 'code_reused'
  | 'refresh_token_reused'
  | 'session_ended'
  | 'all_sessions_ended'

/** The key of an epoch: a client, all clients of the subject, logins, tokens, or all that is stored. */
export type EpochKey = ClientId | typeof SUBJECT | typeof LOGINS | typeof TOKENS | typeof ERASED

/** The key of the epoch that counts for every client of the subject. */
export const SUBJECT = ''

/** The key of the epoch of logins. It is no client id, since those have no control characters. */
export const LOGINS = '\u0000logins'

/** The key of the epoch of tokens: all of them ended, and consents did not. No client id, either. */
export const TOKENS = '\u0000tokens'

/** The key of the epoch of what was erased: nothing of it may be left but ids. No client id, either. */
export const ERASED = '\u0000erased'

type Kind<Declared> = Declared extends `TEXT${string}` ? string : number
type Absent<Declared> = Declared extends `${string}NOT NULL${string}` ? never : null
type Narrow<Name, Column> = [Name, Column] extends ['notices', 'sid']
  ? unknown
  : Column extends keyof NarrowerEverywhere
    ? NarrowerEverywhere[Column]
    : Name extends keyof Narrower
      ? Column extends keyof Narrower[Name]
        ? Narrower[Name][Column]
        : unknown
      : unknown
type Value<Name extends TableName, Column extends keyof Columns[Name]> =
  | (Kind<Columns[Name][Column]> & Narrow<Name, Column>)
  | Absent<Columns[Name][Column]>

/** The columns that a new row may leave out; they are then null or have their default. */
type Optional<Name extends TableName> = {
  [Column in ColumnName<Name>]: Columns[Name][Column] extends `${string}DEFAULT${string}`
    ? Column
    : null extends Absent<Columns[Name][Column]>
      ? Column
      : never
}[ColumnName<Name>]

/** The key column of a table, which is its first. */
type Key<Name extends TableName> = {
  [Column in ColumnName<Name>]: Columns[Name][Column] extends `${string}PRIMARY KEY` ? Column : never
}[ColumnName<Name>]

/** A row of a table, or some columns of it. */
export type Row<Name extends TableName, Column extends ColumnName<Name> = ColumnName<Name>> = {
  readonly [C in Column]: Value<Name, C>
}

/** What is read of the session of a grant beside the grant. */
export const OF_SESSION = ['ended', 'revoked', 'epoch'] as const

/** A row of a grant, or some columns of it, with its session's; those are null if there is no session. */
export type GrantWithSession<Column extends ColumnName<'grants'> = ColumnName<'grants'>> = Row<
  'grants',
  Column
> & {
  readonly [C in (typeof OF_SESSION)[number] as `session_${C}`]: Value<'sessions', C> | null
}

/** The type of a table's key. */
export type KeyOf<Name extends TableName> = Value<Name, Key<Name>>

/** A new row. Columns that may be null or have a default may be left out. */
export type NewRow<Name extends TableName> = Row<Name, Exclude<ColumnName<Name>, Optional<Name>>> & {
  readonly [C in Optional<Name>]?: Value<Name, C>
}

/** Changes to a row. Its key cannot change. */
export type Changes<Name extends TableName> = {
  readonly [C in Exclude<ColumnName<Name>, Key<Name>>]?: Value<Name, C>
}

/** The tables whose rows expire. */
export type EndingTable = {
  [Name in TableName]: 'expires' extends ColumnName<Name> ? Name : never
}[TableName]

/** The columns of a grant. */
export const GRANT_COLUMNS = Object.keys(COLUMNS.grants).filter(
  (name): name is ColumnName<'grants'> => name in COLUMNS.grants,
)

const isTable = (name: string): name is TableName => name in COLUMNS

/** Every table, in a fixed order. */
export const TABLES: readonly TableName[] = Object.keys(COLUMNS).filter(isTable)

/** Whether the rows of a table expire. */
export const isEnding = (name: TableName): name is EndingTable => 'expires' in COLUMNS[name]

/** Returns the name of a table's key column. */
export const keyOf = (name: TableName): string => Object.keys(COLUMNS[name])[0] ?? ''
