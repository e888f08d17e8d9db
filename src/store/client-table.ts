import { and, asc, count, eq, gt, inArray, type SQL, sql } from 'drizzle-orm'
import { clientIdOf } from '../util/ids.ts'
import { LIFESPAN_FIELDS } from './client-metadata.ts'
import type { Database } from './d1.ts'
import { clients, versions } from './schema.ts'
import type { ClientRecord } from './types.ts'

/** Which clients a list shows; null stands for "any". */
export interface ClientFilter {
  readonly name: string | null
  readonly owner: string | null
}

/** A page of the list, ordered by id: those after an id, or by offset. */
export interface ClientPage extends ClientFilter {
  readonly after: string | null
  readonly offset: number
  readonly limit: number
}

/** The lifespans of tokens that may be JWTs. */
const SIGNED_LIFESPANS = LIFESPAN_FIELDS.filter((name) => !name.endsWith('refresh_token_lifespan'))

/** Name of the counter that holds the highest version of any deleted client. */
const FLOOR = 'clients'

type ClientRow = typeof clients.$inferSelect

/** Each lifespan that some client has for its access or ID tokens. */
export async function selectLifespans(db: Database): Promise<readonly string[]> {
  const rows = await db
    .selectDistinct({ value: sql<string>`each.value` })
    .from(sql`${clients}, json_each(${clients.metadata}) AS each`)
    .where(inArray(sql`each.key`, SIGNED_LIFESPANS))
  return rows.map(({ value }) => value)
}

/** The client of an id. */
export async function selectClient(db: Database, id: string): Promise<ClientRecord | undefined> {
  const row = await db
    .select()
    .from(clients)
    .where(eq(clients.id, clientIdOf(id)))
    .get()
  return row && toRecord(row)
}

/** Stores a client above every version a deleted one had; `undefined` when the id is taken. */
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

/** Replaces a client whose stored version is the one before `record.version`; false when it is not. */
export async function replaceClient(db: Database, record: ClientRecord): Promise<boolean> {
  const { id, version } = record
  const replaced = await db
    .update(clients)
    .set({ ...toRow(record), version })
    .where(and(eq(clients.id, id), eq(clients.version, version - 1)))
    .returning({ id: clients.id })
  return replaced.length === 1
}

/** Deletes a client, if it has this version (null: any), and returns the one it had; `undefined` when there was none. */
export async function deleteClient(
  db: Database,
  id: string,
  version: number | null,
): Promise<number | undefined> {
  const highest = db
    .select({ name: sql<string>`${FLOOR}`.as('name'), value: clients.version })
    .from(clients)
    .where(eq(clients.id, clientIdOf(id)))
  const raiseFloor = db
    .insert(versions)
    .select(highest)
    .onConflictDoUpdate({
      target: versions.name,
      set: { value: sql`max(${versions.value}, excluded.value)` },
    })
  const wanted = version === null ? undefined : eq(clients.version, version)
  const remove = db
    .delete(clients)
    .where(and(eq(clients.id, clientIdOf(id)), wanted))
    .returning({ version: clients.version })
  const [, removed] = await db.batch([raiseFloor, remove])
  return removed[0]?.version
}

/** One page of clients, ordered by id. */
export async function listClients(db: Database, page: ClientPage): Promise<readonly ClientRecord[]> {
  const after = page.after === null ? undefined : gt(clients.id, clientIdOf(page.after))
  const rows = await db
    .select()
    .from(clients)
    .where(and(matching(page), after))
    .orderBy(asc(clients.id))
    .limit(page.limit)
    .offset(page.offset)
  return rows.map(toRecord)
}

/** How many clients a filter leaves. */
export async function countClients(db: Database, filter: ClientFilter): Promise<number> {
  const row = await db.select({ total: count() }).from(clients).where(matching(filter)).get()
  return row?.total ?? 0
}

/** A condition nobody asked for is left out, not made optional: the planner then finds its index. */
const matching = ({ name, owner }: ClientFilter): SQL | undefined =>
  and(
    name === null ? undefined : eq(clients.name, name),
    owner === null ? undefined : eq(clients.owner, owner),
  )

/** What is stored of a client; `name` and `owner` are columns for the filters. */
function toRow(record: Omit<ClientRecord, 'version'>): Omit<ClientRow, 'version'> {
  const { client_name: name, owner } = record.metadata
  return { ...record, name, owner }
}

function toRecord({ name: _name, owner: _owner, ...record }: ClientRow): ClientRecord {
  return record
}
