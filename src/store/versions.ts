import { sql } from 'drizzle-orm'
import type { DrizzleD1Database } from 'drizzle-orm/d1'
import { versions } from './schema.ts'

/** The statement that raises a counter by one; it goes into the batch of the write it counts. */
export function bumpVersion(db: DrizzleD1Database, name: string) {
  return db
    .insert(versions)
    .values({ name, value: 1 })
    .onConflictDoUpdate({ target: versions.name, set: { value: sql`${versions.value} + 1` } })
}
