import { after, type Seconds } from '../util/clock.ts'
import type { ClientId, GrantId } from '../util/ids.ts'
import { endOlderConsents } from './consents.ts'
import { epochHolds } from './epochs.ts'
import { encodeNotify, encodeRecord, type GrantRecord, readRecord, type StoredGrant } from './grant-record.ts'
import { findGrant, findOwn } from './grant-row.ts'
import type { Owner } from './owner.ts'
import { type Grace, isWithinGrace } from './refresh.ts'
import { findSession, isOpen } from './sessions.ts'
import { isRemembered } from './standing.ts'
import { later, type Transaction, type View } from './transaction.ts'

export interface GrantInput {
  readonly attempt: string
  /** The flow's id, equal to `consent_request_id`. */
  readonly id: GrantId
  readonly record: GrantRecord
  /** Of the client, as `login` gave it: nothing of its grants may have been revoked since. */
  readonly epoch: number
  /** Digest of the consent decision: equal for a repeated verifier, different for another decision. */
  readonly digest: string
  /** The remembered consent because of which this one was skipped: it must still count, and is listed for both. */
  readonly restsOn: GrantId | null
  /** When a remembered consent ends; null for never. */
  readonly consentExpiresAt: Seconds | null
  /** How long the code may be redeemed. */
  readonly codeLifetime: Seconds
  /** Of an access token that is given out at once; 0 for none. */
  readonly tokenLifetime: Seconds
  /** Whether the client is to be told when the session ends. */
  readonly notify: boolean
  /** Until when anything sealed in this flow lives; a grant that is revoked is remembered that long. */
  readonly flowExpiresAt: Seconds
}

export type GrantResult =
  | { readonly status: 'granted'; readonly codeExpiresAt: Seconds; readonly first: boolean }
  /** Another decision was made for this flow already. */
  | { readonly status: 'conflict' }
  /** Session or remembered consent ended, the epoch moved on, or the code is already redeemed: start afresh. */
  | { readonly status: 'ended' }

/** A grant to be redeemed: whose, which, and the epoch its consent was given in. */
export interface ConsentedGrant {
  readonly owner: Owner
  readonly grantId: GrantId
  readonly epoch: number
}

export interface InspectInput {
  /** The grant and the generation that the token names. */
  readonly id: GrantId
  readonly generation: number
  readonly grace: Grace
  /** A superseded refresh token is active only while uses are left; an access token does not count uses. */
  readonly use: 'access_token' | 'refresh_token'
}

const ENDED: GrantResult = { status: 'ended' }

/** Commits a consent and the code that goes with it; the same decision again gets the same answer. */
export function commitGrant(tx: Transaction, input: GrantInput): GrantResult {
  // From then on the tombstone of a revoked grant may be gone.
  if (input.flowExpiresAt <= tx.now) return ENDED
  const row = findGrant(tx, input.id)
  if (row !== undefined && (row.revoked === 1 || row.generation > 0)) return ENDED
  if (!mayIssue(tx, input)) return ENDED
  if (row === undefined) return insert(tx, input)
  if (row.digest !== input.digest || row.client !== input.record.clientId) return { status: 'conflict' }
  if (row.code_expires <= tx.now) return ENDED
  return { status: 'granted', codeExpiresAt: row.code_expires, first: row.attempt === input.attempt }
}

function mayIssue(tx: Transaction, { record, epoch, restsOn }: GrantInput): boolean {
  const session = findSession(tx, record.sid)
  return (
    isOpen(session, tx.now) &&
    session.subject === record.subject &&
    epochHolds(tx, record.clientId, epoch) &&
    (restsOn === null || counts(tx, { id: restsOn, clientId: record.clientId }))
  )
}

function counts(tx: Transaction, consent: { readonly id: GrantId; readonly clientId: ClientId }): boolean {
  const row = findOwn(tx, consent)
  return row !== undefined && isRemembered(row, tx.now)
}

function insert(tx: Transaction, input: GrantInput): GrantResult {
  const { id, record, attempt, digest } = input
  const codeExpires = after(tx.now, input.codeLifetime)
  const tokensEnd = later(codeExpires, after(tx.now, input.tokenLifetime))
  const flowExpires = later(input.flowExpiresAt, tokensEnd)
  const skipped = input.restsOn !== null
  // A skipped consent rests on an earlier one and is not itself remembered.
  const remembered = record.remember && !skipped
  const consentEnds = remembered ? input.consentExpiresAt : null
  const expires = remembered ? later(flowExpires, consentEnds) : flowExpires
  tx.tables.insert('grants', {
    id,
    client: record.clientId,
    sid: record.sid,
    skipped: Number(skipped),
    remembered: Number(remembered),
    consent_ends: consentEnds,
    granted_at: record.handledAt,
    digest,
    code_expires: codeExpires,
    flow_expires: flowExpires,
    attempt,
    expires,
    record: encodeRecord(record),
    notify: input.notify ? encodeNotify(record) : '',
    rests_on: input.restsOn ?? '',
    tokens_end: tokensEnd,
  })
  tx.wake(expires)
  if (remembered) endOlderConsents(tx, { id, clientId: record.clientId })
  return { status: 'granted', codeExpiresAt: codeExpires, first: true }
}

/** The grant behind a token; null when it is revoked or expired, or the token's generation is no longer good. */
export function inspect(view: View, input: InspectInput): StoredGrant | null {
  const row = findGrant(view, input.id)
  if (row === undefined || row.revoked === 1) return null
  // Newer than current happens after a restore; `refresh` takes such a token for good too. Generation 0 came beside
  // the code, and no refresh supersedes it.
  const good =
    input.generation === 0 || input.generation >= row.generation || isWithinGrace(row, input, view.nowMs)
  return good ? readRecord(row) : null
}
