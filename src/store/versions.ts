const BUMP = `INSERT INTO versions (name, value) VALUES (?, 1)
  ON CONFLICT (name) DO UPDATE SET value = versions.value + 1`

/** The statement that raises a counter by one; it goes into the batch of the write it counts. */
export function bumpVersion(db: D1Database, name: string): D1PreparedStatement {
  return db.prepare(BUMP).bind(name)
}
