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
 * grants     id, client, sid, `skipped` `remembered` `revoked` 0/1, `consent_ends` (null for never), `granted_at`,
 *            `digest` of the decision, `code_expires`, `flow_expires`, `code_attempt` (which redeemed the code),
 *            `generation` (0 until then), `issued_at` of that generation, attempt, `recent`, expires, `record`.
 *            `recent` is JSON, oldest first, at most 16: [[generation, superseded_ms, uses, attempt of last use], ...].
 *            `record` is JSON: GrantRecord and its version, `{"v":1,"subject":...}`, and as `hooked` the claims of a token
 *            hook, which count instead of those consented to; empty once revoked. `notify` is JSON for a
 *            client that is told of the session's end, `{"instance":...,"sub":...,"sid":...}`, the names only where
 *            it has its own, else ''; one such row of each client stays as long as the session.
 * epochs     `client` ('' for the whole subject), `value` (a time in ms, rising), attempt, expires.
 * spent      id, attempt, expires. In the ledger of a network, one row for each user code it tried.
 * directory  sid, owner.
 * blobs      id, expires, data.
 * devices    id, `request` (a query), `status` pending, approved or denied, the grant of an approval (`owner`, `grant_id`,
 *            `epoch`), attempt, expires. One row: a device's ledger is named by its user code.
 * notices    id (`jti` of the logout token), client, its `instance`, subject, sid, `tries` so far, `due` of the next one,
 *            attempt, expires.
 */
const COLUMNS = {
  sessions: [
    'sid TEXT NOT NULL PRIMARY KEY',
    'subject TEXT NOT NULL',
    'auth_time INTEGER NOT NULL',
    'remember INTEGER NOT NULL',
    'ends INTEGER',
    'flow_expires INTEGER NOT NULL',
    'ended INTEGER NOT NULL DEFAULT 0',
    'attempt TEXT NOT NULL',
    'expires INTEGER',
  ],
  grants: [
    'id TEXT NOT NULL PRIMARY KEY',
    'client TEXT NOT NULL',
    'sid TEXT NOT NULL',
    'skipped INTEGER NOT NULL',
    'remembered INTEGER NOT NULL',
    'revoked INTEGER NOT NULL DEFAULT 0',
    'consent_ends INTEGER',
    'granted_at INTEGER NOT NULL',
    'digest TEXT NOT NULL',
    'code_expires INTEGER NOT NULL',
    'flow_expires INTEGER NOT NULL',
    'code_attempt TEXT',
    'generation INTEGER NOT NULL DEFAULT 0',
    'issued_at INTEGER NOT NULL DEFAULT 0',
    'attempt TEXT NOT NULL',
    "recent TEXT NOT NULL DEFAULT '[]'",
    'expires INTEGER',
    'record TEXT NOT NULL',
    "notify TEXT NOT NULL DEFAULT ''",
  ],
  epochs: [
    'client TEXT NOT NULL PRIMARY KEY',
    'value INTEGER NOT NULL',
    'attempt TEXT NOT NULL',
    'expires INTEGER NOT NULL',
  ],
  spent: ['id TEXT NOT NULL PRIMARY KEY', 'attempt TEXT NOT NULL', 'expires INTEGER NOT NULL'],
  directory: ['sid TEXT NOT NULL PRIMARY KEY', 'owner TEXT NOT NULL'],
  blobs: ['id TEXT NOT NULL PRIMARY KEY', 'expires INTEGER NOT NULL', 'data TEXT NOT NULL'],
  devices: [
    'id TEXT NOT NULL PRIMARY KEY',
    'request TEXT NOT NULL',
    "status TEXT NOT NULL DEFAULT 'pending'",
    'owner TEXT',
    'grant_id TEXT',
    'epoch INTEGER',
    'attempt TEXT NOT NULL',
    'expires INTEGER NOT NULL',
  ],
  notices: [
    'id TEXT NOT NULL PRIMARY KEY',
    'client TEXT NOT NULL',
    'instance TEXT NOT NULL',
    'subject TEXT NOT NULL',
    'sid TEXT NOT NULL',
    'tries INTEGER NOT NULL DEFAULT 0',
    'due INTEGER NOT NULL',
    'attempt TEXT NOT NULL',
    'expires INTEGER NOT NULL',
  ],
} as const satisfies Record<string, readonly string[]>

/** Name of a table of a ledger. */
export type TableName = keyof typeof COLUMNS

/** Tables whose rows end; grants before the sessions that they name. */
const EXPIRING: readonly TableName[] = [
  'grants',
  'sessions',
  'epochs',
  'spent',
  'blobs',
  'devices',
  'notices',
]
const NAMES: readonly TableName[] = [...EXPIRING, 'directory']

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
    const rows = this.#sql
      .exec<{ name: string }>("SELECT name FROM sqlite_master WHERE type = 'table'")
      .toArray()
    this.#there = new Set(rows.map((row) => row.name))
  }

  has(name: TableName): boolean {
    return this.#there.has(name)
  }

  /** The rows that a query finds in a table; none where it was never made. */
  rows<Row extends Record<string, SqlStorageValue>>(
    name: TableName,
    query: string,
    ...values: readonly SqlStorageValue[]
  ): readonly Row[] {
    return this.has(name) ? this.#sql.exec<Row>(query, ...values).toArray() : []
  }

  /** The tables there are, in a fixed order. */
  all(): readonly TableName[] {
    return NAMES.filter((name) => this.has(name))
  }

  /** Those of them whose rows end, grants before sessions. */
  expiring(): readonly TableName[] {
    return EXPIRING.filter((name) => this.has(name))
  }

  /** Makes a table unless it is there. Inside a transaction. */
  make(name: TableName): void {
    if (this.has(name)) return
    this.#sql.exec(`CREATE TABLE ${name} (${COLUMNS[name].join(', ')}) WITHOUT ROWID`)
    this.#there = new Set([...this.#there, name])
  }

  /** Adds the columns that tables of an older release lack. Inside a transaction. */
  upgrade(): void {
    for (const table of this.all()) {
      const rows = this.#sql.exec<{ name: string }>('SELECT name FROM pragma_table_info(?)', table).toArray()
      const there = new Set(rows.map((row) => row.name))
      for (const column of COLUMNS[table]) {
        if (!there.has(column.split(' ', 1)[0] ?? ''))
          this.#sql.exec(`ALTER TABLE ${table} ADD COLUMN ${column}`)
      }
    }
  }
}
