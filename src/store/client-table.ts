import { columnsOf } from './columns.ts'
import type { clients } from './schema.ts'
import type { ClientRecord } from './types.ts'

/** Columns that hold JSON. */
type JsonColumn = 'metadata' | 'rotatedSecretHashes' | 'bounds'

/** A row of `clients` under its names in code; JSON is text in it. */
type ClientRow = Omit<typeof clients.$inferSelect, JsonColumn> &
  Readonly<Record<Exclude<JsonColumn, 'bounds'>, string>> & { readonly bounds: string | null }

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

/** Name of the counter that holds the highest version of any deleted client. */
const FLOOR = 'clients'

const { selected, written, parameters, values } = columnsOf([
  'id',
  'instance',
  'accessEpoch',
  'secretHash',
  'rotatedSecretHashes',
  'name',
  'owner',
  'metadata',
  'createdAt',
  'updatedAt',
  'registrationEpoch',
  'registrationUsed',
  'consentEpoch',
  'bounds',
])

const COLUMNS = `version, ${selected}`

const SELECT = `SELECT ${COLUMNS} FROM clients`

const INSERT = `INSERT INTO clients (${written}, version)
  VALUES (${parameters}, coalesce((SELECT value FROM versions WHERE name = ?), 0) + 1)
  ON CONFLICT DO NOTHING RETURNING ${COLUMNS}`

const REPLACE = `UPDATE clients SET (${written}, version) = (${parameters}, ?15)
  WHERE id = ?1 AND version = ?15 - 1 RETURNING id`

const RAISE_FLOOR = `INSERT INTO versions (name, value) SELECT ?, version FROM clients WHERE id = ?
  ON CONFLICT (name) DO UPDATE SET value = max(versions.value, excluded.value)`

const DELETE = 'DELETE FROM clients WHERE id = ? AND version = coalesce(?, version) RETURNING version'

/** Each lifespan that some client has for its access or ID tokens. */
export async function selectLifespans(db: D1Database): Promise<readonly string[]> {
  const query = `SELECT DISTINCT each.value FROM clients, json_each(metadata, '$.lifespans') AS each
    WHERE each.key NOT LIKE '%refresh_token_lifespan'`
  const { results } = await db.prepare(query).all<{ value: string }>()
  return results.map(({ value }) => value)
}

/** The client of an id. */
export async function selectClient(db: D1Database, id: string): Promise<ClientRecord | undefined> {
  const row = await db.prepare(`${SELECT} WHERE id = ?`).bind(id).first<ClientRow>()
  return row === null ? undefined : toRecord(row)
}

/** Stores a client above every version a deleted one had; `undefined` when the id is taken. */
export async function insertClient(
  db: D1Database,
  record: Omit<ClientRecord, 'version'>,
): Promise<ClientRecord | undefined> {
  const row = await db
    .prepare(INSERT)
    .bind(...toValues(record), FLOOR)
    .first<ClientRow>()
  return row === null ? undefined : toRecord(row)
}

/** Replaces a client whose stored version is the one before `record.version`; false when it is not. */
export async function replaceClient(db: D1Database, record: ClientRecord): Promise<boolean> {
  const changed = db.prepare(REPLACE).bind(...toValues(record), record.version)
  return (await changed.first()) !== null
}

/** Deletes a client, if it has this version (null: any), and returns the one it had; `undefined` when there was none. */
export async function deleteClient(
  db: D1Database,
  id: string,
  version: number | null,
): Promise<number | undefined> {
  const [, removed] = await db.batch<Pick<ClientRow, 'version'>>([
    db.prepare(RAISE_FLOOR).bind(FLOOR, id),
    db.prepare(DELETE).bind(id, version),
  ])
  return removed?.results[0]?.version
}

/** One page of clients, ordered by id. */
export async function listClients(db: D1Database, page: ClientPage): Promise<readonly ClientRecord[]> {
  const { where, values } = matching(page, page.after)
  const { results } = await db
    .prepare(`${SELECT} ${where} ORDER BY id LIMIT ? OFFSET ?`)
    .bind(...values, page.limit, page.offset)
    .all<ClientRow>()
  return results.map(toRecord)
}

/** How many clients a filter leaves. */
export async function countClients(db: D1Database, filter: ClientFilter): Promise<number> {
  const { where, values } = matching(filter, null)
  const row = await db
    .prepare(`SELECT count(*) AS total FROM clients ${where}`)
    .bind(...values)
    .first<{ readonly total: number }>()
  return row?.total ?? 0
}

/** Fixed texts only. A condition nobody asked for is left out, not made optional: the planner then finds its index. */
function matching(
  { name, owner }: ClientFilter,
  after: string | null,
): { readonly where: string; readonly values: readonly (string | null)[] } {
  const conditions: readonly (readonly [text: string, value: string | null])[] = [
    ['name = ?', name],
    ['owner = ?', owner],
    ['id > ?', after],
  ]
  const wanted = conditions.filter(([, value]) => value !== null)
  const where = wanted.length === 0 ? '' : `WHERE ${wanted.map(([text]) => text).join(' AND ')}`
  return { where, values: wanted.map(([, value]) => value) }
}

/** What is bound for a client; `name` and `owner` are columns for the filters. */
function toValues(record: Omit<ClientRecord, 'version'>): readonly (string | number | null)[] {
  const { client_name: name, owner } = record.metadata
  const metadata = JSON.stringify(record.metadata)
  const rotatedSecretHashes = JSON.stringify(record.rotatedSecretHashes)
  const bounds = record.bounds === null ? null : JSON.stringify(record.bounds)
  return values<string | number | null>({ ...record, name, owner, metadata, rotatedSecretHashes, bounds })
}

function toRecord(row: ClientRow): ClientRecord {
  const { name: _name, owner: _owner, metadata, rotatedSecretHashes, bounds, ...record } = row
  return {
    ...record,
    metadata: JSON.parse(metadata),
    rotatedSecretHashes: JSON.parse(rotatedSecretHashes),
    bounds: bounds === null ? null : JSON.parse(bounds),
  }
}
