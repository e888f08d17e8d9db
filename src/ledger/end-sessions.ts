import { MAX_SESSION_SECONDS } from '../config/limits.ts'
import { after, type Seconds } from '../util/clock.ts'
import type { GrantId, Sid } from '../util/ids.ts'
import { raiseEpoch } from './epochs.ts'
import { type LogoutRecipient, type Notice, noticesOf, queueNotices, recipientsOf } from './notices.ts'
import { revokeSession } from './revocation.ts'
import { LOGINS, type Row } from './schema.ts'
import { end, findSession } from './sessions.ts'
import { alive, type Transaction } from './transaction.ts'

export interface EndSessionsInput {
  readonly attempt: string
  /** One session, or all; with `onlyEnded` an open one is left alone, and nothing is told of it. */
  readonly target: { readonly sid: Sid; readonly onlyEnded?: boolean } | 'all'
  /** How long a flow may live: what verifiers could bring back is remembered that long. */
  readonly flowLifetime: Seconds
  /** Whether the sessions' clients are told; not when a new login takes a session's place. */
  readonly notify: boolean
  /** Whether the sessions' tokens are revoked. */
  readonly revoke: boolean
}

export interface EndedSessions {
  /** Sessions that this attempt ended. */
  readonly ended: readonly Sid[]
  /** Queued by this attempt and not settled. */
  readonly notices: readonly Notice[]
  /** Clients of the sessions in question, whoever ended them and when. */
  readonly told: readonly LogoutRecipient[]
  /** Grants that were revoked with their session. */
  readonly revoked: readonly GrantId[]
}

/**
 * Ends a session, or all, and queues the notices to their clients: all of what this attempt did. A browser that comes
 * for the end of a session again learns again whom to tell.
 */
export function endSessions(tx: Transaction, input: EndSessionsInput): EndedSessions {
  const ended: Sid[] = []
  const told: LogoutRecipient[] = []
  if (input.target === 'all') raiseEpoch(tx, LOGINS, { ...input, flowLifetime: MAX_SESSION_SECONDS })
  for (const row of targets(tx, input.target)) {
    const open = row.ended === 0 && alive(row.expires, tx.now)
    if (open && input.target !== 'all' && input.target.onlyEnded === true) continue
    const clients = input.notify && (open || input.target !== 'all') ? recipientsOf(tx, row) : []
    told.push(...clients)
    if (open) {
      end(tx, row, input.attempt, after(tx.now, input.flowLifetime))
      if (input.notify) queueNotices(tx, clients, input.attempt)
    }
    if (open || (row.ended === 1 && row.attempt === input.attempt)) ended.push(row.sid)
  }
  const revoked = input.revoke ? ended.flatMap((sid) => revokeSession(tx, sid, input)) : []
  return { ended, notices: noticesOf(tx, input.attempt), told, revoked }
}

function targets(tx: Transaction, target: EndSessionsInput['target']): readonly Row<'sessions'>[] {
  if (target === 'all') return tx.tables.select('sessions', '*', 'ORDER BY sid')
  const row = findSession(tx, target.sid)
  return row === undefined ? [] : [row]
}
