import type { Seconds } from '../util/clock.ts'
import type { ClientId, Sid } from '../util/ids.ts'
import { openSessions } from './sessions.ts'
import { later, type View } from './transaction.ts'

/** Which sessions a page of the admin list holds. */
export interface ListSessionsInput {
  /** The last session of the previous page, and when the user logged in to it; null for the first page. */
  readonly after: { readonly sid: Sid; readonly authTime: Seconds } | null
  /** How many sessions are skipped. */
  readonly offset: number
  /** The largest number of sessions on the page. */
  readonly limit: number
}

/** An open login session. */
export interface ListedSession {
  readonly id: Sid
  readonly authTime: Seconds
  /** Whether later requests may recognise it by its cookie. */
  readonly remember: boolean
  /** When recognition ends; null for never, and for a session that is not remembered. */
  readonly ends: Seconds | null
  /** When the user logged in, consented, or a client got tokens in it: the latest of these that is known. */
  readonly lastUsed: Seconds
  /** The clients that have a grant of it, those that used it last first; no more than `MAX_CLIENTS`. */
  readonly clients: readonly ClientId[]
}

/** How many clients of one session are listed, so that a page has an end. */
const MAX_CLIENTS = 20

/** Lists the open sessions, the newest login first. */
export function listSessions({ tables, now }: View, input: ListSessionsInput): readonly ListedSession[] {
  const { after, offset, limit } = input
  const page = `FROM sessions WHERE ${openSessions(tables)} AND (?2 IS NULL OR (auth_time, sid) < (?3, ?2))
    ORDER BY auth_time DESC, sid DESC LIMIT ?4 OFFSET ?5`
  const place = [now, after?.sid ?? null, after?.authTime ?? null, limit, offset] as const
  const rows = tables.select('sessions', '*', page.slice('FROM sessions '.length), ...place)
  // The newest grant of each client stands for all of its grants in the session.
  const grants = tables.select(
    'grants',
    ['sid', 'client', 'granted_at', 'issued_at'],
    `WHERE sid IN (SELECT sid ${page}) GROUP BY sid, client HAVING MAX(MAX(issued_at, granted_at)) IS NOT NULL`,
    ...place,
  )
  const bySession = Map.groupBy(grants, ({ sid }) => sid)
  return rows.map((row) => {
    const uses = (bySession.get(row.sid) ?? [])
      .map(({ client, granted_at, issued_at }) => ({
        client,
        at: granted_at > issued_at ? granted_at : issued_at,
      }))
      .toSorted((one, other) => other.at - one.at)
    const last = later(uses[0]?.at ?? row.auth_time, later(row.used, row.auth_time))
    return {
      id: row.sid,
      authTime: row.auth_time,
      remember: row.remember === 1,
      ends: row.ends,
      lastUsed: last,
      clients: uses.slice(0, MAX_CLIENTS).map(({ client }) => client),
    }
  })
}

/** Counts the sessions that `listSessions` lists. */
export const countSessions = ({ tables, now }: View): number =>
  tables.count('sessions', `WHERE ${openSessions(tables)}`, now)
