import { after, type Seconds } from '../util/clock.ts'
import type { ClientId, Sid } from '../util/ids.ts'
import { type RememberedConsent, rememberedConsent } from './consents.ts'
import { isConsumed } from './consumed.ts'
import { currentEpoch, loginEpoch, presentEpoch } from './epochs.ts'
import type { ReadableTables } from './readable-tables.ts'
import type { GrantWithSession, Row } from './schema.ts'
import { alive, later, type Transaction, type View } from './transaction.ts'

/** A login session that was recognised by its cookie. */
export interface SessionView {
  readonly sid: Sid
  readonly subject: string
  /** When the user logged in (`auth_time`). */
  readonly authTime: Seconds
  /** Whether later requests may recognise the session by its cookie. */
  readonly remember: boolean
}

/** How long a session is recognised at most, whatever the login app said. Absent for no limit. */
export interface SessionLimits {
  /** After its last use. */
  readonly idleSeconds?: Seconds
  /** After the login. */
  readonly absoluteSeconds?: Seconds
}

export interface LoginInput extends SessionLimits {
  /** The HTTP request that asks (types.ts). */
  readonly attempt: string
  /** The session that the login starts, renews or was recognised by. */
  readonly sid: Sid
  readonly subject: string
  /** The client whose remembered consent and epoch are returned. */
  readonly clientId: ClientId
  /** Id of the client's present creation. A consent that was given to an earlier one is not remembered. */
  readonly instance: string
  /** The client's consent epoch; absent for 0. */
  readonly consentEpoch?: number
  /** The login epoch when the login app accepted. The login is stale if all sessions were ended since. */
  readonly epoch: number
  /** When the user logged in (`auth_time`). */
  readonly authTime: Seconds
  /** Whether later requests may recognise the session by its cookie. */
  readonly remember: boolean
  /** The identity provider's id of the session that it logged the user in with. Absent for none. */
  readonly providerSession?: string
  /** True if an existing session was recognised: it must still be open, and no session is created. */
  readonly skip: boolean
  /** When recognition ends; null for never. With `skip`, null leaves it as it is (`extend_session_lifespan`). */
  readonly expiresAt: Seconds | null
  /**
   * When everything sealed in this flow has expired, its code too. An ended session is kept as a tombstone until then.
   */
  readonly flowExpiresAt: Seconds
  /**
   * When tokens end that the request asks for, if it gets them; absent if they end with the flow. Nothing depends on it:
   * the alarm need not fire before.
   */
  readonly tokensLikelyEnd?: Seconds
  /** The session of the same owner that this login replaces; null for none. */
  readonly replaces: Sid | null
}

export type LoginResult =
  | {
      readonly status: 'active'
      /** The client's epoch. It is sealed into the consent challenge and compared when the grant is committed. */
      readonly epoch: number
      /** The consent that lets this one be skipped; null if there is none. */
      readonly remembered: RememberedConsent | null
    }
  /** The flow expired, or the session ended or belongs to another subject. */
  | { readonly status: 'ended' }
  /** All sessions were ended after the login was accepted, or the subject erased in its flow: a new login is needed. */
  | { readonly status: 'stale' }

/** A row of `sessions`. */
type SessionRow = Row<'sessions'>

/** Returns the row of a session as it stands, also if it expired or ended: a tombstone counts as long as it is stored. */
export function findSession(view: View, sid: Sid): SessionRow | undefined {
  const row = view.tables.find('sessions', sid)
  return row && sessionAsItStands(view, row)
}

/** Returns a row as it must be read: all sessions ended that were stamped before the epoch of logins was raised. */
export const sessionAsItStands = (view: View, row: SessionRow): SessionRow =>
  row.ended === 0 && row.epoch < loginEpoch(view) ? { ...row, ended: 1, attempt: '' } : row

/** Whether the session of a grant ended, as it must be read; false if it is not stored any more. */
export const isSessionEnded = (
  view: View,
  { session_ended: ended, session_epoch: epoch }: GrantWithSession,
): boolean => ended === 1 || (epoch !== null && epoch < loginEpoch(view))

/** Returns the condition of a query for sessions that are open (`isOpen`), in which ?1 is now. */
export const openSessions = (tables: ReadableTables): string =>
  `ended = 0 AND epoch >= ${loginEpoch({ tables })} AND (expires IS NULL OR expires > ?1)`

/** Whether a session exists and was not ended, so that its flows may continue. Its recognition may be over. */
export function isOpen(row: SessionRow | undefined, now: Seconds): row is SessionRow {
  return row !== undefined && row.ended === 0 && alive(row.expires, now)
}

function isRecognised(
  row: SessionRow | undefined,
  now: Seconds,
  { idleSeconds, absoluteSeconds }: SessionLimits,
): row is SessionRow {
  if (!isOpen(row, now) || row.remember === 0 || !alive(row.ends, now)) return false
  const isIdle = idleSeconds !== undefined && after(lastUse(row), idleSeconds) <= now
  const isOld = absoluteSeconds !== undefined && after(row.auth_time, absoluteSeconds) <= now
  return !isIdle && !isOld
}

/** Rows of an older release do not have the time of their last use. */
const lastUse = ({ used, auth_time }: SessionRow): Seconds => later(used, auth_time)

/**
 * What part of its idle time must have passed before another use of a session is recorded: requests in quick succession
 * write nothing.
 */
const RECORDED_PART = 10

