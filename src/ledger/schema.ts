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
const COLUMNS = {
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

/** Name of a table of a ledger. */
export type TableName = keyof typeof COLUMNS

/** Values for some columns of a table. */
type Values<Name extends TableName> = {
  readonly [Column in keyof (typeof COLUMNS)[Name]]?: SqlStorageValue
}

/** What a query finds. */
export type Row = Record<string, SqlStorageValue>

const isTable = (name: string): name is TableName => name in COLUMNS
const NAMES = Object.keys(COLUMNS).filter(isTable)

/** The condition that finds one row of a table: its first column is its key. */
const byKey = (name: TableName): string => `WHERE ${Object.keys(COLUMNS[name])[0]} = ?`

/** The tables of one object: which there are, and the making of those that are not. */
export class Tables {
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

  /** The rows that a statement finds in a table, or returns from it; none where it was never made. */
  rows<Found extends Row>(
    name: TableName,
    query: string,
    ...values: readonly SqlStorageValue[]
  ): readonly Found[] {
    return this.has(name) ? this.#sql.exec<Found>(query, ...values).toArray() : []
  }

  /** The row of a key. */
  find<Found extends Row>(name: TableName, key: string): Found | undefined {
    return this.rows<Found>(name, `SELECT * FROM ${name} ${byKey(name)}`, key)[0]
  }

  /** Writes a row, in the place of the one of its key if there is one; its other columns get their defaults. */
  insert<Name extends TableName>(name: Name, row: Values<Name>): void {
    this.make(name)
    const columns = Object.keys(row)
    const query = `INSERT OR REPLACE INTO ${name} (${columns.join()}) VALUES (${columns.map(() => '?').join()})`
    this.#sql.exec(query, ...Object.values(row))
  }

  /** Changes columns of the row of a key. */
  update<Name extends TableName>(name: Name, key: string, changes: Values<Name>): void {
    const columns = Object.keys(changes).map((column) => `${column} = ?`)
    this.#sql.exec(`UPDATE ${name} SET ${columns.join()} ${byKey(name)}`, ...Object.values(changes), key)
  }

  /** Deletes the rows of some keys. */
  delete(name: TableName, keys: readonly string[]): void {
    for (const key of keys) this.rows(name, `DELETE FROM ${name} ${byKey(name)}`, key)
  }

  /** The tables there are, in a fixed order. */
  all(): readonly TableName[] {
    return NAMES.filter((name) => this.has(name))
  }

  /** Those of them whose rows end, grants before sessions. */
  expiring(): readonly TableName[] {
    return this.all().filter((name) => 'expires' in COLUMNS[name])
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

  #names(query: string, ...values: readonly string[]): ReadonlySet<string> {
    const rows = this.#sql.exec<{ name: string }>(query, ...values).toArray()
    return new Set(rows.map(({ name }) => name))
  }
}
