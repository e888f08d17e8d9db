import { and, asc, count, eq, gt, inArray, lte, type SQL, sql } from 'drizzle-orm'
import { type Seconds, seconds } from '../util/clock.ts'
import { type ClientId, clientIdOf } from '../util/ids.ts'
import { LIFESPAN_FIELDS } from './client-metadata.ts'
import { isAlive, isPurgeable, NOTED_EVERY } from './client-use.ts'
import { anyOf, type Database } from './d1.ts'
import { bytesOf, onPage } from './page.ts'
import { clients, versions } from './schema.ts'
import type { ClientRecord } from './types.ts'

/** Which clients a list shows; null is any. */
export interface ClientFilter {
  readonly name: string | null
  readonly owner: string | null
}

/** How long clients may be unused, seconds, null for ever; and the time, for the question which ended by that. */
export interface Ends {
  readonly ttl: Seconds | null
  readonly now: Seconds
}

/** A page of the list, which is ordered by id. */
export interface ClientPage extends ClientFilter {
  /** The page begins after this id; null for the beginning. */
  readonly after: string | null
  /** How many clients are skipped. */
  readonly offset: number
  /** The largest number of clients on the page. */
  readonly limit: number
}

/** The lifetimes of tokens that may be JWTs. */
const SIGNED_LIFESPANS = LIFESPAN_FIELDS.filter((name) => !name.endsWith('refresh_token_lifespan'))

/** The name of the counter that holds the highest version of any deleted client. */
const FLOOR = 'clients'

/** Keeps the higher value of a counter. */
const HIGHER = { target: versions.name, set: { value: sql`max(${versions.value}, excluded.value)` } }

type ClientRow = typeof clients.$inferSelect

/** Returns the different lifetimes, as Go durations, that clients have for their access and ID tokens. */
export async function selectLifespans(db: Database): Promise<readonly string[]> {
  const rows = await db
    .selectDistinct({ value: sql<string>`each.value` })
    .from(sql`${clients}, json_each(${clients.metadata}) AS each`)
    .where(inArray(sql`each.key`, SIGNED_LIFESPANS))
  return rows.map(({ value }) => value)
}

/** Returns the client of an id. */
export async function selectClient(db: Database, id: string): Promise<ClientRecord | undefined> {
  const row = await db
    .select()
    .from(clients)
    .where(eq(clients.id, clientIdOf(id)))
    .get()
  return row && toRecord(row)
}

/** Returns the clients of some ids, by their ids. */
export async function selectClients(
  db: Database,
  ids: readonly string[],
): Promise<ReadonlyMap<string, ClientRecord>> {
  const rows = await db
    .select()
    .from(clients)
    .where(inArray(clients.id, anyOf(ids)))
  return new Map(rows.map((row) => [row.id, toRecord(row)]))
}

/** Returns the ids of clients after one, in their order. */
export async function selectIds(
  db: Database,
  after: string | null,
  limit: number,
): Promise<readonly ClientId[]> {
  const rest = after === null ? undefined : gt(clients.id, clientIdOf(after))
  const rows = await db
    .select({ id: clients.id })
    .from(clients)
    .where(rest)
    .orderBy(asc(clients.id))
    .limit(limit)
  return rows.map(({ id }) => id)
}

/** Stores a client with a version above that of every deleted client. Returns `undefined` if the id is taken. */
export async function insertClient(
  db: Database,
  record: Omit<ClientRecord, 'version'>,
): Promise<ClientRecord | undefined> {
  const floor = db.select({ value: versions.value }).from(versions).where(eq(versions.name, FLOOR))
  const row = await db
    .insert(clients)
    .values({ ...toRow(record), version: sql`coalesce(${floor}, 0) + 1` })
    .onConflictDoNothing()
    .returning()
    .get()
  return row && toRecord(row)
}

/** Replaces a client if its stored version is the one before `record.version`. Returns whether it did. */
export async function replaceClient(db: Database, record: ClientRecord): Promise<boolean> {
  const { id, version } = record
  const replaced = await db
    .update(clients)
    .set({ ...toRow(record), version, usedAt: latestUse(record) })
    .where(and(eq(clients.id, id), eq(clients.version, version - 1)))
    .returning({ id: clients.id })
  return replaced.length === 1
}