/** Returns the session of a browser's cookie; null unless it is remembered, open and still to be recognised. */
export function readSession(
  view: View,
  { sid, ...limits }: { readonly sid: Sid } & SessionLimits,
): SessionView | null {
  const row = findSession(view, sid)
  if (!isRecognised(row, view.now, limits)) return null
  return { sid: row.sid, subject: row.subject, authTime: row.auth_time, remember: true }
}

/** Commits a login: starts or renews a session, or with `skip` checks that the recognised one is still open. */
export function login(tx: Transaction, input: LoginInput): LoginResult {
  if (input.flowExpiresAt <= tx.now) return { status: 'ended' }
  const row = findSession(tx, input.sid)
  const repeated = row?.ended === 1 && row.attempt === input.attempt
  if ((row === undefined || repeated) && !input.skip && isStale(tx, input)) {
    // The directory already holds the session id. The tombstone reserves it, and the clean-up deletes both.
    // It names nobody: the subject may have been erased.
    const nameless = { ...input, subject: '', providerSession: '' }
    if (!repeated) insertSession(tx, nameless, { flowExpires: input.flowExpiresAt, ended: 1 }, row)
    return { status: 'stale' }
  }
  const admitted = input.skip ? extend(tx, input, row) : startSession(tx, input, row)
  if (!admitted) return { status: 'ended' }
  if (input.replaces !== null && input.replaces !== input.sid) {
    const replaced = findSession(tx, input.replaces)
    if (isOpen(replaced, tx.now)) {
      end(tx, replaced, { attempt: input.attempt, keepUntil: replaced.flow_expires, revokes: false })
    }
  }
  return {
    status: 'active',
    epoch: currentEpoch(tx, input.clientId),
    remembered: rememberedConsent(tx, input),
  }
}

/** Whether all sessions were ended since the login, or what it is about was erased since the flow began. */
const isStale = (tx: Transaction, { epoch, sid }: LoginInput): boolean =>
  loginEpoch(tx) > epoch || isConsumed(tx, { id: sid })

function extend(tx: Transaction, input: LoginInput, row: SessionRow | undefined): boolean {
  if (!isRecognised(row, tx.now, input) || row.subject !== input.subject) return false
  const { attempt, expiresAt: ends, providerSession = '', idleSeconds } = input
  const extended = ends !== null && row.ends !== null && ends > row.ends
  // The provider's session may have been replaced while ours lasted.
  const moved = providerSession !== '' && providerSession !== row.provider_session
  const used = idleSeconds !== undefined && (tx.now - lastUse(row)) * RECORDED_PART >= idleSeconds
  if (!extended && !moved && !used) return true
  tx.tables.update('sessions', row.sid, {
    ...(extended && { ends, expires: later(row.expires, ends) }),
    ...(moved && { provider_session: providerSession }),
    ...(used && { used: tx.now }),
    attempt,
  })
  return true
}

function startSession(tx: Transaction, input: LoginInput, row: SessionRow | undefined): boolean {
  if (row !== undefined) {
    if (row.ended === 1 || row.subject !== input.subject) return false
    // The same verifier was sent again, or it is older than another login in this session.
    if (isOpen(row, tx.now) && input.authTime <= row.auth_time) return true
  }
  const flowExpires = later(input.flowExpiresAt, row?.flow_expires ?? tx.now)
  insertSession(tx, input, { flowExpires, ended: 0 }, row)
  return true
}

function insertSession(
  tx: Transaction,
  input: LoginInput,
  { flowExpires, ended }: { readonly flowExpires: Seconds; readonly ended: 0 | 1 },
  renewed: SessionRow | undefined,
): void {
  const { sid, subject, authTime, remember, providerSession = '', attempt, expiresAt } = input
  const tokensEnd = input.tokensLikelyEnd ?? flowExpires
  const recognised = remember && ended === 0
  const ends = recognised ? expiresAt : null
  const expires = recognised ? later(ends, flowExpires) : flowExpires
  tx.tables.insert('sessions', {
    sid,
    subject,
    auth_time: authTime,
    remember: Number(recognised),
    ends,
    flow_expires: flowExpires,
    ended,
    // Nobody may take back a session that it only renewed, nor one that was renewed since (`startedBy`).
    attempt: isOpen(renewed, tx.now) ? '' : attempt,
    expires,
    provider_session: providerSession,
    epoch: presentEpoch(tx),
    used: tx.now,
    ...(renewed !== undefined && { recipients: renewed.recipients }),
  })
  // The alarm is set for all that is likely to follow, which then need not move it.
  tx.wakeForLogin(flowExpires, later(expires, tokensEnd))
}

/** How a session ends. */
export interface SessionEnd {
  readonly attempt: string
  /** When it ended; absent for now. */
  readonly at?: Seconds
  /** When the tombstone may be deleted. It is kept longer if the session's own flow lives longer. */
  readonly keepUntil: Seconds
  /** Whether its tokens end with it, however many there are. */
  readonly revokes: boolean
}

/** Ends a session and leaves a tombstone. */
export function end(
  tx: Transaction,
  row: SessionRow,
  { attempt, at = tx.now, keepUntil, revokes }: SessionEnd,
): void {
  const expires = later(row.flow_expires, keepUntil)
  tx.tables.update('sessions', row.sid, {
    ...{ ended: 1, ended_at: at, attempt, expires },
    ...(revokes && { revoked: 1 }),
  })
  tx.wake(expires, 'tombstone')
}
