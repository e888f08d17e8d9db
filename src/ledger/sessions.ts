import type { Seconds } from '../util/clock.ts'
import type { ClientId, Sid } from '../util/ids.ts'
import { type RememberedConsent, rememberedConsent } from './consents.ts'
import { currentEpoch, loginEpoch } from './epochs.ts'
import type { Row } from './schema.ts'
import { alive, later, type Transaction, type View } from './transaction.ts'

/** A login session as `authorize` sees it. */
export interface SessionView {
  readonly sid: Sid
  readonly subject: string
  readonly authTime: Seconds
  readonly remember: boolean
}

export interface LoginInput {
  readonly attempt: string
  readonly sid: Sid
  readonly subject: string
  readonly clientId: ClientId
  /** Which creation of the client, for the consent that is remembered. */
  readonly instance: string
  /** The client's consent epoch; absent for 0. */
  readonly consentEpoch?: number
  /** The login epoch when the login was accepted. A login from before "end all sessions" is stale. */
  readonly epoch: number
  readonly authTime: Seconds
  /** Whether later requests may recognise the session by its cookie. */
  readonly remember: boolean
  /** True when an existing session was recognised: it must still be there, and nothing is created. */
  readonly skip: boolean
  /** New end of the session; for `skip`, null leaves it as it is (`extend_session_lifespan`). */
  readonly expiresAt: Seconds | null
  /** Until when anything sealed in this flow lives, its code included: an ended session is remembered that long. */
  readonly flowExpiresAt: Seconds
  /** A session of the same owner that this login replaces, if any. */
  readonly replaces: Sid | null
}

export type LoginResult =
  | {
      readonly status: 'active'
      /** Sealed into the consent challenge; compared when the grant is committed. */
      readonly epoch: number
      readonly remembered: RememberedConsent | null
    }
  | { readonly status: 'ended' }
  /** All sessions of the subject were ended since the login was accepted: log in again. */
  | { readonly status: 'stale' }

/** A row of `sessions`. */
type SessionRow = Row<'sessions'>

/** The row of a session, expired and ended ones too: a tombstone counts for as long as it is there. */
export function findSession({ tables }: View, sid: Sid): SessionRow | undefined {
  return tables.find('sessions', sid)
}

/** Whether a flow of this session may go on: it is there and was not ended. Recognition may be over already. */
export function isOpen(row: SessionRow | undefined, now: Seconds): row is SessionRow {
  return row !== undefined && row.ended === 0 && alive(row.expires, now)
}

function isRecognised(row: SessionRow | undefined, now: Seconds): row is SessionRow {
  return isOpen(row, now) && row.remember === 1 && alive(row.ends, now)
}

/** The session behind a browser's cookie; null unless it is remembered, not ended and not over. */
export function readSession(view: View, { sid }: { readonly sid: Sid }): SessionView | null {
  const row = findSession(view, sid)
  if (!isRecognised(row, view.now)) return null
  return { sid: row.sid, subject: row.subject, authTime: row.auth_time, remember: true }
}

/** Commits a login: starts or renews the session, or makes sure that the recognised one is still there. */
export function login(tx: Transaction, input: LoginInput): LoginResult {
  if (input.flowExpiresAt <= tx.now) return { status: 'ended' }
  const row = findSession(tx, input.sid)
  if (row === undefined && !input.skip && loginEpoch(tx) > input.epoch) {
    // The directory knows the session id already: a tombstone has the clean-up take that back, and keeps the id unused.
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
  const ends = input.expiresAt
  if (ends !== null && row.ends !== null && ends > row.ends) {
    const expires = later(row.expires, ends)
    tx.tables.update('sessions', row.sid, { ends, expires, attempt: input.attempt })
  }
  return true
}

function startSession(tx: Transaction, input: LoginInput, row: SessionRow | undefined): boolean {
  if (row !== undefined) {
    if (row.ended === 1 || row.subject !== input.subject) return false
    // The same verifier again, or one from before a newer login in this session.
    if (isOpen(row, tx.now) && input.authTime <= row.auth_time) return true
  }
  insertSession(tx, input, { flowExpires: later(input.flowExpiresAt, row?.flow_expires ?? tx.now), ended: 0 })
  tx.tables.make('grants')
  return true
}

function insertSession(
  tx: Transaction,
  { sid, subject, authTime, remember, attempt, expiresAt }: LoginInput,
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
  })
  // By the flow's end, so that the grant that follows need not move the alarm.
  tx.wake(flowExpires)
}

/** Ends a session; the tombstone stays until `keepUntil` (seconds), and as long as its own flow lives. */
export function end(tx: Transaction, row: SessionRow, attempt: string, keepUntil: Seconds): void {
  const expires = later(row.flow_expires, keepUntil)
  tx.tables.update('sessions', row.sid, { ended: 1, attempt, expires })
  tx.wake(expires, 'tombstone')
}

/** Whether any flow could be under way here. */
export const hasOpenSession = ({ tables, now }: View): boolean =>
  tables.exists('sessions', 'WHERE ended = 0 AND (expires IS NULL OR expires > ?)', now)
