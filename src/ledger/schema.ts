import type { Milliseconds, Seconds } from '../util/clock.ts'
import type { ClientId, GrantId, Sid } from '../util/ids.ts'
import type { Owner } from './owner.ts'

const TEXT = 'TEXT NOT NULL'
const INTEGER = 'INTEGER NOT NULL'
const ID = `${TEXT} PRIMARY KEY`
const COUNT = `${INTEGER} DEFAULT 0`

/**
 * The stored format of a ledger. Ledgers outlive deployments: columns are only ever added, at the end of their
 * table's list, nullable or with a default, and readable one release before they are written (design section 5).
 * The stored version of a table is the columns it has; what an older release made gets the missing ones when its
 * object starts. Every table is WITHOUT ROWID and has no further index, so a change costs one row. A table is made
 * by the first write that needs it (two rows, once per object).
 *
 * Times are seconds since the epoch unless the name ends in `_ms`; `expires` is when a row counts as absent and
 * may be deleted, null for never. `attempt` is the request that made the last change.
 *
 * sessions   sid, subject, auth_time, `remember` 0/1, `ends` (of recognition; null for never), `flow_expires` (until
 *            when verifiers of its flow live), `ended` 0/1 (a tombstone), attempt, expires.
 * grants     id, client, sid, `skipped` `remembered` 0/1, `revoked` 0/1 (the end of the tokens), `consent_ends` (the end
 *            of a remembered consent, null for never), `granted_at`,
 *            `digest` of the decision, `code_expires`, `flow_expires`, `code_attempt` (which redeemed the code),
 *            `generation` (0 until then), `issued_at` of that generation, attempt, `recent`, expires, `record`.
 *            `recent` is JSON, oldest first, at most 16: [[generation, superseded_ms, uses, attempt of last use], ...].
 *            `record` is JSON: GrantRecord and its version, `{"v":1,"subject":...}`, and as `hooked` the claims of a token
 *            hook, which count instead of those consented to; empty once tokens and consent have ended. `notify` is JSON for a
 *            client that is told of the session's end, `{"instance":...,"sub":...,"sid":...}`, the names only where
 *            it has its own, else ''; one such row of each client stays as long as the session. `rests_on` is the
 *            remembered consent because of which this one was skipped, else ''; that row stays as long as tokens of
 *            this one. `tokens_end` is when the last code or token ends, null for never.
 * epochs     `client` ('' for the whole subject), `value` (a time in ms, rising), attempt, expires.
 * consumed   id, attempt, expires. In the ledger of a network, one row for each user code it tried.
 * directory  sid, owner.
 * blobs      id, expires, data.
 * devices    id, `request` (a query), `status` pending, approved or denied, the grant of an approval (`owner`, `grant_id`,
 *            `epoch`), attempt, expires. One row: a device's ledger is named by its user code.
 * notices    id (`jti` of the logout token), client, its `instance`, subject, sid, `tries` so far, `due` of the next one,
 *            attempt, expires.
 */
export const COLUMNS = {
  // Before the sessions that they name: rows are deleted in this order.
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
  },
} as const satisfies Record<string, Readonly<Record<string, string>>>

type Columns = typeof COLUMNS

/** Name of a table of a ledger. */
export type TableName = keyof Columns

/** Name of a column of a table. */
export type ColumnName<Name extends TableName> = keyof Columns[Name] & string

/** What a column holds where that is less than any text or number. */
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
  }
  readonly sessions: { readonly auth_time: Seconds; readonly ends: Seconds; readonly flow_expires: Seconds }
  readonly epochs: { readonly client: EpochKey; readonly value: Milliseconds }
  readonly devices: { readonly status: 'pending' | 'approved' | 'denied'; readonly grant_id: GrantId }
  readonly notices: { readonly client: ClientId; readonly due: Seconds }
}

/** What it holds in every table that has it. The `sid` of a notice is the client's, of whatever form. */
interface NarrowerEverywhere {
  readonly sid: Sid
  readonly owner: Owner
  readonly expires: Seconds
}

/** Whose an epoch is: a client's, every client's of the subject, or that of logins. */
export type EpochKey = ClientId | typeof SUBJECT | typeof LOGINS

/** Key of the epoch that counts for every client of the subject. */
export const SUBJECT = ''

/** Key of the epoch of logins; no client id has a control character. */
export const LOGINS = '\u0000logins'

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

/** Columns that a new row may leave out: null or a default then. */
type Optional<Name extends TableName> = {
  [Column in ColumnName<Name>]: Columns[Name][Column] extends `${string}DEFAULT${string}`
    ? Column
    : null extends Absent<Columns[Name][Column]>
      ? Column
      : never
}[ColumnName<Name>]

/** The column that is a table's key, which is its first. */
type Key<Name extends TableName> = {
  [Column in ColumnName<Name>]: Columns[Name][Column] extends `${string}PRIMARY KEY` ? Column : never
}[ColumnName<Name>]

/** A row of a table, or some columns of it. */
export type Row<Name extends TableName, Column extends ColumnName<Name> = ColumnName<Name>> = {
  readonly [C in Column]: Value<Name, C>
}

/** What a row of a table is found by. */
export type KeyOf<Name extends TableName> = Value<Name, Key<Name>>

/** A new row: every column but those that may be null or have a default. */
export type NewRow<Name extends TableName> = Row<Name, Exclude<ColumnName<Name>, Optional<Name>>> & {
  readonly [C in Optional<Name>]?: Value<Name, C>
}

/** Changes to a row; its key stays. */
export type Changes<Name extends TableName> = {
  readonly [C in Exclude<ColumnName<Name>, Key<Name>>]?: Value<Name, C>
}

/** Tables whose rows end. */
export type EndingTable = {
  [Name in TableName]: 'expires' extends ColumnName<Name> ? Name : never
}[TableName]

const isTable = (name: string): name is TableName => name in COLUMNS

/** Every table, in a fixed order. */
export const TABLES: readonly TableName[] = Object.keys(COLUMNS).filter(isTable)

/** Whether the rows of a table end. */
export const isEnding = (name: TableName): name is EndingTable => 'expires' in COLUMNS[name]

/** The column that is a table's key. */
export const keyOf = (name: TableName): string => Object.keys(COLUMNS[name])[0] ?? ''
