import { DatabaseSync, type StatementSync } from 'node:sqlite'

type Payload = Record<string, unknown>

/** What oidc-provider asks of a store, for one kind of artefact. */
interface Adapter {
  upsert(id: string, payload: Payload, expiresIn?: number): Promise<void>
  find(id: string): Promise<Payload | undefined>
  findByUid(uid: string): Promise<Payload | undefined>
  findByUserCode(code: string): Promise<Payload | undefined>
  consume(id: string): Promise<void>
  destroy(id: string): Promise<void>
  revokeByGrantId(grantId: string): Promise<void>
}

const now = (): number => Math.floor(Date.now() / 1000)

/** Everything in a Map, which no restart survives: its own store in memory forgets all but the last 1,000 things. */
export function memoryStore(): (kind: string) => Adapter {
  const rows = new Map<string, Payload>()
  const byUid = new Map<string, string>()
  const byGrant = new Map<string, string[]>()
  return (kind) => {
    const key = (id: string): string => `${kind}:${id}`
    return {
      upsert: async (id, payload) => {
        rows.set(key(id), payload)
        const { uid, grantId } = payload
        if (typeof uid === 'string') byUid.set(uid, key(id))
        if (typeof grantId === 'string' && kind !== 'Session')
          byGrant.set(grantId, [...(byGrant.get(grantId) ?? []), key(id)])
      },
      find: async (id) => rows.get(key(id)),
      findByUid: async (uid) => rows.get(byUid.get(uid) ?? ''),
      findByUserCode: async () => undefined,
      consume: async (id) => {
        const row = rows.get(key(id))
        if (row !== undefined) row['consumed'] = now()
      },
      destroy: async (id) => {
        rows.delete(key(id))
      },
      revokeByGrantId: async (grantId) => {
        for (const one of byGrant.get(grantId) ?? []) rows.delete(one)
        byGrant.delete(grantId)
      },
    }
  }
}

const SCHEMA = `
PRAGMA journal_mode = WAL;
PRAGMA synchronous = FULL;
CREATE TABLE artefacts (
  id TEXT PRIMARY KEY, payload TEXT NOT NULL, uid TEXT, grant_id TEXT, consumed INTEGER, expires INTEGER
) WITHOUT ROWID;
CREATE INDEX artefacts_by_uid ON artefacts (uid) WHERE uid IS NOT NULL;
CREATE INDEX artefacts_by_grant ON artefacts (grant_id) WHERE grant_id IS NOT NULL;
`

/** Everything in one SQLite file; each change is on disk when the call returns. */
export function sqliteStore(path: string): (kind: string) => Adapter {
  const database = new DatabaseSync(path)
  database.exec(SCHEMA)
  const put = database.prepare('INSERT OR REPLACE INTO artefacts VALUES (?, ?, ?, ?, NULL, ?)')
  const byId = database.prepare('SELECT payload, consumed, expires FROM artefacts WHERE id = ?')
  const byUid = database.prepare('SELECT payload, consumed, expires FROM artefacts WHERE uid = ?')
  const use = database.prepare('UPDATE artefacts SET consumed = ? WHERE id = ?')
  const drop = database.prepare('DELETE FROM artefacts WHERE id = ?')
  const dropGrant = database.prepare('DELETE FROM artefacts WHERE grant_id = ?')
  return (kind) => {
    const key = (id: string): string => `${kind}:${id}`
    const text = (value: unknown): string | null => (typeof value === 'string' ? value : null)
    return {
      upsert: async (id, payload, expiresIn) => {
        const expires = expiresIn === undefined ? null : now() + expiresIn
        const grant = kind === 'Session' ? null : text(payload['grantId'])
        put.run(key(id), JSON.stringify(payload), text(payload['uid']), grant, expires)
      },
      find: async (id) => payloadOf(byId, key(id)),
      findByUid: async (uid) => payloadOf(byUid, uid),
      findByUserCode: async () => undefined,
      consume: async (id) => {
        use.run(now(), key(id))
      },
      destroy: async (id) => {
        drop.run(key(id))
      },
      revokeByGrantId: async (grantId) => {
        dropGrant.run(grantId)
      },
    }
  }
}

function payloadOf(statement: StatementSync, key: string): Payload | undefined {
  const row = statement.get(key)
  if (row === undefined) return undefined
  if (typeof row['expires'] === 'number' && row['expires'] <= now()) return undefined
  const payload: Payload = JSON.parse(String(row['payload']))
  return typeof row['consumed'] === 'number' ? { ...payload, consumed: row['consumed'] } : payload
}
