/** The statement that deletes rows which ended by a time in seconds, the oldest first and `batch` at most; it returns their ids. */
export function purging(
  db: D1Database,
  table: 'grants' | 'trusted_issuers',
  now: number,
  batch: number,
): D1PreparedStatement {
  const ended = `SELECT id FROM ${table} WHERE expires_at <= ? ORDER BY expires_at LIMIT ?`
  return db.prepare(`DELETE FROM ${table} WHERE id IN (${ended}) RETURNING id`).bind(now, batch)
}
