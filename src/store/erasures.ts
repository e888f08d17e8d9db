import { and, gt, lt, type SQL, sql } from 'drizzle-orm'
import { after, type Seconds, seconds } from '../util/clock.ts'
import { type Database, queryD1 } from './d1.ts'
import { upkeep } from './schema.ts'

/*
 * What keeps an erased subject out of the grants book. Its rows are written behind the answer and tried again, so one may
 * come after the erasure. A mark, by a keyed hash of the subject, refuses in the same statement what the ledger decided
 * before it erased.
 */

/** How long a mark is kept at least, seconds: far longer than a write that is under way can be. */
const KEPT = seconds(3600)

/** What the names of marks begin with, and what comes behind all of them. */
const PREFIX = 'subject_erased:'
const BEHIND = 'subject_erased;'

/** The statement that marks a subject as erased, for what was decided up to then. A later mark stays. */
export const markErased = (db: Database, hash: string, at: Seconds) =>
  db
    .insert(upkeep)
    .values({ name: PREFIX + hash, ranAt: at, succeededAt: null, result: {} })
    .onConflictDoUpdate({
      target: upkeep.name,
      set: { ranAt: sql`max(${upkeep.ranAt}, excluded.ran_at)` },
    })

/** The condition that a subject was not erased since something was decided. */
export const isNotErased = (hash: string, decidedAt: Seconds): SQL =>
  sql`NOT EXISTS (SELECT 1 FROM ${upkeep} WHERE ${upkeep.name} = ${PREFIX + hash} AND ${upkeep.ranAt} >= ${decidedAt})`

/** Deletes marks that nothing needs any more. Throws `temporarily_unavailable`. */
export async function purgeMarks(db: Database, now: Seconds): Promise<void> {
  const old = and(
    gt(upkeep.name, PREFIX),
    lt(upkeep.name, BEHIND),
    lt(upkeep.ranAt, after(now, seconds(-KEPT))),
  )
  await queryD1(() => db.delete(upkeep).where(old).run())
}
