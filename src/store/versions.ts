const BUMP = `INSERT INTO versions (name, value) VALUES (?, 1)
  ON CONFLICT (name) DO UPDATE SET value = versions.value + 1 RETURNING value`

/** The statement that raises a counter by one and returns its value; it goes into the batch of the write it counts. */
export function bumpVersion(db: D1Database, name: string): D1PreparedStatement {
  return db.prepare(BUMP).bind(name)
}
