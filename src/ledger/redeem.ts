import { type Seconds, seconds } from '../util/clock.ts'
import type { ClientId, GrantId } from '../util/ids.ts'
import { epochHolds } from './epochs.ts'
import { readRecord } from './grant-record.ts'
import { findOwn, type GrantRow } from './grant-row.ts'
import { type HookStep, type IssuedGeneration, issue, issued, ungranted } from './issue.ts'
import { endTokens } from './revocation.ts'
import { findSession } from './sessions.ts'
import type { Transaction } from './transaction.ts'

export interface RedeemInput {
  readonly attempt: string
  /** The grant that the code names. */
  readonly id: GrantId
  /** Who presents it: a grant of another client is not found. */
  readonly clientId: ClientId
  /** Of the client when the consent was given, as the code holds it. */
  readonly epoch: number
  /** How long the row must be kept for the tokens that are about to be issued; null for ever. */
  readonly keepSeconds: Seconds | null
  /** Set for a device, which may ask twice for want of an answer: a second redemption just fails. */
  readonly spareReused?: boolean
  /** What of the grant's audience the token is to be for; none for all of it. */
  readonly resources?: readonly string[]
  /** Set where a token hook is asked. */
  readonly hook?: HookStep | undefined
}

export type RedeemResult =
  | IssuedGeneration
  /** Second redemption; where it revokes the family, that is done. */
  | { readonly status: 'reused' }
  | { readonly status: 'gone' }
  /** A resource that was not granted; nothing changes. */
  | { readonly status: 'target_refused'; readonly value: string }

const GONE: RedeemResult = { status: 'gone' }

/**
 * Redeems a code, once (RFC 6749 section 4.1.2). A second redemption by the client it was issued to revokes all
 * that came of the first, unless it is a device's; by another client it changes nothing.
 */
export function redeem(tx: Transaction, input: RedeemInput): RedeemResult {
  const row = findOwn(tx, input)
  if (row === undefined) return GONE
  if (row.generation > 0) return redeemAgain(tx, input, row)
  if (row.revoked === 1 || row.code_expires <= tx.now) return GONE
  // A missing session is one that ran out; an ended one is kept as long as a grant names it.
  if (findSession(tx, row.sid)?.ended === 1 || !epochHolds(tx, row.client, input.epoch)) return GONE
  const value = ungranted(readRecord(row), input)
  if (value !== undefined) return { status: 'target_refused', value }
  return issue(tx, row, input, { generation: 1, code_attempt: input.attempt })
}

function redeemAgain(tx: Transaction, input: RedeemInput, row: GrantRow): RedeemResult {
  if (row.code_attempt !== input.attempt) {
    if (input.spareReused === true) return GONE
    if (row.revoked === 0 && input.hook !== 'ask')
      endTokens(tx, row, { attempt: input.attempt, flowLifetime: seconds(0) })
    return { status: 'reused' }
  }
  if (row.revoked === 1 || row.generation > 1) return GONE
  return issued(row, 1, row.issued_at)
}
