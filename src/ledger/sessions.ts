import { rememberedConsent } from './consents.ts'
import { currentEpoch, loginEpoch } from './epochs.ts'
import type { LoginInput, LoginResult, SessionView } from './session-types.ts'
import { alive, later, type Work } from './work.ts'

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
export function findSession(work: Work, sid: string): SessionRow | undefined {
  return work.tables.find<SessionRow>('sessions', sid)
}

/** Whether a flow of this session may go on: it is there and was not ended. Recognition may be over already. */
export function isOpen(row: SessionRow | undefined, now: number): row is SessionRow {
  return row !== undefined && row.ended === 0 && alive(row.expires, now)
}

function isRecognised(row: SessionRow | undefined, now: number): row is SessionRow {
  return isOpen(row, now) && row.remember === 1 && alive(row.ends, now)
}

/** The session behind a browser's cookie; null unless it is remembered, not ended and not over. */
export function readSession(work: Work, { sid }: { readonly sid: string }): SessionView | null {
  const row = findSession(work, sid)
  if (!isRecognised(row, work.now)) return null
  return { sid: row.sid, subject: row.subject, authTime: row.auth_time, remember: true }
}

/** Commits a login (types.ts): starts or renews the session, or makes sure that the recognised one is still there. */
export function login(work: Work, input: LoginInput): LoginResult {
  if (input.flowExpiresAt <= work.now) return { status: 'ended' }
  const row = findSession(work, input.sid)
  if (row === undefined && !input.skip && loginEpoch(work) > input.epoch) return { status: 'stale' }
  const admitted = input.skip ? extend(work, input, row) : start(work, input, row)
  if (!admitted) return { status: 'ended' }
  if (input.replaces !== null && input.replaces !== input.sid) {
    const replaced = findSession(work, input.replaces)
    if (isOpen(replaced, work.now)) end(work, replaced, input.attempt, replaced.flow_expires)
  }
  return {
    status: 'active',
    epoch: currentEpoch(work, input.clientId),
    remembered: rememberedConsent(work, input),
  }
}

function extend(work: Work, input: LoginInput, row: SessionRow | undefined): boolean {
  if (!isRecognised(row, work.now) || row.subject !== input.subject) return false
  const ends = input.expiresAt
  if (ends !== null && row.ends !== null && ends > row.ends) {
    const expires = later(row.expires, ends)
    work.tables.update('sessions', row.sid, { ends, expires, attempt: input.attempt })
  }
  return true
}

function start(work: Work, input: LoginInput, row: SessionRow | undefined): boolean {
  if (row !== undefined) {
    if (row.ended === 1 || row.subject !== input.subject) return false
    // The same verifier again, or one from before a newer login in this session.
    if (isOpen(row, work.now) && input.authTime <= row.auth_time) return true
  }
  const { sid, subject, remember, attempt } = input
  const flowExpires = Math.max(input.flowExpiresAt, row?.flow_expires ?? 0)
  const ends = remember ? input.expiresAt : null
  work.tables.insert('sessions', {
    sid,
    subject,
    auth_time: input.authTime,
    remember: Number(remember),
    ends,
    flow_expires: flowExpires,
    attempt,
    expires: remember ? later(ends, flowExpires) : flowExpires,
  })
  work.tables.make('grants')
  // By the flow's end, so that the grant that follows need not move the alarm.
  work.wake(flowExpires)
  return true
}

/** Ends a session; the tombstone stays until `keepUntil` (seconds), and as long as its own flow lives. */
export function end(work: Work, row: SessionRow, attempt: string, keepUntil: number): void {
  const expires = Math.max(row.flow_expires, keepUntil)
  work.tables.update('sessions', row.sid, { ended: 1, attempt, expires })
  work.wake(expires, 'tombstone')
}

/** Whether any flow could be under way here. */
export function hasOpenSession(work: Work): boolean {
  const query = 'SELECT 1 FROM sessions WHERE ended = 0 AND (expires IS NULL OR expires > ?) LIMIT 1'
  return work.tables.rows('sessions', query, work.now).length > 0
}
