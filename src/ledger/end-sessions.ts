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
  /** The HTTP request that asks (types.ts). */
  readonly attempt: string
  /**
   * One session, or all of the subject. With `onlyEnded` a session that is still open is left alone and not reported.
   */
  readonly target: { readonly sid: Sid; readonly onlyEnded?: boolean } | 'all'
  /** The longest time a flow may take: tombstones are kept that long, so no old verifier can restore what ended. */
  readonly flowLifetime: Seconds
  /** Whether the sessions' clients are notified. False when a new login replaces a session. */
  readonly notify: boolean
  /** Whether the identity provider is asked to end its sessions too. Absent for no. */
  readonly endsProviderSession?: boolean
  /** Whether the sessions' tokens are revoked. */
  readonly revoke: boolean
}

export interface EndedSessions {
  /** The sessions that this attempt ended. */
  readonly ended: readonly Sid[]
  /** The notices that this attempt queued and that are not settled yet. */
  readonly notices: readonly Notice[]
  /** The clients of the sessions, also of one that an earlier attempt ended. Empty unless `notify` is set. */
  readonly told: readonly LogoutRecipient[]
  /** The grants that were revoked with their session. */
  readonly revoked: readonly GrantId[]
}

/**
 * Ends one session or all of the subject, and queues the notices to their clients and to the identity provider. A repeated attempt gets the same
 * answer. A later attempt to end one session that already ended gets its clients again in `told`.
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
      const providerSession = input.endsProviderSession === true ? row.provider_session : ''
      queueNotices(tx, clients, providerSession, input.attempt)
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
