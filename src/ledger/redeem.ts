import { epochHolds } from './epochs.ts'
import { findGrant, type GrantRow, hookedRecord, readRecord } from './grant-row.ts'
import { revokeRow } from './revocation.ts'
import { findSession } from './sessions.ts'
import type { RedeemInput, RedeemResult } from './types.ts'
import { later, type Work } from './work.ts'

const GONE: RedeemResult = { status: 'gone' }

/**
 * Redeems a code, once (RFC 6749 section 4.1.2). A second redemption by the client it was issued to revokes all
 * that came of the first, unless it is a device's; by another client it changes nothing.
 */
export function redeem(work: Work, input: RedeemInput): RedeemResult {
  const row = findGrant(work, input.id)
  if (row === undefined || row.client !== input.clientId) return GONE
  if (row.generation > 0) return redeemAgain(work, input, row)
  if (row.revoked === 1 || row.code_expires <= work.now) return GONE
  // A missing session is one that ran out; an ended one is kept as long as a grant names it.
  if (findSession(work, row.sid)?.ended === 1 || !epochHolds(work, row.client, input.epoch)) return GONE
  if (input.hook === 'ask') return issued(row, work.now)
  const record = hookedRecord(row, input.hook)
  const expires = later(row.expires, input.keepSeconds === null ? null : work.now + input.keepSeconds)
  const { attempt } = input
  const redeemed = { generation: 1, issued_at: work.now, attempt, code_attempt: attempt, expires, record }
  work.tables.update('grants', row.id, redeemed)
  return issued({ ...row, record }, work.now)
}

const issued = (row: GrantRow, issuedAt: number): RedeemResult => ({
  status: 'issued',
  grant: readRecord(row),
  generation: 1,
  issuedAt,
})

function redeemAgain(work: Work, input: RedeemInput, row: GrantRow): RedeemResult {
  if (row.code_attempt !== input.attempt) {
    if (input.spareReused === true) return GONE
    if (row.revoked === 0 && input.hook !== 'ask') revokeRow(work, row, input.attempt, 0)
    return { status: 'reused' }
  }
  if (row.revoked === 1 || row.generation > 1) return GONE
  return issued(row, row.issued_at)
}
