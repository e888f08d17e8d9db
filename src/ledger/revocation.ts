import { after, type Seconds } from '../util/clock.ts'
import type { ClientId, GrantId, Sid } from '../util/ids.ts'
import { raiseEpoch } from './epochs.ts'
import { withoutClaims } from './grant-record.ts'
import { findOwn, type GrantRow } from './grant-row.ts'
import { SUBJECT } from './schema.ts'
import { hasOpenSession } from './sessions.ts'
import { isLive, isRemembered, isRestedOn, restedOnIds } from './standing.ts'
import { alive, later, type Transaction } from './transaction.ts'

export interface RevokeGrantInput {
  /** The HTTP request that asks (types.ts). */
  readonly attempt: string
  /** The grant that the presented token names. */
  readonly id: GrantId
  /** The client that presents the token. A grant of another client is not found. */
  readonly clientId: ClientId
  /** The longest time a flow may take: a tombstone is kept that long, so no old verifier can restore the grant. */
  readonly flowLifetime: Seconds
}

export interface RevokeGrantsInput {
  /** The HTTP request that asks (types.ts). */
  readonly attempt: string
  /** One consent with the grants that rest on it, all grants of one client, or all of the subject. */
  readonly target: { readonly id: GrantId } | { readonly clientId: ClientId } | 'all'
  /** The longest time a flow may take: tombstones are kept that long, so no old verifier can restore a grant. */
  readonly flowLifetime: Seconds
}

/** The request that revokes, and the longest time a flow may take. A tombstone also outlives the grant's own flow. */
type Revocation = Pick<RevokeGrantInput, 'attempt' | 'flowLifetime'>

/** What is kept of a row whose tokens ended, and until when. */
type Left = { readonly record: string; readonly expires: Seconds | null }

/**
 * Ends every token of a grant. If the consent is remembered, or other tokens rest on it, it is kept without the claims
 * of the tokens. Otherwise the row is kept as a tombstone without its record, until no verifier can restore the grant.
 * @param restedOn whether live tokens of other grants rest on a consent.
 */
export function endTokens(
  tx: Transaction,
  row: GrantRow,
  revocation: Revocation,
  restedOn = (id: GrantId): boolean => isRestedOn(tx, id),
): void {
  const tombstone = tombstoneOf(tx, row, revocation)
  const remembered = isRemembered(row, tx.now)
  const stays = remembered || (row.remembered === 1 && restedOn(row.id))
  if (!stays) endRow(tx, row, revocation, tombstone)
  else {
    const expires = remembered ? later(tombstone.expires, row.consent_ends) : tombstone.expires
    endRow(tx, row, revocation, { record: withoutClaims(row), expires })
  }
}

function endRow(tx: Transaction, row: GrantRow, { attempt }: Revocation, left: Left): void {
  tx.tables.update('grants', row.id, { revoked: 1, attempt, recent: '[]', ...left })
  tx.wake(left.expires, 'tombstone')
}

const tombstoneOf = ({ now }: Transaction, row: GrantRow, { flowLifetime }: Revocation): Left => ({
  record: '',
  expires: later(row.flow_expires, after(now, flowLifetime)),
})

/**
 * Revokes the grant of a token that its client presents (RFC 7009 section 2.1). A grant of another client is unchanged.
 */
export function revokeGrant(tx: Transaction, input: RevokeGrantInput): { readonly revoked: boolean } {
  const row = findOwn(tx, input)
  return { revoked: row !== undefined && revokeTokens(tx, row, input) }
}

/** Ends consents and the grants that rest on them. Returns the ids of the grants that this attempt ended. */
export function revokeGrants(
  tx: Transaction,
  input: RevokeGrantsInput,
): { readonly revoked: readonly GrantId[] } {
  const { target } = input
  const revoked = targets(tx, target).filter((row) => revokeConsent(tx, row, input))
  if ((target === 'all' || 'clientId' in target) && hasOpenSession(tx)) {
    raiseEpoch(tx, target === 'all' ? SUBJECT : target.clientId, input)
  }
  return { revoked: revoked.map((row) => row.id) }
}

export interface RetractInput {
  /** The HTTP request that asks (types.ts). */
  readonly attempt: string
  readonly id: GrantId
  /** The longest time a flow may take: a tombstone is kept that long, so no old verifier can restore the grant. */
  readonly flowLifetime: Seconds
}

export type RetractResult =
  /** `revoked` names the grants that this attempt ended. */
  | { readonly status: 'retracted'; readonly revoked: readonly GrantId[] }
  /** There are tokens. Nothing changes. */
  | { readonly status: 'redeemed' }

/** Revokes a grant, and what rests on it, unless its code was redeemed and its tokens are not revoked. */
export function retractGrant(tx: Transaction, { id, ...revocation }: RetractInput): RetractResult {
  const row = tx.tables.find('grants', id)
  if (row !== undefined && row.generation > 0 && row.revoked === 0) return { status: 'redeemed' }
  return { status: 'retracted', ...revokeGrants(tx, { ...revocation, target: { id } }) }
}

/** Revokes the tokens of every grant of a session. Returns the ids of the grants that this attempt revoked. */
export function revokeSession(tx: Transaction, sid: Sid, input: Revocation): readonly GrantId[] {
  // Grants that rest on a consent come first. So the consents see what is left, and one query finds it for all of them.
  const rows = tx.tables.select('grants', '*', 'WHERE sid = ? ORDER BY skipped DESC, id', sid)
  let found: ReadonlySet<GrantId | ''> | undefined
  const restedOn = (id: GrantId): boolean => {
    found ??= restedOnIds(tx)
    return found.has(id)
  }
  return rows
    .filter((row) => alive(row.expires, tx.now) && revokeTokens(tx, row, input, restedOn))
    .map(({ id }) => id)
}

function revokeTokens(
  tx: Transaction,
  row: GrantRow,
  input: Revocation,
  restedOn?: (id: GrantId) => boolean,
): boolean {
  if (row.revoked === 1) return row.attempt === input.attempt
  endTokens(tx, row, input, restedOn)
  return true
}

function revokeConsent(tx: Transaction, row: GrantRow, input: Revocation): boolean {
  if (row.record === '') return row.attempt === input.attempt
  endRow(tx, row, input, tombstoneOf(tx, row, input))
  return true
}

/** Returns the rows in question that did not expire, and the expired ones that live tokens rest on. */
function targets(tx: Transaction, target: RevokeGrantsInput['target']): readonly GrantRow[] {
  const [condition, value] =
    target === 'all'
      ? ['?1 IS NULL', null]
      : 'id' in target
        ? ['id = ?1 OR rests_on = ?1', target.id]
        : ['client = ?1', target.clientId]
  const rows = tx.tables.select('grants', '*', `WHERE ${condition} ORDER BY id`, value)
  const restedOn = new Set(rows.filter((row) => isLive(row, tx.now)).map((row) => row.rests_on))
  return rows.filter((row) => alive(row.expires, tx.now) || restedOn.has(row.id))
}
