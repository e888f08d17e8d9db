import { rememberedConsent } from './consents.ts'
import { currentEpoch, loginEpoch } from './epochs.ts'
import type { LoginInput, LoginResult, SessionView } from './session-types.ts'
import { alive, later, type Transaction } from './transaction.ts'

/** A row of `sessions`. */
export type SessionRow = {
  readonly sid: string
  readonly subject: string
  readonly auth_time: number
  readonly remember: number
  readonly ends: number | null
  readonly flow_expires: number
  readonly ended: number
  readonly attempt: string
  readonly expires: number | null
}

/** The row of a session, expired and ended ones too: a tombstone counts for as long as it is there. */
export function findSession(tx: Transaction, sid: string): SessionRow | undefined {
  return tx.tables.find<SessionRow>('sessions', sid)
}

/** Whether a flow of this session may go on: it is there and was not ended. Recognition may be over already. */
export function isOpen(row: SessionRow | undefined, now: number): row is SessionRow {
  return row !== undefined && row.ended === 0 && alive(row.expires, now)
}

function isRecognised(row: SessionRow | undefined, now: number): row is SessionRow {
  return isOpen(row, now) && row.remember === 1 && alive(row.ends, now)
}

/** The session behind a browser's cookie; null unless it is remembered, not ended and not over. */
export function readSession(tx: Transaction, { sid }: { readonly sid: string }): SessionView | null {
  const row = findSession(tx, sid)
  if (!isRecognised(row, tx.now)) return null
  return { sid: row.sid, subject: row.subject, authTime: row.auth_time, remember: true }
}

/** Commits a login (types.ts): starts or renews the session, or makes sure that the recognised one is still there. */
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
  insertSession(tx, input, { flowExpires: Math.max(input.flowExpiresAt, row?.flow_expires ?? 0), ended: 0 })
  tx.tables.make('grants')
  return true
}

function insertSession(
  tx: Transaction,
  { sid, subject, authTime, remember, attempt, expiresAt }: LoginInput,
  { flowExpires, ended }: { readonly flowExpires: number; readonly ended: 0 | 1 },
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
export function end(tx: Transaction, row: SessionRow, attempt: string, keepUntil: number): void {
  const expires = Math.max(row.flow_expires, keepUntil)
  tx.tables.update('sessions', row.sid, { ended: 1, attempt, expires })
  tx.wake(expires, 'tombstone')
}

/** Whether any flow could be under way here. */
export function hasOpenSession(tx: Transaction): boolean {
  const query = 'SELECT 1 FROM sessions WHERE ended = 0 AND (expires IS NULL OR expires > ?) LIMIT 1'
  return tx.tables.rows('sessions', query, tx.now).length > 0
}
