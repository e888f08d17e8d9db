import { MAX_SESSION_SECONDS } from '../config/limits.ts'
import { after, type Seconds } from '../util/clock.ts'
import type { Sid } from '../util/ids.ts'
import type { AskingForEnds } from './booked.ts'
import { raiseEpoch } from './epochs.ts'
import { type LogoutRecipient, type Notice, noticesOf, queueNotices, recipientsOf } from './notices.ts'
import { planSweep } from './plan-sweep.ts'
import { readable } from './readable.ts'
import { type Revoked, revokeAllTokens, revokeTokensOfSession } from './revocation.ts'
import { LOGINS, type Row } from './schema.ts'
import { end, findSession } from './sessions.ts'
import { alive, type Transaction } from './transaction.ts'

export interface EndSessionsInput extends AskingForEnds {
  /** The HTTP request that asks (types.ts). */
  readonly attempt: string
  /**
   * One session, or all of the subject. A session that is still open is left alone and not reported with `onlyEnded`, or
   * if another attempt than `startedBy` started or changed it.
   */
  readonly target: { readonly sid: Sid; readonly onlyEnded?: boolean; readonly startedBy?: string } | 'all'
  /** The longest time a flow may take: tombstones are kept that long, so no old verifier can restore what ended. */
  readonly flowLifetime: Seconds
  /** Whether the sessions' clients are notified. False when a new login replaces a session. */
  readonly notify: boolean
  /** Whether the identity provider is asked to end its sessions too. Absent for no. */
  readonly endsProviderSession?: boolean
  /** Whether the sessions' tokens are revoked. */
  readonly revoke: boolean
}

export interface EndedSessions extends Revoked {
  /** The sessions that this attempt ended. */
  readonly ended: readonly Sid[]
  /** Set if there are more of them, which ended with these. The alarm cleans their rows up and tells their clients. */
  readonly moreEnded?: true
  /** The notices that this attempt queued and that are not settled yet. */
  readonly notices: readonly Notice[]
  /** The clients of the sessions, also of one that an earlier attempt ended. Empty unless `notify` is set. */
  readonly told: readonly LogoutRecipient[]
}

/** How many sessions the call itself ends. One row decides about all of them, and the alarm comes to the others. */
const AT_ONCE = 100

/**
 * Ends one session, or all of the subject at once, and queues the notices to their clients and to the identity provider.
 * A repeated attempt gets the same answer. A later attempt to end one session that already ended gets its clients again
 * in `told`.
 */
export function endSessions(tx: Transaction, input: EndSessionsInput): EndedSessions {
  return endEach(tx, input, (row) => recipientsOf(tx, row))
}

/** What the end of all sessions did, and of which of them the clients could not be read: nobody is told of those. */
export interface EndedForErasure extends EndedSessions {
  readonly untold: readonly Sid[]
}

/** As `endSessions` of all, for an erasure, which no row that cannot be read stops. */
export function endForErasure(tx: Transaction, input: Omit<EndSessionsInput, 'target'>): EndedForErasure {
  const untold: Sid[] = []
  const ended = endEach(tx, { ...input, target: 'all' }, (row) => {
    const clients = readable('sessions', row.sid, () => recipientsOf(tx, row), null)
    if (clients === null) untold.push(row.sid)
    return clients ?? []
  })
  return { ...ended, untold }
}

type RecipientsOf = (row: Row<'sessions'>) => readonly LogoutRecipient[]

function endEach(tx: Transaction, input: EndSessionsInput, toTell: RecipientsOf): EndedSessions {
  const { target, attempt, flowLifetime, notify } = input
  const { rows, behind } = targets(tx, target)
  const sessions = rows.map((row) => endOne(tx, row, input, toTell))
  if (target === 'all') raiseEpoch(tx, LOGINS, { attempt, flowLifetime: MAX_SESSION_SECONDS })
  if (behind !== undefined) {
    planSweep(tx, { name: 'sessions', position: behind, keepUntil: after(tx.now, flowLifetime), notify })
  }
  const ended = sessions.flatMap(({ sid }) => sid ?? [])
  // What this call queued is all that its attempt did, unless an earlier one of the same attempt ended the sessions.
  const notices = sessions.some(({ open }) => open)
    ? sessions.flatMap((session) => session.notices)
    : noticesOf(tx, attempt)
  const tokens = input.revoke ? revokeTokens(tx, target, ended, input) : NONE
  const told = sessions.flatMap((session) => session.told)
  return { ended, ...(behind !== undefined && { moreEnded: true }), notices, told, ...tokens }
}

const NONE: Revoked = { revoked: [] }

interface One {
  readonly open: boolean
  readonly sid?: Sid
  readonly told: readonly LogoutRecipient[]
  readonly notices: readonly Notice[]
}

function endOne(tx: Transaction, row: Row<'sessions'>, input: EndSessionsInput, toTell: RecipientsOf): One {
  const { target, attempt } = input
  const open = row.ended === 0 && alive(row.expires, tx.now)
  if (open && target !== 'all' && isSpared(row, target)) return { open: false, told: [], notices: [] }
  const told = input.notify && (open || target !== 'all') ? toTell(row) : []
  const own = row.ended === 1 && row.attempt === attempt
  if (!open) return { open, ...(own && { sid: row.sid }), told, notices: [] }
  end(tx, row, { attempt, keepUntil: after(tx.now, input.flowLifetime), revokes: input.revoke })
  const providerSession = input.endsProviderSession === true ? row.provider_session : ''
  return { open, sid: row.sid, told, notices: queueNotices(tx, { clients: told, providerSession, attempt }) }
}

const isSpared = (
  row: Row<'sessions'>,
  { onlyEnded = false, startedBy = row.attempt }: Exclude<EndSessionsInput['target'], 'all'>,
): boolean => onlyEnded || startedBy !== row.attempt

function revokeTokens(
  tx: Transaction,
  target: EndSessionsInput['target'],
  ended: readonly Sid[],
  input: EndSessionsInput,
): Revoked {
  if (target === 'all') return revokeAllTokens(tx, input)
  return ended.includes(target.sid) ? revokeTokensOfSession(tx, target.sid, input) : NONE
}

interface Targets {
  readonly rows: readonly Row<'sessions'>[]
  /** The last of these, if there are more of them. */
  readonly behind?: Sid
}

function targets(tx: Transaction, target: EndSessionsInput['target']): Targets {
  if (target !== 'all') {
    const row = findSession(tx, target.sid)
    return { rows: row === undefined ? [] : [row] }
  }
  const rows = tx.tables.select('sessions', '*', `ORDER BY sid LIMIT ${AT_ONCE + 1}`)
  const last = rows[AT_ONCE - 1]
  return rows.length > AT_ONCE && last !== undefined
    ? { rows: rows.slice(0, AT_ONCE), behind: last.sid }
    : { rows }
}