/** A use that was noted since the record was read must not be lost: that raises no version. */
const latestUse = ({ usedAt }: ClientRecord): SQL | null =>
  usedAt === null ? null : sql`max(${clients.usedAt}, ${usedAt})`

/** Notes that a client was used, unless that was noted lately. Returns the client if it was noted now. */
export async function noteClientUse(
  db: Database,
  { id, instance }: ClientRecord,
  now: Seconds,
): Promise<ClientRecord | undefined> {
  const isDue = lte(clients.usedAt, seconds(now - NOTED_EVERY))
  const [row] = await db
    .update(clients)
    .set({ usedAt: now })
    .where(and(eq(clients.id, id), eq(clients.instance, instance), isDue))
    .returning()
  return row && toRecord(row)
}

/** Deletes clients that ended because they were not used, some at a time. Returns how many it deleted. */
export async function purgeUnusedClients(
  db: Database,
  ttl: Seconds,
  now: Seconds,
  limit: number,
): Promise<number> {
  const due = () =>
    db
      .select({ id: clients.id, version: clients.version })
      .from(clients)
      .where(isPurgeable(ttl, now))
      .orderBy(asc(clients.usedAt), asc(clients.id))
      .limit(limit)
  const found = await due()
  if (found.length === 0) return 0
  // Nobody changes a client that ended, and for this time no further one ends.
  const value = Math.max(...found.map(({ version }) => version))
  const ended = due().as('ended')
  const [, removed] = await db.batch([
    db.insert(versions).values({ name: FLOOR, value }).onConflictDoUpdate(HIGHER),
    db
      .delete(clients)
      .where(inArray(clients.id, db.select({ id: ended.id }).from(ended)))
      .returning({ id: clients.id }),
  ])
  return removed.length
}

/**
 * Deletes a client if it has a version; null is any. Returns the version that was deleted, `undefined` if there was no
 * such client.
 */
export async function deleteClient(
  db: Database,
  id: string,
  version: number | null,
): Promise<number | undefined> {
  const highest = db
    .select({ name: sql<string>`${FLOOR}`.as('name'), value: clients.version })
    .from(clients)
    .where(eq(clients.id, clientIdOf(id)))
  const raiseFloor = db.insert(versions).select(highest).onConflictDoUpdate(HIGHER)
  const wanted = version === null ? undefined : eq(clients.version, version)
  const remove = db
    .delete(clients)
    .where(and(eq(clients.id, clientIdOf(id)), wanted))
    .returning({ version: clients.version })
  const [, removed] = await db.batch([raiseFloor, remove])
  return removed[0]?.version
}

/** Returns one page of clients, ordered by id, with no more bytes than a page may have. */
export async function listClients(
  db: Database,
  page: ClientPage,
  ends: Ends,
): Promise<readonly ClientRecord[]> {
  const after = page.after === null ? undefined : gt(clients.id, clientIdOf(page.after))
  const listed = db
    .select({ id: clients.id, bytes: bytesOf(clients.metadata, clients.bounds) })
    .from(clients)
    .where(and(matching(page, ends), after))
    .orderBy(asc(clients.id))
    .limit(page.limit)
    .offset(page.offset)
  const rows = await db.select().from(clients).where(onPage(clients.id, listed)).orderBy(asc(clients.id))
  return rows.map(toRecord)
}

/** Counts the clients that pass a filter. */
export async function countClients(db: Database, filter: ClientFilter, ends: Ends): Promise<number> {
  const row = await db.select({ total: count() }).from(clients).where(matching(filter, ends)).get()
  return row?.total ?? 0
}

/** Leaves out a condition that is not needed, rather than making it optional, so that the planner uses an index. */
const matching = ({ name, owner }: ClientFilter, { ttl, now }: Ends): SQL | undefined =>
  and(
    isAlive(ttl, now),
    name === null ? undefined : eq(clients.name, name),
    owner === null ? undefined : eq(clients.owner, owner),
  )

/** Returns the row of a client; `name` and `owner` are columns for the filters. */
function toRow(record: Omit<ClientRecord, 'version'>): Omit<ClientRow, 'version'> {
  const { client_name: name, owner } = record.metadata
  return { ...record, name, owner }
}

function toRecord({ name: _name, owner: _owner, ...record }: ClientRow): ClientRecord {
  return record
}
