import { asc, eq, inArray, lte } from 'drizzle-orm'
import type { Seconds } from '../util/clock.ts'
import { type Database, queryD1 } from './d1.ts'
import { grants } from './schema.ts'

/*
 * The grants book of releases before 0.3.0, to which Workers of these still write while they are replaced. It goes with
 * the release after 0.3.0.
 */

/** The largest number of rows in one statement, and of statements in one purge. */
const BATCH = 500
const BATCHES = 5

/** Deletes every row of a subject. Looks at all rows, which have no index for it. Throws `temporarily_unavailable`. */
export async function eraseOlder(db: Database, subject: string): Promise<void> {
  await queryD1(() => db.delete(grants).where(eq(grants.subject, subject)))
}

/** Deletes expired rows, the oldest first. Returns how many. Throws `temporarily_unavailable`. */
export async function purgeOlder(db: Database, now: Seconds): Promise<number> {
  const due = db
    .select({ id: grants.id })
    .from(grants)
    .where(lte(grants.expiresAt, now))
    .orderBy(asc(grants.expiresAt))
    .limit(BATCH)
  let purged = 0
  for (let round = 0; round < BATCHES; round += 1) {
    const { meta } = await queryD1(() => db.delete(grants).where(inArray(grants.id, due)).run())
    const { changes } = meta
    purged += changes
    if (changes < BATCH) break
  }
  return purged
}
