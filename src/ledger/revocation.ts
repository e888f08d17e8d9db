import { raiseEpoch, SUBJECT } from './epochs.ts'
import { findGrant, findOwn, type GrantRow } from './grant-row.ts'
import type { RevokeGrantInput, RevokeGrantsInput } from './grant-types.ts'
import { hasOpenSession } from './sessions.ts'
import { alive, type Work } from './work.ts'

/**
 * Revokes a grant and every token of it. The row stays as a tombstone, without what was consented to, until no
 * verifier can make the grant anew.
 * @param flowLifetime how long a flow may live, seconds; the row's own flow counts in any case.
 */
export function revokeRow(work: Work, row: GrantRow, attempt: string, flowLifetime: number): void {
  const expires = Math.max(row.flow_expires, work.now + flowLifetime)
  work.tables.update('grants', row.id, { revoked: 1, attempt, recent: '[]', record: '', expires })
  work.wake(expires, 'tombstone')
}

/** Revokes the grant of a token that its client presents (RFC 7009 section 2.1); another client changes nothing. */
export function revokeGrant(work: Work, input: RevokeGrantInput): { readonly revoked: boolean } {
  const row = findOwn(work, input)
  return { revoked: row !== undefined && revokeOnce(work, row, input) }
}

/** Revokes one grant, a client's or all; the ids of those that this attempt revoked. */
export function revokeGrants(work: Work, input: RevokeGrantsInput): { readonly revoked: readonly string[] } {
  const { target } = input
  const revoked = targets(work, target).filter((row) => revokeOnce(work, row, input))
  if ((target === 'all' || 'clientId' in target) && hasOpenSession(work)) {
    raiseEpoch(work, target === 'all' ? SUBJECT : target.clientId, input)
  }
  return { revoked: revoked.map((row) => row.id) }
}

/** Revokes every grant that was given in a session; the ids of those that this attempt revoked. */
export function revokeSession(
  work: Work,
  sid: string,
  input: Pick<RevokeGrantInput, 'attempt' | 'flowLifetime'>,
): readonly string[] {
  const rows = work.tables.rows<GrantRow>('grants', 'SELECT * FROM grants WHERE sid = ?', sid)
  return rows
    .filter((row) => alive(row.expires, work.now) && revokeOnce(work, row, input))
    .map(({ id }) => id)
}

function revokeOnce(
  work: Work,
  row: GrantRow,
  input: Pick<RevokeGrantInput, 'attempt' | 'flowLifetime'>,
): boolean {
  if (row.revoked === 1) return row.attempt === input.attempt
  revokeRow(work, row, input.attempt, input.flowLifetime)
  return true
}

function targets(work: Work, target: RevokeGrantsInput['target']): readonly GrantRow[] {
  if (target !== 'all' && 'id' in target) {
    const row = findGrant(work, target.id)
    return row === undefined ? [] : [row]
  }
  const query = 'SELECT * FROM grants WHERE ?1 IS NULL OR client = ?1 ORDER BY id'
  const rows = work.tables.rows<GrantRow>('grants', query, target === 'all' ? null : target.clientId)
  return rows.filter((row) => alive(row.expires, work.now))
}
