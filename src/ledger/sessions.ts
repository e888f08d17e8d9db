import type { Seconds } from '../util/clock.ts'
import type { ClientId, Sid } from '../util/ids.ts'
import { type RememberedConsent, rememberedConsent } from './consents.ts'
import { currentEpoch, loginEpoch } from './epochs.ts'
import type { Row } from './schema.ts'
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

export interface LoginInput {
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
  /** All sessions of the subject were ended after the login was accepted: the user must log in again. */
  | { readonly status: 'stale' }

/** A row of `sessions`. */
type SessionRow = Row<'sessions'>

/** Returns the row of a session, also if it expired or ended: a tombstone counts as long as it is stored. */
export function findSession({ tables }: View, sid: Sid): SessionRow | undefined {
  return tables.find('sessions', sid)
}

/** Whether a session exists and was not ended, so that its flows may continue. Its recognition may be over. */
export function isOpen(row: SessionRow | undefined, now: Seconds): row is SessionRow {
  return row !== undefined && row.ended === 0 && alive(row.expires, now)
}

function isRecognised(row: SessionRow | undefined, now: Seconds): row is SessionRow {
  return isOpen(row, now) && row.remember === 1 && alive(row.ends, now)
}

/** Returns the session of a browser's cookie; null unless it is remembered, open and still to be recognised. */
export function readSession(view: View, { sid }: { readonly sid: Sid }): SessionView | null {
  const row = findSession(view, sid)
  if (!isRecognised(row, view.now)) return null
  return { sid: row.sid, subject: row.subject, authTime: row.auth_time, remember: true }
}

/** Commits a login: starts or renews a session, or with `skip` checks that the recognised one is still open. */
export function login(tx: Transaction, input: LoginInput): LoginResult {
  if (input.flowExpiresAt <= tx.now) return { status: 'ended' }
  const row = findSession(tx, input.sid)
  if (row === undefined && !input.skip && loginEpoch(tx) > input.epoch) {
    // The directory already holds the session id. The tombstone reserves it, and the clean-up deletes both.
    insertSession(tx, input, { flowExpires: input.flowExpiresAt, ended: 1 })
    return { status: 'stale' }
  }
  const admitted = input.skip ? extend(tx, input, row) : startSession(tx, input, row)
  if (!admitted) return { status: 'ended' }
  if (input.replaces !== null && input.replaces !== input.sid) {
    const replaced = findSession(tx, input.replaces)
    if (isOpen(replaced, tx.now)) end(tx, replaced, input.attempt, replaced.flow_expires)
  }
  return {
    status: 'active',
    epoch: currentEpoch(tx, input.clientId),
    remembered: rememberedConsent(tx, input),
  }
}

function extend(tx: Transaction, input: LoginInput, row: SessionRow | undefined): boolean {
  if (!isRecognised(row, tx.now) || row.subject !== input.subject) return false
  const { attempt, expiresAt: ends, providerSession = '' } = input
  if (ends !== null && row.ends !== null && ends > row.ends) {
    tx.tables.update('sessions', row.sid, { ends, expires: later(row.expires, ends), attempt })
  }
  // The provider's session may have been replaced while ours lasted.
  if (providerSession !== '' && providerSession !== row.provider_session) {
    tx.tables.update('sessions', row.sid, { provider_session: providerSession, attempt })
  }
  return true
}

function startSession(tx: Transaction, input: LoginInput, row: SessionRow | undefined): boolean {
  if (row !== undefined) {
    if (row.ended === 1 || row.subject !== input.subject) return false
    // The same verifier was sent again, or it is older than another login in this session.
    if (isOpen(row, tx.now) && input.authTime <= row.auth_time) return true
  }
  insertSession(tx, input, { flowExpires: later(input.flowExpiresAt, row?.flow_expires ?? tx.now), ended: 0 })
  return true
}

function insertSession(
  tx: Transaction,
  { sid, subject, authTime, remember, providerSession = '', attempt, expiresAt }: LoginInput,
  { flowExpires, ended }: { readonly flowExpires: Seconds; readonly ended: 0 | 1 },
): void {
  const recognised = remember && ended === 0
  const ends = recognised ? expiresAt : null
  tx.tables.insert('sessions', {
    sid,
    subject,
    auth_time: authTime,
    remember: Number(recognised),
    ends,
    flow_expires: flowExpires,
    ended,
    attempt,
    expires: recognised ? later(ends, flowExpires) : flowExpires,
    provider_session: providerSession,
  })
  // What looks for sessions that may go looks at both tables.
  tx.tables.make('grants')
  // The alarm is set for the flow's end, so that the grant that follows need not move it.
  tx.wake(flowExpires)
}

/**
 * Ends a session and leaves a tombstone.
 * @param keepUntil when the tombstone may be deleted, seconds since the epoch. It is kept longer if the session's own
 *   flow lives longer.
 */
export function end(tx: Transaction, row: SessionRow, attempt: string, keepUntil: Seconds): void {
  const expires = later(row.flow_expires, keepUntil)
  tx.tables.update('sessions', row.sid, { ended: 1, attempt, expires })
  tx.wake(expires, 'tombstone')
}

/** Whether the ledger has an open session, so that a flow may be in progress. */
export const hasOpenSession = ({ tables, now }: View): boolean =>
  tables.exists('sessions', 'WHERE ended = 0 AND (expires IS NULL OR expires > ?)', now)
