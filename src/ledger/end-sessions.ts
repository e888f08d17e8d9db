import { MAX_SESSION_SECONDS } from '../config/limits.ts'
import { LOGINS, raiseEpoch } from './epochs.ts'
import { noticesOf, queueNotices, recipientsOf } from './notices.ts'
import { revokeSession } from './revocation.ts'
import type { EndedSessions, EndSessionsInput, LogoutRecipient } from './session-types.ts'
import { end, findSession, type SessionRow } from './sessions.ts'
import { alive, type Transaction } from './transaction.ts'

/**
 * Ends a session, or all, and queues the notices to their clients: all of what this attempt did. A browser that comes
 * for the end of a session again learns again whom to tell.
 */
export function endSessions(tx: Transaction, input: EndSessionsInput): EndedSessions {
  const ended: string[] = []
  const told: LogoutRecipient[] = []
  if (input.target === 'all') raiseEpoch(tx, LOGINS, { ...input, flowLifetime: MAX_SESSION_SECONDS })
  for (const row of targets(tx, input.target)) {
    const open = row.ended === 0 && alive(row.expires, tx.now)
    if (open && input.target !== 'all' && input.target.onlyEnded === true) continue
    const clients = input.notify && (open || input.target !== 'all') ? recipientsOf(tx, row) : []
    told.push(...clients)
    if (open) {
      end(tx, row, input.attempt, tx.now + input.flowLifetime)
      if (input.notify) queueNotices(tx, clients, input.attempt)
    }
    if (open || (row.ended === 1 && row.attempt === input.attempt)) ended.push(row.sid)
  }
  const revoked = input.revoke ? ended.flatMap((sid) => revokeSession(tx, sid, input)) : []
  return { ended, notices: noticesOf(tx, input.attempt), told, revoked }
}

function targets(tx: Transaction, target: EndSessionsInput['target']): readonly SessionRow[] {
  if (target === 'all') return tx.tables.rows('sessions', 'SELECT * FROM sessions ORDER BY sid')
  const row = findSession(tx, target.sid)
  return row === undefined ? [] : [row]
}
