import { type Seconds, seconds } from '../util/clock.ts'
import type { ClientId, GrantId } from '../util/ids.ts'
import { type AskingForEnds, endsAmong, type TellingEnds } from './booked.ts'
import { epochHolds } from './epochs.ts'
import { readRecord } from './grant-record.ts'
import { findOwn, type GrantRow } from './grant-row.ts'
import { type HookStep, type IssuedGeneration, isFamilyOver, issue, issued, ungranted } from './issue.ts'
import { endTokens } from './revocation.ts'
import { isSessionEnded } from './sessions.ts'
import type { Transaction } from './transaction.ts'

export interface RedeemInput extends AskingForEnds {
  /** The HTTP request that asks (types.ts). */
  readonly attempt: string
  /** The grant that the code names. */
  readonly id: GrantId
  /** The client that presents the code. A grant of another client is not found. */
  readonly clientId: ClientId
  /** The client's epoch when the user consented, as the code holds it. */
  readonly epoch: number
  /** How long the row must be kept for the tokens that will be issued; null for ever. */
  readonly keepSeconds: Seconds | null
  /**
   * Set for a device: a second redemption then fails without revoking the grant. A device repeats a poll whose answer
   * it did not get.
   */
  readonly spareReused?: boolean
  /** The part of the grant's audience that the token is for; empty or absent for all of it. */
  readonly resources?: readonly string[]
  /** How long after the consent it can be refreshed; absent for no limit. Only for a client that may refresh. */
  readonly familySeconds?: Seconds
  /** Set if a token hook is called. */
  readonly hook?: HookStep | undefined
}

export type RedeemResult =
  | IssuedGeneration
  /** The code was redeemed before. All tokens of the grant are revoked, unless `spareReused` is set. */
  | ({ readonly status: 'reused' } & TellingEnds)
  /** There is no such code, it expired or its grant was revoked. */
  | { readonly status: 'gone' }
  /** `value` is a resource that was not granted. Nothing changes. */
  | { readonly status: 'target_refused'; readonly value: string }

const GONE: RedeemResult = { status: 'gone' }

/**
 * Redeems a code once (RFC 6749 section 4.1.2). A second redemption by the client that the code was issued to revokes
 * the tokens of the first, unless `spareReused` is set. A redemption by another client changes nothing.
 */
export function redeem(tx: Transaction, input: RedeemInput): RedeemResult {
  const row = findOwn(tx, input)
  if (row === undefined) return GONE
  if (row.generation > 0) return redeemAgain(tx, input, row)
  if (row.revoked === 1 || row.code_expires <= tx.now) return GONE
  // A missing session has expired, which is no reason to refuse. An ended one is kept as long as a grant names it.
  if (isSessionEnded(tx, row) || !epochHolds(tx, row.client, input.epoch)) return GONE
  const grant = readRecord(row)
  if (isFamilyOver(tx, grant, input)) return GONE
  const value = ungranted(grant, input)
  if (value !== undefined) return { status: 'target_refused', value }
  return issue(tx, row, grant, input, { generation: 1, code_attempt: input.attempt })
}

function redeemAgain(tx: Transaction, input: RedeemInput, row: GrantRow): RedeemResult {
  if (row.code_attempt !== input.attempt) {
    if (input.spareReused === true) return GONE
    if (row.revoked === 0 && input.hook !== 'ask') {
      const ending = { by: 'code_reused', at: tx.now } as const
      endTokens(tx, row, { attempt: input.attempt, flowLifetime: seconds(0) }, ending)
    }
    return { status: 'reused', ...endsAmong(tx, input, [row.client]) }
  }
  if (row.revoked === 1 || row.generation > 1) return GONE
  return issued(readRecord(row), 1, row.issued_at)
}
