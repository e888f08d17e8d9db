import { after, type Seconds, seconds } from '../util/clock.ts'
import type { ClientId, Sid } from '../util/ids.ts'
import { readNotify } from './grant-record.ts'
import type { ReadableTables } from './tables.ts'
import type { Transaction, View } from './transaction.ts'

/** A client that wants to know of a session's end. */
export interface LogoutRecipient {
  readonly client: ClientId
  /** Instance of the client that was given a grant: another one of its id is not told. */
  readonly instance: string
  /** As the client knows them. */
  readonly subject: string
  readonly sid: string
}

/** One that is still to be told of it (OIDC Back-Channel Logout 1.0). */
export interface Notice extends LogoutRecipient {
  /** `jti` of the logout token, the same at every try. */
  readonly id: string
}

/** Pause before the next try, by how many there were, seconds: the request that ended the session makes the first. */
const PAUSES = [seconds(60), seconds(300), seconds(1800), seconds(7200), seconds(21_600)] as const

/** How long a client that cannot be reached is tried, seconds. */
const KEEP_SECONDS = seconds(86_400)

/** Tries that one run of the alarm makes; the others are due at once. */
const BATCH = 20

const COLUMNS = ['id', 'client', 'instance', 'subject', 'sid'] as const

/**
 * The clients that hold a grant of this session, open or ended, and want to know of its end, under the names they know
 * subject and session by.
 */
export function recipientsOf(
  { tables }: View,
  session: { readonly sid: Sid; readonly subject: string },
): readonly LogoutRecipient[] {
  const rest = "WHERE sid = ? AND notify <> '' GROUP BY client, notify ORDER BY client, notify"
  const clients = tables.select('grants', ['client', 'notify'], rest, session.sid)
  return clients.map(({ client, notify }) => {
    const { instance, sub: subject = session.subject, sid = session.sid } = readNotify(notify)
    return { client, instance, subject, sid }
  })
}

/** Queues a notice for each of these clients. */
export function queueNotices(tx: Transaction, clients: readonly LogoutRecipient[], attempt: string): void {
  if (clients.length === 0) return
  const due = after(tx.now, PAUSES[0])
  const expires = after(tx.now, KEEP_SECONDS)
  for (const told of clients) {
    tx.tables.insert('notices', { id: crypto.randomUUID(), ...told, due, attempt, expires })
  }
  tx.wake(due, 'notice')
}

/** The notices that an attempt queued and that are not settled. */
export const noticesOf = ({ tables }: View, attempt: string): readonly Notice[] =>
  tables.select('notices', COLUMNS, 'WHERE attempt = ?', attempt)

/** Notices to try now; each is put off first, so that a try that never returns is made again, later and later. */
export function takeDueNotices(tx: Transaction): readonly Notice[] {
  const rest = `WHERE due <= ?1 AND expires > ?1 ORDER BY due LIMIT ${BATCH}`
  const due = tx.tables.select('notices', [...COLUMNS, 'tries'], rest, tx.now)
  for (const { id, tries } of due) {
    const pause = PAUSES[Math.min(tries + 1, PAUSES.length - 1)] ?? KEEP_SECONDS
    tx.tables.update('notices', id, { tries: tries + 1, due: after(tx.now, pause) })
  }
  return due
}

/** Strikes out notices that reached their client, or never will. */
export function settleNotices({ tables }: Transaction, { ids }: { readonly ids: readonly string[] }): null {
  tables.delete('notices', ids)
  return null
}

/** When the next notice is due, seconds; null without one. */
export const nextNotice = (tables: ReadableTables): Seconds | null => tables.extreme('notices', 'MIN', 'due')
