import { LOGINS, raiseEpoch } from './epochs.ts'
import { noticesOf, queueNotices, toldOf } from './notices.ts'
import { revokeSession } from './revocation.ts'
import type { EndedSessions, EndSessionsInput, Told } from './session-types.ts'
import { end, findSession, type SessionRow } from './sessions.ts'
import { alive, type Work } from './work.ts'

/**
 * Ends a session, or all, and queues the notices to their clients: all of what this attempt did. A browser that comes
 * for the end of a session again learns again whom to tell.
 */
export function endSessions(work: Work, input: EndSessionsInput): EndedSessions {
  const ended: string[] = []
  const told: Told[] = []
  if (input.target === 'all') raiseEpoch(work, LOGINS, input)
  for (const row of targets(work, input.target)) {
    const open = row.ended === 0 && alive(row.expires, work.now)
    if (open && input.target !== 'all' && input.target.onlyEnded === true) continue
    const clients = input.notify && (open || input.target !== 'all') ? toldOf(work, row) : []
    told.push(...clients)
    if (open) {
      end(work, row, input.attempt, work.now + input.flowLifetime)
      if (input.notify) queueNotices(work, clients, input.attempt)
    }
    if (open || (row.ended === 1 && row.attempt === input.attempt)) ended.push(row.sid)
  }
  const revoked = input.revoke ? ended.flatMap((sid) => revokeSession(work, sid, input)) : []
  return { ended, notices: noticesOf(work, input.attempt), told, revoked }
}

function targets(work: Work, target: EndSessionsInput['target']): readonly SessionRow[] {
  if (target === 'all') return work.tables.rows('sessions', 'SELECT * FROM sessions ORDER BY sid')
  const row = findSession(work, target.sid)
  return row === undefined ? [] : [row]
}
