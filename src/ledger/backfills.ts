import type { TableName } from './schema.ts'

/** What an object does once when it starts with a table of an older release, which lacks a column. */
export interface Backfill {
  /** The column that was added, with its table. */
  readonly column: string
  /** The tables that must exist. */
  readonly needs: readonly TableName[]
  /** A table that the statement fills. It is made only if there is something to fill it with. */
  readonly makes?: { readonly table: TableName; readonly if: string }
  readonly statement: string
}

/** What rows of an older release get in new columns, where that is not the default. */
export const BACKFILLS: readonly Backfill[] = [
  // Whatever that release left alive was made after its epochs were raised.
  ...(['grants', 'sessions'] as const).map((table) => ({
    column: `${table}.epoch`,
    needs: [table, 'epochs'] as const,
    statement: `UPDATE ${table} SET epoch = coalesce((SELECT MAX(value) FROM epochs), 0)`,
  })),
  {
    // Grants of that release did not keep which consent of a client is remembered. The newest is.
    column: 'grants.epoch',
    needs: ['grants'],
    makes: { table: 'remembered', if: "WHERE remembered = 1 AND record <> ''" },
    statement: `INSERT OR REPLACE INTO remembered (client, id) SELECT client, id FROM grants
      WHERE remembered = 1 AND record <> '' ORDER BY granted_at, id`,
  },
  {
    column: 'sessions.recipients',
    needs: ['sessions', 'grants'],
    statement: `UPDATE sessions SET recipients = told.clients FROM
      (SELECT sid, json_group_array(json_array(client, notify)) AS clients
       FROM (SELECT DISTINCT sid, client, notify FROM grants WHERE notify <> '') GROUP BY sid) AS told
      WHERE told.sid = sessions.sid`,
  },
]
