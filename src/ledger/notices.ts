import { readNotify } from './grant-row.ts'
import type { Tables } from './schema.ts'
import type { LogoutRecipient, Notice } from './session-types.ts'
import type { Transaction } from './transaction.ts'

/** Pause before the next try, by how many there were, seconds: the request that ended the session makes the first. */
const PAUSES = [60, 300, 1800, 7200, 21_600] as const

/** How long a client that cannot be reached is tried, seconds. */
const KEEP_SECONDS = 86_400

/** Tries that one run of the alarm makes; the others are due at once. */
const BATCH = 20

const COLUMNS = 'id, client, instance, subject, sid'

type DueNotice = Notice & { readonly tries: number }

/**
 * The clients that hold a grant of this session, open or ended, and want to know of its end, under the names they know
 * subject and session by.
 */
export function recipientsOf(
  tx: Transaction,
  session: { readonly sid: string; readonly subject: string },
): readonly LogoutRecipient[] {
  const query =
    "SELECT DISTINCT client, notify FROM grants WHERE sid = ? AND notify <> '' ORDER BY client, notify"
  const clients = tx.tables.rows<{ client: string; notify: string }>('grants', query, session.sid)
  return clients.map(({ client, notify }) => {
    const { instance, sub: subject = session.subject, sid = session.sid } = readNotify(notify)
    return { client, instance, subject, sid }
  })
}

/** Queues a notice for each of these clients. */
export function queueNotices(tx: Transaction, clients: readonly LogoutRecipient[], attempt: string): void {
  if (clients.length === 0) return
  const due = tx.now + PAUSES[0]
  const expires = tx.now + KEEP_SECONDS
  for (const told of clients) {
    tx.tables.insert('notices', { id: crypto.randomUUID(), ...told, due, attempt, expires })
  }
  tx.wake(due, 'notice')
}

/** The notices that an attempt queued and that are not settled. */
export function noticesOf(tx: Transaction, attempt: string): readonly Notice[] {
  return tx.tables.rows<Notice & Row>('notices', `SELECT ${COLUMNS} FROM notices WHERE attempt = ?`, attempt)
}

type Row = Record<string, string | number>

/** Notices to try now; each is put off first, so that a try that never returns is made again, later and later. */
export function takeDueNotices(tx: Transaction): readonly Notice[] {
  const query = `SELECT ${COLUMNS}, tries FROM notices WHERE due <= ?1 AND expires > ?1 ORDER BY due LIMIT ${BATCH}`
  const due = tx.tables.rows<DueNotice & Row>('notices', query, tx.now)
  for (const { id, tries } of due) {
    const pause = PAUSES[Math.min(tries + 1, PAUSES.length - 1)] ?? KEEP_SECONDS
    tx.tables.update('notices', id, { tries: tries + 1, due: tx.now + pause })
  }
  return due
}

/** Strikes out notices. */
export function settleNotices({ tables }: Transaction, { ids }: { readonly ids: readonly string[] }): null {
  tables.delete('notices', ids)
  return null
}

/** When the next notice is due, seconds; null without one. */
export function nextNotice(tables: Tables): number | null {
  const [next] = tables.rows<{ due: number | null }>('notices', 'SELECT MIN(due) AS due FROM notices')
  return next?.due ?? null
}
