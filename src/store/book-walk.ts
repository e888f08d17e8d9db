import { and, eq, lte, sql } from 'drizzle-orm'
import * as v from 'valibot'
import type { Seconds } from '../util/clock.ts'
import { rfc3339 } from '../util/rfc3339.ts'
import { type Database, queryD1 } from './d1.ts'
import { purgeMarks } from './erasures.ts'
import { grantsBook, upkeep } from './schema.ts'

/*
 * Expired rows of the grants book are found by a walk through the table, in the order of its key: an index of ends would
 * make every write dearer by one row, and a row that is read costs a thousandth of one that is written. A walk begins once
 * a day (UTC). Each run of the scheduled job goes on where the last one stopped.
 */

/** How many rows one statement looks at. A row is looked at in about a microsecond. */
const BATCH = 5000

/**
 * The most steps of a run, of two queries at most: an invocation may make 1,000 queries
 * (https://developers.cloudflare.com/d1/platform/limits/).
 */
const MOST_STEPS = 400

/** The steps of a run of a small book. The free plan allows 50 queries, and other tasks of the job need theirs. */
const LEAST_STEPS = 10

/** In how many runs a walk should be over: half a day's, every 15 minutes. */
const RUNS = 48

/** The row in which the walk notes where it is. */
const NAME = 'grants_book'

const note = v.object({
  /** The day on which the walk began, as in RFC 3339. */
  day: v.string(),
  /** The key behind which it goes on; null when it is over. */
  after: v.nullable(v.string()),
  /** How many rows it has seen, and the one before. */
  seen: v.number(),
  before: v.number(),
})
type Note = v.InferOutput<typeof note>

/** Subject and client in one text of the same order: neither has control characters. */
const KEY = sql`${grantsBook.subject} || char(31) || ${grantsBook.clientId}`
const partsOf = (key: string): readonly [subject: string, clientId: string] => {
  const [subject = '', clientId = ''] = key.split('\u001f')
  return [subject, clientId]
}

/**
 * Goes on with the walk of the day, or begins it, and deletes the expired rows that it sees; and old marks of erased
 * subjects. Returns how many rows of the book.
 *
 * @param now - seconds since the epoch
 * @throws `temporarily_unavailable`; the next run then begins where this one did
 */
export async function purgeBook(db: Database, now: Seconds, batch = BATCH): Promise<number> {
  const today = rfc3339(now).slice(0, 10)
  const last = await readNote(db)
  if (last !== undefined && last.after === null && last.day === today) return 0
  await purgeMarks(db, now)
  const begun = last?.after == null ? { day: today, after: '', seen: 0, before: last?.seen ?? 0 } : last
  const { purged, ...walked } = await walk(db, begun, now, batch)
  await writeNote(db, walked, now)
  return purged
}

async function walk(
  db: Database,
  begun: Note,
  now: Seconds,
  batch: number,
): Promise<Note & { readonly purged: number }> {
  const expected = Math.ceil(Math.max(begun.before, begun.seen) / batch / RUNS)
  const steps = Math.min(Math.max(expected, LEAST_STEPS), MOST_STEPS)
  let { after, seen } = begun
  let purged = 0
  for (let step = 0; step < steps && after !== null; step += 1) {
    const found = await look(db, after, now, batch)
    seen += found.seen
    if (found.due > 0) purged += await deleteDue(db, after, found.last ?? '', now)
    after = found.seen < batch ? null : found.last
  }
  return { ...begun, after, seen, purged }
}

interface Found {
  readonly seen: number
  readonly due: number
  readonly last: string | null
}

/** Looks at the next rows: how many they are, how many of them are due, and the key of the last one. */
async function look(db: Database, after: string, now: Seconds, batch: number): Promise<Found> {
  const { subject, clientId, expiresAt } = grantsBook
  const next = sql`SELECT ${KEY} AS place, ${expiresAt} <= ${now} AS due FROM ${grantsBook}
    WHERE (${subject}, ${clientId}) > (${partsOf(after)[0]}, ${partsOf(after)[1]})
    ORDER BY ${subject}, ${clientId} LIMIT ${batch}`
  const [found] = await queryD1(() =>
    db.all<Found>(
      sql`SELECT count(*) AS seen, coalesce(sum(due), 0) AS due, max(place) AS last FROM (${next})`,
    ),
  )
  return found ?? { seen: 0, due: 0, last: null }
}

async function deleteDue(db: Database, after: string, last: string, now: Seconds): Promise<number> {
  const { subject, clientId, expiresAt } = grantsBook
  const key = sql`(${subject}, ${clientId})`
  const [from, to] = [partsOf(after), partsOf(last)]
  const { meta } = await queryD1(() =>
    db
      .delete(grantsBook)
      .where(
        and(sql`${key} > (${from[0]}, ${from[1]})`, sql`${key} <= (${to[0]}, ${to[1]})`, lte(expiresAt, now)),
      )
      .run(),
  )
  return meta.changes
}

async function readNote(db: Database): Promise<Note | undefined> {
  const row = await queryD1(() =>
    db.select({ result: upkeep.result }).from(upkeep).where(eq(upkeep.name, NAME)).get(),
  )
  // What cannot be read is begun anew: it is only where the walk was.
  const read = v.safeParse(note, row?.result)
  return read.success ? read.output : undefined
}

async function writeNote(db: Database, result: Note, now: Seconds): Promise<void> {
  const set = { ranAt: now, succeededAt: now, result: { ...result } }
  await queryD1(() =>
    db
      .insert(upkeep)
      .values({ name: NAME, ...set })
      .onConflictDoUpdate({ target: upkeep.name, set })
      .run(),
  )
}
